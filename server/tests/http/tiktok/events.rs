//! What belongs to events beside the one row: their order, their names for a post, other systems'
//! posts, and what TikTok and monitoring are told.

use futures::future::join_all;
use schema::posts::{self, PostState};
use serde_json::json;

use super::{
    HAPPENED, SESSION, complete, deliver, event, listening, post_in, post_on, public, publish_id,
    row, said,
};

#[tokio::test]
async fn in_whatever_order_events_come_the_post_ends_published_and_named() {
    let server = listening().await;
    for (video_id, public_id, public_first) in [("v_1", "71", false), ("v_2", "72", true)] {
        let id = post_in(&server.db, video_id, PostState::Processing).await;
        let mut events = [complete(video_id), public(video_id, public_id)];
        if public_first {
            events.reverse();
        }
        for event in &events {
            assert_eq!(deliver(&server, event).await.status, 200);
        }
        let post = row(&server.db, &id).await;
        assert_eq!(post.state, PostState::Posted);
        assert_eq!(post.published_at_ms, Some(HAPPENED * 1000));
        assert_eq!(post.platform_post_id.as_deref(), Some(public_id));
    }
}

#[tokio::test]
async fn of_the_same_event_twenty_times_at_once_all_are_taken() {
    let server = listening().await;
    let id = post_in(&server.db, "v_1", PostState::Sending).await;
    let event = public("v_1", "71");
    let answers = join_all((0..20).map(|_| deliver(&server, &event))).await;
    let statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    assert_eq!(statuses, [200; 20]);
    let post = row(&server.db, &id).await;
    assert_eq!(post.state, PostState::Posted);
    assert_eq!(post.platform_post_id.as_deref(), Some("71"));
}

#[tokio::test]
async fn the_address_of_a_post_does_without_the_creators_name() {
    let server = listening().await;
    let sessions = [
        "{}",
        "not JSON",
        r#"{"username":null}"#,
        r#"{"username":""}"#,
    ];
    for (n, session) in sessions.into_iter().enumerate() {
        let (video_id, public_id) = (format!("v_{n}"), format!("7{n}"));
        let state = PostState::Processing;
        let id = post_on(&server.db, "tiktok", &video_id, session, state).await;
        let answer = deliver(&server, &public(&video_id, &public_id)).await;
        assert_eq!(answer.status, 200, "{session}");
        let url = format!("https://www.tiktok.com/@/video/{public_id}");
        assert_eq!(row(&server.db, &id).await.url, Some(url), "{session}");
    }
}

#[tokio::test]
async fn a_post_that_has_a_name_keeps_it() {
    let server = listening().await;
    let id = post_in(&server.db, "v_1", PostState::Posted).await;
    for public_id in ["71", "72"] {
        let answer = deliver(&server, &public("v_1", public_id)).await;
        assert_eq!(answer.status, 200);
        let post = row(&server.db, &id).await;
        assert_eq!(post.platform_post_id.as_deref(), Some("71"));
    }
}

#[tokio::test]
async fn a_name_that_another_post_has_is_not_given_again() {
    let server = listening().await;
    post_in(&server.db, "v_1", PostState::Posted).await;
    let second = post_in(&server.db, "v_2", PostState::Processing).await;
    assert_eq!(deliver(&server, &public("v_1", "71")).await.status, 200);
    assert_eq!(deliver(&server, &public("v_2", "71")).await.status, 200);
    let post = row(&server.db, &second).await;
    assert_eq!(
        (post.state, post.platform_post_id, post.url),
        (PostState::Posted, None, None)
    );
}

#[tokio::test]
async fn an_event_about_a_post_that_is_not_ours_is_taken_and_leaves_no_row() {
    let server = listening().await;
    let state = PostState::Processing;
    let ours = post_in(&server.db, "v_1", state).await;
    let elsewhere = post_on(&server.db, "instagram", "v_2", SESSION, state).await;
    let before = (
        row(&server.db, &ours).await,
        row(&server.db, &elsewhere).await,
    );
    for video_id in ["v_2", "v_3", ""] {
        for event in [complete(video_id), public(video_id, "71")] {
            assert_eq!(deliver(&server, &event).await.status, 200, "{event}");
        }
    }
    let after = (
        row(&server.db, &ours).await,
        row(&server.db, &elsewhere).await,
    );
    assert_eq!(after, before);
    let posted = posts::in_state(&server.db, PostState::Posted, 10).await;
    assert!(posted.unwrap().is_empty());
}

#[tokio::test]
async fn an_event_that_is_about_no_post_is_taken() {
    let server = listening().await;
    for (name, content) in [
        ("authorization.removed", json!({"reason": 1})),
        ("authorization.removed", json!({})),
        ("video.upload.failed", json!({"share_id": "s"})),
        ("video.publish.completed", json!({"share_id": "s"})),
        ("of.next.year", json!([publish_id("v_1")])),
    ] {
        let answer = deliver(&server, &event(name, &content)).await;
        assert_eq!(answer.status, 200, "{name} {content}");
    }
}

#[tokio::test]
async fn an_event_that_cannot_be_written_is_asked_for_again() {
    let server = listening().await;
    post_in(&server.db, "v_1", PostState::Processing).await;
    server.db.clone().close().await.unwrap();
    let answer = deliver(&server, &complete("v_1")).await;
    assert_eq!(said(&answer), (503, "", "database_unavailable"));
    assert_eq!(answer.headers["retry-after"], "5");
}

#[tokio::test]
async fn events_are_counted_by_whether_they_moved_a_post() {
    let server = listening().await;
    post_in(&server.db, "v_1", PostState::Processing).await;
    for _ in 0..2 {
        deliver(&server, &complete("v_1")).await;
    }
    let page = server.get("/metrics").await;
    let text = page.body.as_str().unwrap();
    for outcome in ["moved", "ignored"] {
        let sample = format!("flywheel_webhooks_total{{outcome=\"{outcome}\"}} ");
        let counted = text.lines().find_map(|line| line.strip_prefix(&*sample));
        let counted: f64 = counted.unwrap().parse().unwrap();
        assert!(counted >= 1.0, "{outcome}");
    }
}
