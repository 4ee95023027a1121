//! The state machine of posts: every pair of state and move, and races for the same move.

use schema::posts::{self, Move, PostState, SeenAs, Transition};
use schema::{DatabaseConnection, SchemaError};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, Iterable};

use crate::database::{TestResult, on_every_database};
use crate::rows::{minute, new_post, prepared_post, session};

/// Which moves are made, from which states: written out here, not read from the code under test.
/// "yes" also holds for a move that repeats the same facts on its own end state.
const ALLOWED: [(PostState, [(Move, bool); 8]); 7] = {
    use Move::{Name, Open, Posted, Reject, Reopen, Sent, StartSending, Unknown};
    const fn row(allowed: [bool; 8]) -> [(Move, bool); 8] {
        [
            (Open, allowed[0]),
            (Reopen, allowed[1]),
            (StartSending, allowed[2]),
            (Sent, allowed[3]),
            (Posted, allowed[4]),
            (Name, allowed[5]),
            (Reject, allowed[6]),
            (Unknown, allowed[7]),
        ]
    }
    [
        (
            PostState::Prepared,
            row([true, false, false, false, false, false, true, false]),
        ),
        (
            PostState::Open,
            row([true, false, true, false, false, false, true, true]),
        ),
        (
            PostState::Sending,
            row([false, true, true, true, false, false, true, true]),
        ),
        (
            PostState::Processing,
            // With a post; one without may be opened anew, see below.
            row([false, false, false, true, true, false, true, true]),
        ),
        (
            PostState::Posted,
            row([false, false, false, false, false, true, false, false]),
        ),
        (
            PostState::Rejected,
            row([false, false, false, false, false, false, false, false]),
        ),
        (
            PostState::Unknown,
            row([false, false, false, true, false, false, false, false]),
        ),
    ]
};

/// The row as it is.
pub(crate) async fn read(db: &DatabaseConnection, id: &str) -> Result<posts::Model, SchemaError> {
    let missing = || SchemaError::NotFound {
        table: "posts",
        id: id.to_owned(),
    };
    posts::get(db, id).await?.ok_or_else(missing)
}

async fn make(
    db: &DatabaseConnection,
    id: &str,
    step: Move,
    at: i64,
) -> Result<Transition, SchemaError> {
    let now = minute(at);
    let post = &read(db, id).await?;
    match step {
        Move::Open => posts::open(db, id, session("s1"), None, now).await,
        Move::Reopen => posts::reopen(db, post, session("s2"), now).await,
        Move::StartSending => posts::start_sending(db, id, "s1", now).await,
        Move::Sent => posts::sent(db, post, Some(&format!("yt-{id}")), now).await,
        Move::Posted => posts::posted(db, post, now, SeenAs::default(), now).await,
        Move::Name => posts::name(db, id, seen_as(&format!("yt-{id}")), now).await,
        Move::Reject => posts::reject(db, post, "invalid_file", "no video track", now).await,
        Move::Unknown => {
            posts::unknown(db, post, "no_answer", "the upload's answer was lost", now).await
        }
    }
}

fn seen_as(platform_post_id: &str) -> SeenAs<'_> {
    SeenAs {
        platform_post_id: Some(platform_post_id),
        url: Some("https://yt/1"),
    }
}

/// The moves that lead from prepared to a state.
fn way_to(state: PostState) -> &'static [Move] {
    use Move::{Open, Posted, Reject, Sent, StartSending, Unknown};
    match state {
        PostState::Prepared => &[],
        PostState::Open => &[Open],
        PostState::Sending => &[Open, StartSending],
        PostState::Processing => &[Open, StartSending, Sent],
        PostState::Posted => &[Open, StartSending, Sent, Posted],
        PostState::Rejected => &[Reject],
        PostState::Unknown => &[Open, StartSending, Unknown],
    }
}

pub(crate) async fn post_in(
    db: &DatabaseConnection,
    name: &str,
    state: PostState,
) -> Result<String, SchemaError> {
    let id = prepared_post(db, name).await?;
    for step in way_to(state) {
        let made = make(db, &id, *step, 2).await?;
        assert!(
            made.is_applied(),
            "{step:?} on the way to {state:?}: {made:?}"
        );
    }
    Ok(id)
}

