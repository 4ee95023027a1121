//! Every step through the same suite, on a real sandbox: the example is done, a second execution
//! changes nothing, each failure of the outside ends as declared, values survive JSON.

#![expect(
    clippy::unwrap_used,
    reason = "helpers are test code, too, which clippy cannot see"
)]

mod in_doubt;
#[expect(dead_code, reason = "the test of the loop uses the rest of the world")]
mod world;

use std::sync::Arc;

use engine::prove_step;
use engine::testing::suite::{Fails, Proof};
use futures::FutureExt as _;
use in_doubt::{SENDING, execute};
use serde_json::{Value, json};
use steps::analyze::Analyze;
use steps::critique::{Critique, OfFeedback};
use steps::feedback::{Feedback, Outcome};
use steps::post_confirm::PostConfirm;
use steps::post_in_doubt::PostInDoubt;
use steps::post_open::PostOpen;
use steps::post_send::PostSend;
use steps::predict::Predict;
use steps::reweight::Reweight;
use steps::scrape::Scrape;
use steps::{Target, catalogue};
use world::World;

/// Proves one step: the world it starts in, its input, what shows its work, and how it can fail.
macro_rules! prove {
    ($module:ident, $step:ty, $world:expr, $input:expr, $effects:expr, [$(($when:literal, $arrange:expr, $ending:literal, $code:literal)),* $(,)?]) => {
        mod $module {
            use super::*;

            struct Proven(World);

            impl Proof for Proven {
                type Step = $step;

                async fn new() -> Self {
                    let world: World = $world.await;
                    Self(world)
                }

                fn step(&self) -> Arc<$step> {
                    self.0.steps.$module.clone()
                }

                fn input(&self) -> <$step as engine::Step>::Input {
                    let input: fn(&World) -> <$step as engine::Step>::Input = $input;
                    input(&self.0)
                }

                async fn effects(&self) -> Value {
                    let effects: for<'a> fn(&'a World) -> futures::future::BoxFuture<'a, Value> = $effects;
                    effects(&self.0).await
                }

                fn failures() -> Vec<Fails<Self>> {
                    vec![$(Fails {
                        when: $when,
                        arrange: |proven: &Proven| {
                            let arrange: for<'a> fn(&'a World) -> futures::future::BoxFuture<'a, ()> = $arrange;
                            arrange(&proven.0)
                        },
                        ending: $ending,
                        code: $code,
                    }),*]
                }
            }

            prove_step!(suite, Proven);
        }
    };
}

/// Everything outside and in the post's row that could show a second effect.
fn posting(world: &World) -> futures::future::BoxFuture<'_, Value> {
    async move {
        let post = world.post().await.map(|post| {
            (
                post.state,
                post.session,
                post.platform_post_id,
                post.published_at_ms,
            )
        });
        json!([world.posts_seen().await, post])
    }
    .boxed()
}

/// The rows of a table, counted.
async fn count(world: &World, table: &str) -> Value {
    use schema::ConnectionTrait as _;
    let sql = format!("select count(*) as n from {table}");
    let row = world
        .db
        .query_one_raw(sea_orm::Statement::from_string(
            sea_orm::DbBackend::Sqlite,
            sql,
        ))
        .await
        .unwrap()
        .unwrap();
    json!(row.try_get::<i64>("", "n").unwrap())
}

macro_rules! fault {
    ($platform:literal, $endpoint:literal, $action:tt) => {
        |world| {
            world
                .fault($platform, $endpoint, 0, 1, json!($action))
                .boxed()
        }
    };
}

/// Changes a row behind the step's back.
macro_rules! sql {
    ($sql:literal) => {
        |world| execute(world, $sql).boxed()
    };
}

fn target(world: &World) -> Target {
    world.target()
}

prove!(
    predict,
    Predict,
    World::new(),
    target,
    |world| count(world, "predictions").boxed(),
    [(
        "the video is not there",
        sql!("delete from videos"),
        "terminal",
        "row_missing"
    ),]
);

