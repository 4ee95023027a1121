//! `video_loop` in the lab, on a real sandbox: the whole story, the worker stopped at every journal
//! boundary and inside every request of `post_*`, and answers that are lost.

#[path = "../../steps/tests/world/mod.rs"]
#[expect(
    dead_code,
    reason = "the suite of the steps uses the rest of the world"
)]
mod world;

use std::time::Duration;

use engine::FailureKind;
use engine::testing::{CrashPoint, Lab, LabError, Side};
use jiff::Timestamp;
use schema::posts::PostState;
use serde_json::{Value, json};
use workflows::{VideoLoop, VideoLoopInput, VideoLoopOutput, registry};
use world::World;

const SIX_HOURS: Duration = Duration::from_secs(6 * 3600);

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
    assert!(lab.now().duration_since(began) >= jiff::SignedDuration::from_hours(6));
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
async fn a_crash_at_any_journal_boundary_does_not_post_twice() {
    let mut boundary = 0;
    loop {
        let mut reached = false;
        for side in [Side::Before, Side::After] {
            let world = World::new().await;
            let lab = lab(&world);
            let point = CrashPoint { boundary, side };
            let (output, hit) = lab
                .run_with_crash::<VideoLoop>("run_1", &input(&world), point)
                .await
                .unwrap();
            check(&world, &output).await;
            reached |= hit;
        }
        if !reached {
            break;
        }
        boundary += 1;
        // The polls of `post_confirm` are many and alike: three of them stand for all.
        if boundary == 6 {
            boundary = skip_polls().await;
        }
    }
    assert!(boundary > 8, "the loop has more boundaries than {boundary}");
}

/// The first boundary after the polls, counted from the end: scrape, analyze, feedback, critique,
/// reweight and the end of the polling.
async fn skip_polls() -> usize {
    let world = World::new().await;
    let lab = lab(&world);
    lab.run::<VideoLoop>("run_1", &input(&world)).await.unwrap();
    lab.executed().saturating_sub(6).max(6)
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_cut_off_inside_a_request_does_not_post_twice() {
    for (endpoint, after) in [("upload_open", 0), ("upload_put", 0), ("videos_list", 0)] {
        for when in ["before", "after"] {
            cut_off_in(
                endpoint,
                after,
                json!({ "kind": "stall", "ms": 5000, "when": when }),
            )
            .await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_answer_is_found_again_and_posts_once() {
    for endpoint in ["upload_open", "upload_put", "videos_list"] {
        for after in 0..3 {
            for kind in ["act_then_drop", "drop_before", "truncate"] {
                let world = World::new().await;
                world
                    .fault("youtube", endpoint, after, 1, json!({ "kind": kind }))
                    .await;
                let output = lab(&world)
                    .run::<VideoLoop>("run_1", &input(&world))
                    .await
                    .unwrap();
                check(&world, &output).await;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_vanished_upload_is_unknown_and_nothing_is_sent_again() {
    let world = World::opened().await;
    // Bytes were allowed to leave, and the session is one that YouTube does not know.
    let sql = "update posts set state = 'sending', session = replace(session, 'upload_id=', 'upload_id=gone'), sending_at_ms = prepared_at_ms";
    schema::ConnectionTrait::execute_unprepared(&world.db, sql)
        .await
        .unwrap();
    let result = lab(&world).run::<VideoLoop>("run_1", &input(&world)).await;
    let Err(LabError::Failed(failure)) = result else {
        panic!("{result:?}")
    };
    assert_eq!(
        (failure.kind, failure.code.as_str()),
        (FailureKind::Unknown, "publish_unknown")
    );
    assert_eq!(world.post().await.unwrap().state, PostState::Unknown);
    assert_eq!(world.posts_seen().await, 0);
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