#[tokio::test]
async fn every_move_is_made_from_its_states_and_refused_from_all_others() -> TestResult {
    on_every_database(|db| async move {
        assert_eq!(ALLOWED.len(), PostState::iter().count());
        for (state, moves) in ALLOWED {
            assert_eq!(moves.len(), Move::iter().count());
            for (step, allowed) in moves {
                let id = post_in(&db, &format!("{state:?}-{step:?}"), state).await?;
                let before = posts::get(&db, &id).await?.ok_or("the post is gone")?;
                let made = make(&db, &id, step, 3).await?;
                assert_eq!(made.is_applied(), allowed, "{step:?} from {state:?}");
                let after = posts::get(&db, &id).await?.ok_or("the post is gone")?;
                assert_eq!(made.into_model(), after, "{step:?} from {state:?}");
                if allowed {
                    assert_eq!(after.state, step.ends_in());
                } else {
                    assert_eq!(after, before, "a refused move wrote something");
                }
            }
        }
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_post_that_goes_all_the_way_keeps_every_fact() -> TestResult {
    on_every_database(|db| async move {
        let id = prepared_post(&db, "v_1").await?;
        posts::open(&db, &id, session("s1"), None, minute(2)).await?;
        posts::start_sending(&db, &id, "s1", minute(3)).await?;
        posts::sent(&db, &read(&db, &id).await?, Some("yt-1"), minute(4)).await?;
        let seen_as = SeenAs {
            platform_post_id: None,
            url: Some("https://youtu.be/yt-1"),
        };
        let made =
            posts::posted(&db, &read(&db, &id).await?, minute(5), seen_as, minute(6)).await?;
        insta::allow_duplicates! {
            insta::assert_json_snapshot!(made.into_model(), @r#"
            {
              "id": "v_1/youtube/main",
              "video_id": "v_1",
              "platform": "youtube",
              "account_id": "youtube:main",
              "state": "posted",
              "session": "s1",
              "upload_id": null,
              "total_bytes": 1024,
              "content_sha256": "9f86d081",
              "platform_post_id": "yt-1",
              "url": "https://youtu.be/yt-1",
              "error_code": null,
              "error_message": null,
              "prepared_at_ms": 1795341660000,
              "opened_at_ms": 1795341720000,
              "sending_at_ms": 1795341780000,
              "arrived_at_ms": null,
              "publishing_at_ms": null,
              "reopened": 0,
              "published_at_ms": 1795341900000,
              "gone_at_ms": null,
              "updated_at_ms": 1795341960000
            }
        "#);
        }
        Ok(())
    })
    .await
}

#[tokio::test]
async fn preparing_again_returns_the_post_as_far_as_it_got() -> TestResult {
    on_every_database(|db| async move {
        post_in(&db, "v_1", PostState::Sending).await?;
        let again = posts::prepare(&db, new_post("v_1"), minute(9)).await?;
        assert_eq!(again.state, PostState::Sending);
        assert_eq!(again.prepared_at(), minute(1));
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_workers_that_open_a_first_session_one_wins() -> TestResult {
    on_every_database(|db| async move {
        for round in 0..10 {
            let id = prepared_post(&db, &format!("v_{round}")).await?;
            let (a, b) = tokio::join!(spawned_open(&db, &id, "a"), spawned_open(&db, &id, "b"),);
            let (a, b) = (a?, b?);
            assert!(a.is_applied() != b.is_applied(), "{a:?} {b:?}");
            let (won, lost) = if a.is_applied() {
                ("a", "b")
            } else {
                ("b", "a")
            };
            assert_eq!(b.into_model().session.as_deref(), Some(won));
            let refused = posts::start_sending(&db, &id, lost, minute(3)).await?;
            assert!(
                !refused.is_applied(),
                "bytes may leave into a session that lost"
            );
            assert!(
                posts::start_sending(&db, &id, won, minute(3))
                    .await?
                    .is_applied()
            );
        }
        Ok(())
    })
    .await
}

async fn spawned_open(
    db: &DatabaseConnection,
    id: &str,
    name: &'static str,
) -> Result<Transition, Box<dyn std::error::Error + Send + Sync>> {
    let (db, id) = (db.clone(), id.to_owned());
    let task = async move { posts::open(&db, &id, session(name), None, minute(2)).await };
    Ok(tokio::spawn(task).await??)
}

#[tokio::test]
async fn a_session_is_replaced_only_by_name_and_only_before_the_first_byte() -> TestResult {
    on_every_database(|db| async move {
        let id = post_in(&db, "v_1", PostState::Open).await?;
        let other = Some("not the row's");
        let wrong = posts::open(&db, &id, session("s2"), other, minute(3)).await?;
        assert!(!wrong.is_applied());
        let right = posts::open(&db, &id, session("s2"), Some("s1"), minute(4)).await?;
        assert!(right.is_applied());
        let stale = posts::start_sending(&db, &id, "s1", minute(5)).await?;
        assert_eq!(stale.into_model().state, PostState::Open);
        posts::start_sending(&db, &id, "s2", minute(6)).await?;
        let late = posts::open(&db, &id, session("s3"), Some("s2"), minute(7)).await?;
        assert!(!late.is_applied());
        assert_eq!(late.into_model().session.as_deref(), Some("s2"));
        Ok(())
    })
    .await
}

#[tokio::test]
async fn starting_to_send_again_keeps_the_first_instant() -> TestResult {
    on_every_database(|db| async move {
        let id = post_in(&db, "v_1", PostState::Sending).await?;
        let again = posts::start_sending(&db, &id, "s1", minute(50)).await?;
        assert!(again.is_applied());
        assert_eq!(again.into_model().sending_at(), Some(minute(2)));
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_processing_post_keeps_the_platform_post_it_was_linked_to() -> TestResult {
    on_every_database(|db| async move {
        let id = post_in(&db, "v_1", PostState::Processing).await?;
        let other = posts::sent(&db, &read(&db, &id).await?, Some("another"), minute(3)).await?;
        assert!(!other.is_applied());
        let linked = posts::by_platform_post(&db, "youtube", &format!("yt-{id}")).await?;
        assert_eq!(linked.map(|post| post.id), Some(id));
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_platform_post_cannot_be_linked_to_two_of_ours() -> TestResult {
    on_every_database(|db| async move {
        let first = post_in(&db, "v_1", PostState::Sending).await?;
        let second = post_in(&db, "v_2", PostState::Sending).await?;
        posts::sent(&db, &read(&db, &first).await?, Some("yt-1"), minute(3)).await?;
        let error = posts::sent(&db, &read(&db, &second).await?, Some("yt-1"), minute(3)).await;
        assert!(
            matches!(&error, Err(SchemaError::PlatformPostLinked { platform, .. }) if platform == "youtube"),
            "{error:?}"
        );
        let untouched = posts::in_state(&db, PostState::Sending, 10).await?;
        assert_eq!(untouched.iter().map(|post| &post.id).collect::<Vec<_>>(), [&second]);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn an_unknown_post_that_is_found_again_loses_its_error() -> TestResult {
    on_every_database(|db| async move {
        let id = post_in(&db, "v_1", PostState::Unknown).await?;
        let lost = posts::get(&db, &id).await?.ok_or("the post is gone")?;
        assert_eq!(lost.error_code.as_deref(), Some("no_answer"));
        let found = posts::sent(&db, &read(&db, &id).await?, Some("yt-1"), minute(8)).await?;
        assert!(found.is_applied());
        let found = found.into_model();
        assert_eq!(
            (found.state, found.error_code),
            (PostState::Processing, None)
        );
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_move_of_a_post_that_was_never_prepared_is_an_error() -> TestResult {
    on_every_database(|db| async move {
        for step in Move::iter() {
            let made = make(&db, "v_0/youtube/main", step, 1).await;
            assert!(matches!(
                made,
                Err(SchemaError::NotFound { table: "posts", .. })
            ));
        }
        Ok(())
    })
    .await
}

#[tokio::test]
async fn the_target_is_unique_whatever_the_id() -> TestResult {
    on_every_database(|db| async move {
        let id = prepared_post(&db, "v_1").await?;
        let known = posts::get(&db, &id).await?.ok_or("the post is gone")?;
        let mut twin: posts::ActiveModel = known.into();
        twin.id = Set("another id".to_owned());
        let refused = twin.insert(&db).await;
        assert!(matches!(
            refused.map_err(|error| error.sql_err()),
            Err(Some(sea_orm::SqlErr::UniqueConstraintViolation(_)))
        ));
        Ok(())
    })
    .await
}

#[tokio::test]
async fn two_targets_that_spell_the_same_id_are_told_apart() -> TestResult {
    on_every_database(|db| async move {
        let id = prepared_post(&db, "a/youtube/x").await?;
        assert_eq!(id, posts::id("a", "youtube", "x/youtube/main"));
        schema::accounts::ensure(&db, "youtube", "x/youtube/main").await?;
        schema::videos::insert_if_new(&db, crate::rows::video("a")).await?;
        let twin = posts::NewPost {
            account: "x/youtube/main".to_owned(),
            ..new_post("a")
        };
        let refused = posts::prepare(&db, twin, minute(1)).await;
        assert!(
            matches!(refused, Err(SchemaError::IdTaken { .. })),
            "{refused:?}"
        );
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_post_is_found_by_the_upload_that_its_session_is_about() -> TestResult {
    on_every_database(|db| async move {
        let opened = |name: &str| posts::Session {
            upload_id: Some(format!("p-{name}")),
            ..session(name)
        };
        let id = prepared_post(&db, "v_1").await?;
        posts::open(&db, &id, opened("s1"), None, minute(2)).await?;
        let found = posts::by_upload(&db, "youtube", "p-s1").await?;
        assert_eq!(found.map(|post| post.id), Some(id.clone()));
        assert_eq!(posts::by_upload(&db, "tiktok", "p-s1").await?, None);
        posts::start_sending(&db, &id, "s1", minute(3)).await?;
        let sending = read(&db, &id).await?;
        posts::reopen(&db, &sending, opened("s2"), minute(4)).await?;
        assert_eq!(posts::by_upload(&db, "youtube", "p-s1").await?, None);
        let found = posts::by_upload(&db, "youtube", "p-s2").await?;
        assert_eq!(found.map(|post| post.state), Some(PostState::Open));
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_post_that_was_published_without_a_name_keeps_its_first_one() -> TestResult {
    on_every_database(|db| async move {
        let id = prepared_post(&db, "v_1").await?;
        posts::open(&db, &id, session("s1"), None, minute(2)).await?;
        posts::start_sending(&db, &id, "s1", minute(3)).await?;
        posts::sent(&db, &read(&db, &id).await?, None, minute(4)).await?;
        posts::posted(
            &db,
            &read(&db, &id).await?,
            minute(5),
            SeenAs::default(),
            minute(6),
        )
        .await?;
        let named = posts::name(&db, &id, seen_as("7"), minute(7)).await?;
        assert!(named.is_applied());
        let again = posts::name(&db, &id, seen_as("7"), minute(8)).await?;
        assert!(again.is_applied());
        let other = posts::name(&db, &id, seen_as("8"), minute(9)).await?;
        assert!(!other.is_applied());
        assert_eq!(other.into_model().platform_post_id.as_deref(), Some("7"));
        Ok(())
    })
    .await
}

#[tokio::test]
async fn posts_without_a_name_are_also_those_that_nobody_is_sure_of() -> TestResult {
    on_every_database(|db| async move {
        let sending = post_in(&db, "v_1", PostState::Sending).await?;
        let unknown = post_in(&db, "v_2", PostState::Unknown).await?;
        // It has its name.
        post_in(&db, "v_3", PostState::Processing).await?;
        let beside = posts::unnamed(&db, "youtube:main", &sending).await?;
        let ids: Vec<_> = beside.into_iter().map(|post| post.id).collect();
        assert_eq!(ids, std::slice::from_ref(&unknown));
        posts::sent(&db, &read(&db, &sending).await?, None, minute(9)).await?;
        let beside = posts::unnamed(&db, "youtube:main", &unknown).await?;
        let ids: Vec<_> = beside.into_iter().map(|post| post.id).collect();
        assert_eq!(ids, [sending]);
        Ok(())
    })
    .await
}