prove!(
    post_open,
    PostOpen,
    World::new(),
    target,
    posting,
    [
        (
            "the session cannot be opened just now",
            fault!("youtube", "upload_open", {"kind": "fail", "status": 503}),
            "retry",
            "youtube_unavailable"
        ),
        (
            "too many requests",
            fault!("youtube", "upload_open", {"kind": "rate_limit", "retry_after_s": 2}),
            "later",
            "youtube_rate_limited"
        ),
        (
            "the day's quota is used up",
            fault!("youtube", "upload_open", {"kind": "quota_exceeded"}),
            "later",
            "youtube_quota_exceeded"
        ),
        (
            "the token is refused",
            fault!("youtube", "upload_open", {"kind": "fail", "status": 401}),
            "later",
            "youtube_unauthorized"
        ),
        (
            "the token lacks a scope",
            fault!("youtube", "upload_open", {"kind": "fail", "status": 403}),
            "later",
            "youtube_unauthorized"
        ),
        (
            "the answer is dropped",
            fault!("youtube", "upload_open", {"kind": "act_then_drop"}),
            "retry",
            "youtube_unreachable"
        ),
        (
            "the file is not there",
            sql!(r#"update videos set source = '{"path":"none.mp4"}'"#),
            "terminal",
            "source_missing"
        ),
        (
            "the file cannot be reached",
            sql!(r#"update videos set source = '{"path":"v_1.mp4/none.mp4"}'"#),
            "retry",
            "source_unreadable"
        ),
        (
            "the path leads out of the inbox",
            sql!(r#"update videos set source = '{"path":"../channel.db"}'"#),
            "terminal",
            "source_outside_inbox"
        ),
    ]
);

prove!(
    post_send,
    PostSend,
    World::opened(),
    target,
    posting,
    [
        (
            "a chunk is not taken just now",
            fault!("youtube", "upload_put", {"kind": "fail", "status": 503}),
            "retry",
            "youtube_unavailable"
        ),
        (
            "the answer is dropped after YouTube acted",
            fault!("youtube", "upload_put", {"kind": "act_then_drop"}),
            "retry",
            "youtube_unreachable"
        ),
        (
            "a chunk is refused",
            fault!("youtube", "upload_put", {"kind": "fail", "status": 400}),
            "retry",
            "youtube_rejected"
        ),
        (
            "the token is refused",
            fault!("youtube", "upload_put", {"kind": "fail", "status": 401}),
            "later",
            "youtube_unauthorized"
        ),
        (
            "the question about bytes that may have left is refused",
            in_doubt::question_refused,
            "unknown",
            "youtube_rejected"
        ),
        (
            "the search for a vanished upload is refused",
            in_doubt::search_refused,
            "unknown",
            "youtube_rejected"
        ),
        (
            "the upload vanished just now",
            in_doubt::vanished,
            "retry",
            "upload_not_listed"
        ),
        (
            "the upload vanished ten minutes ago",
            in_doubt::vanished_ten_minutes_ago,
            "unknown",
            "publish_unknown"
        ),
        (
            "the file changed",
            sql!("update posts set content_sha256 = 'other'"),
            "terminal",
            "source_changed"
        ),
    ]
);

prove!(
    post_in_doubt,
    PostInDoubt,
    async {
        let world = World::opened().await;
        execute(&world, SENDING).await;
        world
    },
    target,
    posting,
    [(
        "the post is not there",
        sql!("delete from posts"),
        "terminal",
        "row_missing"
    ),]
);

prove!(
    post_confirm,
    PostConfirm,
    async {
        let world = World::sent().await;
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        world
    },
    target,
    posting,
    [
        (
            "YouTube is down",
            fault!("youtube", "videos_list", {"kind": "fail", "status": 500}),
            "retry",
            "youtube_unavailable"
        ),
        (
            "too many requests",
            fault!("youtube", "videos_list", {"kind": "rate_limit", "retry_after_s": 2}),
            "later",
            "youtube_rate_limited"
        ),
        (
            "garbage",
            fault!("youtube", "videos_list", {"kind": "garbage"}),
            "retry",
            "youtube_unreadable_answer"
        ),
        (
            "the post is not shown yet, and sending it took more than a day",
            sql!("update posts set platform_post_id = 'gone', sending_at_ms = 0"),
            "later",
            "post_processing"
        ),
        (
            "the post was not shown for a day",
            sql!("update posts set platform_post_id = 'gone', updated_at_ms = 0"),
            "terminal",
            "post_not_confirmed"
        ),
    ]
);

prove!(
    scrape,
    Scrape,
    World::published(),
    target,
    |world| count(world, "analytics_snapshots").boxed(),
    [
        (
            "YouTube is down",
            fault!("youtube", "videos_list", {"kind": "fail", "status": 503}),
            "retry",
            "youtube_unavailable"
        ),
        (
            "the post is gone",
            sql!("update posts set platform_post_id = 'gone'"),
            "terminal",
            "post_deleted"
        ),
    ]
);

prove!(
    analyze,
    Analyze,
    World::published(),
    target,
    |world| count(world, "video_analyses").boxed(),
    [
        (
            "Claude is overloaded",
            fault!("anthropic", "messages", {"kind": "overloaded"}),
            "retry",
            "anthropic_overloaded"
        ),
        (
            "Claude refuses",
            fault!("anthropic", "messages", {"kind": "refusal"}),
            "terminal",
            "anthropic_refused"
        ),
        (
            "too many requests",
            fault!("anthropic", "messages", {"kind": "rate_limit", "retry_after_s": 3}),
            "later",
            "anthropic_rate_limited"
        ),
        (
            "the key is refused",
            fault!("anthropic", "messages", {"kind": "fail", "status": 401}),
            "later",
            "anthropic_unauthorized"
        ),
        (
            "the account cannot pay",
            fault!("anthropic", "messages", {"kind": "fail", "status": 402}),
            "later",
            "anthropic_billing"
        ),
        (
            "the file is another one than was posted",
            sql!("update posts set content_sha256 = 'other'"),
            "terminal",
            "source_changed"
        ),
    ]
);

prove!(
    feedback,
    Feedback,
    async {
        let world = World::published().await;
        world.done(&world.steps.scrape, json!(world.target())).await;
        world
    },
    |world| Outcome {
        target: world.target(),
        snapshot_id: "run_example/scrape/1".to_owned()
    },
    |world| count(world, "performance_feedback").boxed(),
    [(
        "the reading is not there",
        sql!("delete from analytics_snapshots"),
        "terminal",
        "row_missing"
    ),]
);

fn of_feedback(world: &World) -> OfFeedback {
    OfFeedback {
        feedback_id: format!("feedback/{}", world.target().post_id()),
    }
}

prove!(
    critique,
    Critique,
    World::joined().map(|(world, _)| world),
    of_feedback,
    |world| count(world, "critiques").boxed(),
    [
        (
            "Claude is overloaded",
            fault!("anthropic", "messages", {"kind": "overloaded"}),
            "retry",
            "anthropic_overloaded"
        ),
        (
            "Claude refuses",
            fault!("anthropic", "messages", {"kind": "refusal"}),
            "terminal",
            "anthropic_refused"
        ),
    ]
);

prove!(
    reweight,
    Reweight,
    World::joined().map(|(world, _)| world),
    of_feedback,
    |world| count(world, "scoring_weights").boxed(),
    [(
        "the feedback is not there",
        sql!("delete from performance_feedback"),
        "terminal",
        "row_missing"
    ),]
);

#[test]
fn every_registered_step_is_proven_here() {
    // Without white space, which the formatter places.
    let source: String = include_str!("suite.rs").split_whitespace().collect();
    let unproven: Vec<_> = catalogue()
        .into_iter()
        .map(|step| step.name)
        .filter(|name| !source.contains(&format!("prove!({name},")))
        .collect();
    assert!(unproven.is_empty(), "add a `prove!` for {unproven:?}");
}
