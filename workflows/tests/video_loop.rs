//! `video_loop` in the lab, on a real sandbox: the whole story, the worker stopped at every journal
//! boundary and inside every request of `post_*`, answers that are lost, and a Claude that is away.

#![expect(
    clippy::unwrap_used,
    reason = "helpers are test code, too, which clippy cannot see"
)]

#[path = "../../steps/tests/world/mod.rs"]
#[expect(
    dead_code,
    reason = "the suite of the steps uses the rest of the world"
)]
#[expect(
    clippy::disallowed_methods,
    reason = "the world is outside of every workflow: nothing replays it"
)]
mod world;

use std::collections::BTreeMap;
use std::iter;
use std::time::Duration;

use engine::testing::{CrashPoint, Lab, LabError, Side};
use engine::{Failure, FailureKind};
use jiff::{SignedDuration, Timestamp};
use schema::posts::PostState;
use serde_json::{Value, json};
use workflows::{Measure, VideoLoop, VideoLoopInput, VideoLoopOutput, registry};
use world::World;

const SIX_HOURS: Duration = Duration::from_secs(6 * 3600);

#[expect(
    clippy::disallowed_methods,
    reason = "the lab's clock begins with the sandbox's; the workflow asks the lab"
)]
fn lab(world: &World) -> Lab {
    Lab::new(registry(&world.steps, SIX_HOURS), Timestamp::now())
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

/// Stops the worker at every closure that a loop executes, one loop for each.
async fn crash_everywhere(side: Side) {
    for boundary in 0.. {
        let world = World::new().await;
        let lab = lab(&world);
        let point = CrashPoint { boundary, side };
        let (output, reached) = lab
            .run_with_crash::<VideoLoop>("run_1", &input(&world), point)
            .await
            .unwrap();
        check(&world, &output).await;
        if !reached {
            assert!(
                boundary >= 9,
                "nine steps have more boundaries than {boundary}"
            );
            return;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_before_any_journal_entry_does_not_post_twice() {
    crash_everywhere(Side::Before).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_after_any_journal_entry_does_not_post_twice() {
    crash_everywhere(Side::After).await;
}

/// The requests that posting makes of YouTube, each as its endpoint and how many of the kind came
/// before it. How often it asks whether the video is processed depends on the machine, so only the
/// first of those questions is on the list.
async fn requests_of_posting() -> Vec<(&'static str, u64)> {
    let world = World::sent().await;
    world
        .done(&world.steps.post_confirm, json!(world.target()))
        .await;
    let mut seen = BTreeMap::<String, u64>::new();
    for row in world.listed("requests?platform=youtube").await {
        *seen
            .entry(row["endpoint"].as_str().unwrap().to_owned())
            .or_default() += 1;
    }
    let pieces = seen["upload_put"];
    assert!(pieces >= 2, "the clip is sent in one piece: {seen:?}");
    assert!(seen["videos_list"] >= 1 && seen["upload_open"] == 1);
    assert_eq!(seen.len(), 3, "another kind of request: {seen:?}");
    let puts = (0..pieces).map(|earlier| ("upload_put", earlier));
    iter::once(("upload_open", 0))
        .chain(puts)
        .chain([("videos_list", 0)])
        .collect()
}

/// Cuts the worker off while a request of this kind is held back, then runs to the end.
async fn cut_off_in(endpoint: &str, after: u64, stall: Value) {
    let world = World::new().await;
    let lab = lab(&world);
    world.fault("youtube", endpoint, after, 1, stall).await;
    let input = input(&world);
    tokio::select! {
        result = lab.run::<VideoLoop>("run_1", &input) => panic!("the request was not held back: {result:?}"),
        () = world.until_stalled() => {}
    }
    let output = lab.run::<VideoLoop>("run_1", &input).await.unwrap();
    check(&world, &output).await;
}

/// Cuts the worker off inside each request of posting, one loop for each.
async fn cut_off_everywhere(when: &str) {
    for (endpoint, earlier) in requests_of_posting().await {
        let stall = json!({ "kind": "stall", "ms": 1000, "when": when });
        cut_off_in(endpoint, earlier, stall).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_cut_off_before_youtube_acts_does_not_post_twice() {
    cut_off_everywhere("before").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_cut_off_after_youtube_acted_does_not_post_twice() {
    cut_off_everywhere("after").await;
}

/// Loses the answer to each request of posting, one loop for each.
async fn lose_everywhere(kind: &str) {
    for (endpoint, earlier) in requests_of_posting().await {
        let world = World::new().await;
        let fault = json!({ "kind": kind });
        world.fault("youtube", endpoint, earlier, 1, fault).await;
        let output = lab(&world)
            .run::<VideoLoop>("run_1", &input(&world))
            .await
            .unwrap();
        check(&world, &output).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_lost_after_youtube_acted_is_found_again_and_posts_once() {
    lose_everywhere("act_then_drop").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_lost_on_its_way_is_sent_again_and_posts_once() {
    lose_everywhere("drop_before").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_cut_short_is_asked_for_again_and_posts_once() {
    lose_everywhere("truncate").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_vanished_upload_is_unknown_and_nothing_is_sent_again() {
    let world = World::opened().await;
    // Bytes were allowed to leave, and the session is one that YouTube does not know.
    let sql = "update posts set state = 'sending', session = replace(session, 'upload_id=', 'upload_id=gone'), sending_at_ms = prepared_at_ms";
    schema::ConnectionTrait::execute_unprepared(&world.db, sql)
        .await
        .unwrap();
    let lab = lab(&world);
    let began = lab.now();
    let failure = failure_of(&lab, &world, "run_1").await;
    assert_eq!(
        (failure.kind, failure.code.as_str()),
        (FailureKind::Unknown, "publish_unknown")
    );
    assert_eq!(world.post().await.unwrap().state, PostState::Unknown);
    assert_eq!(world.posts_seen().await, 0);
    // For ten minutes from the row's last move, which was before the run began.
    let looked = lab.now().duration_since(began);
    assert!(looked >= SignedDuration::from_mins(9), "{looked}");
}

/// The failure of a loop that must not come to a good end.
async fn failure_of(lab: &Lab, world: &World, run_id: &str) -> Failure {
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
    let failure = failure_of(&lab(&world), &world, "run_1").await;
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
    let failure = failure_of(&lab(&world), &world, "run_2").await;
    assert_eq!(failure.kind, FailureKind::Unknown);
    let after = world.listed("requests?platform=youtube").await.len();
    assert_eq!(after, requests, "YouTube was asked for something");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_outlasts_some_minutes_without_claude() {
    let world = World::published().await;
    let overloaded = json!({ "kind": "overloaded" });
    world.fault("anthropic", "messages", 0, 9, overloaded).await;
    let lab = lab(&world);
    lab.run::<Measure>("run_1", &world.target()).await.unwrap();
    assert!(world.listed("requests?platform=anthropic").await.len() > 9);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_of_no_use_is_paid_for_six_times_and_no_more() {
    let world = World::published().await;
    let garbage = json!({ "kind": "garbage" });
    world.fault("anthropic", "messages", 0, 0, garbage).await;
    let result = lab(&world).run::<Measure>("run_1", &world.target()).await;
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
