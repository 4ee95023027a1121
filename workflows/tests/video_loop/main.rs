//! `video_loop` in the lab, on a real sandbox: the whole story, the worker stopped at every journal
//! boundary and inside every request of `post_*`, answers that are lost, and a Claude that is away.

#![expect(
    clippy::unwrap_used,
    reason = "helpers are test code, too, which clippy cannot see"
)]

mod posting;

#[path = "../../../steps/tests/world/mod.rs"]
#[expect(
    dead_code,
    reason = "the suite of the steps uses the rest of the world"
)]
#[expect(
    clippy::disallowed_methods,
    reason = "the world is outside of every workflow: nothing replays it"
)]
mod world;

use std::time::Duration;

use engine::operations::Resolution;
use engine::testing::{Lab, LabError};
use engine::{EngineError, Failure, FailureKind};
use jiff::{SignedDuration, Timestamp};
use schema::posts::PostState;
use serde_json::json;
use workflows::{Measure, VideoLoop, VideoLoopInput, VideoLoopOutput, registry};
use world::World;

const SIX_HOURS: Duration = Duration::from_secs(6 * 3600);
/// How long the lab really waits where it skips a wait: the sandbox takes its real time to process and
/// to moderate a post, and on a fast machine hours of asking would pass in the lab meanwhile.
const REAL_WAIT: Duration = Duration::from_millis(10);

#[expect(
    clippy::disallowed_methods,
    reason = "the lab's clock begins with the sandbox's; the workflow asks the lab"
)]
fn lab(world: &World) -> Lab {
    Lab::new(registry(&world.steps, SIX_HOURS), Timestamp::now()).beside_real_time(REAL_WAIT)
}

fn input(world: &World) -> VideoLoopInput {
    let target = world.target();
    VideoLoopInput {
        video_id: target.video_id,
        platform: target.platform,
        account: target.account,
        wait_ms: None,
    }
}

