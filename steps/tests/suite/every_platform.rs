//! The steps that are the same on every platform, in the suite.

use futures::FutureExt as _;
use serde_json::json;
use steps::analyze::Analyze;
use steps::critique::{Critique, OfFeedback};
use steps::feedback::{Feedback, Outcome};
use steps::post_in_doubt::PostInDoubt;
use steps::predict::Predict;
use steps::reweight::Reweight;

use crate::in_doubt::SENDING;
use crate::prove::{count, execute, posting, target};
use crate::world::World;

prove!(
    predict,
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
    post_in_doubt,
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
    analyze,
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
