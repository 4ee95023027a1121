//! Every event that is about a post, on a row in every state: what becomes of the row, and that the
//! same event again changes nothing.

use schema::posts::{self, PostState};
use serde_json::json;

use super::{
    COMPLETE, FAILED, HAPPENED, PUBLIC, deliver, event, listening, post_in, publish_id, row,
};

const STATES: [PostState; 7] = {
    use PostState::{Open, Posted, Prepared, Processing, Rejected, Sending, Unknown};
    [
        Prepared, Open, Sending, Processing, Posted, Rejected, Unknown,
    ]
};

/// What an event makes of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Becomes {
    /// What it was, to the last column.
    Same,
    /// Posted when the event happened, under no name yet.
    Posted,
    /// Posted when the event happened, under its public id.
    Public,
    /// What it was, under its public id.
    Named,
    /// Rejected for TikTok's reason.
    Rejected,
}

struct Case {
    event: &'static str,
    /// TikTok's word, where the event has one.
    reason: Option<&'static str>,
    /// In the order of [`STATES`].
    becomes: [Becomes; 7],
}

const CASES: [Case; 8] = {
    use Becomes::{Named, Posted, Public, Rejected, Same};
    const fn case(
        event: &'static str,
        reason: Option<&'static str>,
        becomes: [Becomes; 7],
    ) -> Case {
        Case {
            event,
            reason,
            becomes,
        }
    }
    const NOTHING: [Becomes; 7] = [Same; 7];
    [
        case(
            COMPLETE,
            None,
            [Same, Same, Posted, Posted, Same, Same, Posted],
        ),
        case(
            PUBLIC,
            None,
            [Same, Same, Public, Public, Named, Same, Public],
        ),
        case(
            FAILED,
            Some("frame_rate_check_failed"),
            [Same, Rejected, Rejected, Rejected, Same, Same, Same],
        ),
        case(FAILED, Some("internal"), NOTHING),
        case(FAILED, Some("video_pull_failed"), NOTHING),
        case("post.publish.inbox_delivered", None, NOTHING),
        case("post.publish.no_longer_publicaly_available", None, NOTHING),
        case("post.publish.of_next_year", None, NOTHING),
    ]
};

fn expected(before: &posts::Model, becomes: Becomes, public_id: &str) -> posts::Model {
    let mut row = before.clone();
    if matches!(becomes, Becomes::Posted | Becomes::Public) {
        row.state = PostState::Posted;
        row.published_at_ms = Some(HAPPENED * 1000);
        row.error_code = None;
        row.error_message = None;
    }
    if matches!(becomes, Becomes::Public | Becomes::Named) {
        row.platform_post_id = Some(public_id.to_owned());
        row.url = Some(format!("https://www.tiktok.com/@oddloop/video/{public_id}"));
    }
    if becomes == Becomes::Rejected {
        row.state = PostState::Rejected;
        row.error_code = Some("tiktok_media_refused".to_owned());
        row.error_message = Some("TikTok says: frame_rate_check_failed".to_owned());
    }
    row
}

#[tokio::test]
async fn each_event_makes_of_each_row_what_the_table_says_and_again_nothing() {
    let server = listening().await;
    for (number, case) in CASES.iter().enumerate() {
        for (place, (state, becomes)) in STATES.into_iter().zip(case.becomes).enumerate() {
            let what = format!("{} {:?} from {state:?}", case.event, case.reason);
            let video_id = format!("v_{number}_{place}");
            let public_id = format!("74123456789012{number:02}{place:02}");
            let id = post_in(&server.db, &video_id, state).await;
            let before = row(&server.db, &id).await;

            let mut content = json!({
                "publish_id": publish_id(&video_id),
                "publish_type": "DIRECT_PUBLISH",
            });
            if let Some(reason) = case.reason {
                content["reason"] = json!(reason);
            }
            if case.event.ends_with("_available") {
                content["post_id"] = json!(public_id);
            }
            let event = event(case.event, &content);
            assert_eq!(deliver(&server, &event).await.status, 200, "{what}");
            let after = row(&server.db, &id).await;
            let mut wanted = expected(&before, becomes, &public_id);
            if becomes != Becomes::Same {
                wanted.updated_at_ms = after.updated_at_ms;
            }
            assert_eq!(after, wanted, "{what}");

            assert_eq!(deliver(&server, &event).await.status, 200, "{what}");
            assert_eq!(row(&server.db, &id).await, after, "{what}, again");
        }
    }
}