/// One post outside, one feedback, one critique, one decision.
async fn check(world: &World, output: &VideoLoopOutput) {
    assert_eq!(world.posts_seen().await, 1, "posts on the platform");
    assert_eq!(world.post().await.unwrap().state, PostState::Posted);
    assert_eq!(output.measure.unscored_reason, None);
    assert!(
        output.measure.feedback_id.is_some()
            && output.measure.critique_id.is_some()
            && output.measure.decision_id.is_some()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_loop_runs_from_prediction_to_decision() {
    let world = World::new().await;
    let lab = lab(&world);
    let began = lab.now();
    let output = lab.run::<VideoLoop>("run_1", &input(&world)).await.unwrap();
    check(&world, &output).await;
    assert!(lab.now().duration_since(began) >= SignedDuration::from_hours(6));
    let story = lab.history().story();
    let done: Vec<&str> = story
        .iter()
        .filter(|line| line.ends_with(" done"))
        .filter_map(|line| line.split('#').next())
        .collect();
    let stages =
        "predict post_open post_send post_confirm scrape analyze feedback critique reweight";
    assert_eq!(done.join(" "), stages);
    let again = lab
        .replay::<VideoLoop>("run_1", &input(&world))
        .await
        .unwrap();
    assert_eq!(again, output, "the recorded run replays to the same end");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_vanished_upload_is_left_to_a_person_and_nothing_is_sent_again() {
    let world = World::opened().await;
    // Bytes were allowed to leave, and the session is one that YouTube does not know.
    let sql = "update posts set state = 'sending', session = replace(session, 'upload_id=', 'upload_id=gone'), sending_at_ms = prepared_at_ms";
    schema::ConnectionTrait::execute_unprepared(&world.db, sql)
        .await
        .unwrap();
    let lab = lab(&world);
    let began = lab.now();
    parks(&lab, &world).await;
    assert_eq!(world.post().await.unwrap().state, PostState::Unknown);
    assert_eq!(world.posts_seen().await, 0);
    // For ten minutes from the row's last move, which was before the run began.
    let looked = lab.now().duration_since(began);
    assert!(looked >= SignedDuration::from_mins(9), "{looked}");
}

/// Has a loop run to where a person has to decide, and nobody does.
async fn parks(lab: &Lab, world: &World) {
    let ran = lab.run::<VideoLoop>("run_1", &input(world)).await;
    let is_parked = matches!(ran, Err(LabError::Engine(EngineError::Waits { .. })));
    assert!(is_parked, "{ran:?}");
}

/// The failure of a loop of which a person says that it has failed, where it is parked.
async fn failure_of(lab: &Lab, world: &World, run_id: &str, parked_at: &str) -> Failure {
    let reason = "nobody needs it".to_owned();
    lab.controls()
        .resolve(parked_at, &Resolution::Fail { reason });
    match lab.run::<VideoLoop>(run_id, &input(world)).await {
        Err(LabError::Failed(failure)) => failure,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_that_stay_lost_leave_the_post_unknown_and_nothing_is_sent_again() {
    let world = World::new().await;
    // Acts on every chunk and says so to nobody, nor answers a question about it.
    for (endpoint, kind) in [
        ("upload_put", "act_then_drop"),
        ("upload_query", "drop_before"),
    ] {
        let fault = json!({ "kind": kind });
        world.fault("youtube", endpoint, 0, 0, fault).await;
    }
    let failure = failure_of(&lab(&world), &world, "run_1", "post_send").await;
    assert_eq!(
        (failure.kind, failure.code.as_str()),
        (FailureKind::Unknown, "publish_unknown")
    );
    assert_eq!(failure.step.as_deref(), Some("post_send"));
    let post = world.post().await.unwrap();
    assert_eq!(post.state, PostState::Unknown);
    assert_eq!(post.error_code.as_deref(), Some("publish_unknown"));

    // Another loop finds the row, and leaves it to a person as well.
    let requests = world.listed("requests?platform=youtube").await.len();
    let failure = failure_of(&lab(&world), &world, "run_2", "post_open").await;
    assert_eq!(failure.kind, FailureKind::Unknown);
    let after = world.listed("requests?platform=youtube").await.len();
    assert_eq!(after, requests, "YouTube was asked for something");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_parked_loop_leaves_the_row_as_it_is_and_a_retry_asks_the_platform_by_it() {
    let world = World::new().await;
    // The answer to the first piece is lost, and the question about it is refused for good, twice.
    let lost = json!({ "kind": "act_then_drop" });
    world.fault("youtube", "upload_put", 0, 1, lost).await;
    let refused = json!({ "kind": "fail", "status": 400 });
    world.fault("youtube", "upload_query", 0, 2, refused).await;
    parks(&lab(&world), &world).await;
    assert_eq!(world.post().await.unwrap().state, PostState::Sending);

    let lab = lab(&world);
    lab.controls().resolve("post_send", &Resolution::Retry);
    let output = lab.run::<VideoLoop>("run_2", &input(&world)).await.unwrap();
    check(&world, &output).await;
    let story = lab.history().story();
    let is_unknown = |line: &String| line.starts_with("post_send#1 unknown");
    assert!(story.iter().any(is_unknown), "{story:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_outlasts_some_minutes_without_claude() {
    let world = World::published().await;
    let overloaded = json!({ "kind": "overloaded" });
    world.fault("anthropic", "messages", 0, 9, overloaded).await;
    let lab = lab(&world);
    lab.run::<Measure>("run_1", &world.target().into())
        .await
        .unwrap();
    assert!(world.listed("requests?platform=anthropic").await.len() > 9);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_of_no_use_is_paid_for_six_times_and_no_more() {
    let world = World::published().await;
    let garbage = json!({ "kind": "garbage" });
    world.fault("anthropic", "messages", 0, 0, garbage).await;
    let target = world.target().into();
    let result = lab(&world).run::<Measure>("run_1", &target).await;
    let Err(LabError::Failed(failure)) = result else {
        panic!("{result:?}")
    };
    assert_eq!(
        (failure.kind, failure.code.as_str()),
        (FailureKind::Terminal, "anthropic_unreadable_answer")
    );
    assert_eq!(world.listed("requests?platform=anthropic").await.len(), 6);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_loop_on_the_same_target_does_not_post_again() {
    let world = World::new().await;
    lab(&world)
        .run::<VideoLoop>("run_1", &input(&world))
        .await
        .unwrap();
    lab(&world)
        .run::<VideoLoop>("run_2", &input(&world))
        .await
        .unwrap();
    assert_eq!(world.posts_seen().await, 1);
}
