//! The promise that everything stands on: whatever is killed, every loop finishes, with one post.

#![expect(
    clippy::unwrap_used,
    reason = "a test may stop at once where its ground is missing"
)]

#[expect(dead_code, reason = "nothing of the demo is needed here")]
mod stage;

use stage::Stage;

/// 6 hours in 12 seconds: long enough to kill everything and start it again during the wait, and a
/// reading may come 2 seconds late and still count.
const SETTINGS: &str = "[sandbox]\ntime_scale = 1800.0\n";
const CLIPS: usize = 3;

/// What has to hold in the end.
fn every_loop_finished_with_one_post(stage: &Stage, runs: &[String]) {
    stage.all(runs, "completed");
    let seen = stage.posts_seen();
    assert_eq!(seen.len(), CLIPS, "{seen:#?}");
    for at in 0..CLIPS {
        let marker = steps::marker(&format!("v_{at}/youtube/main"));
        assert_eq!(
            seen.iter()
                .filter(|description| description.contains(&marker))
                .count(),
            1,
            "{seen:#?}"
        );
    }
}

fn in_their_wait() -> (Stage, Vec<String>) {
    let mut stage = Stage::new(SETTINGS);
    stage.up();
    let runs = stage.post_clips(CLIPS);
    // Other waits, for the platform's processing, come before.
    stage.all_wait_for(&runs, "the audience");
    (stage, runs)
}

#[test]
fn loops_in_their_wait_survive_the_death_of_everything() {
    let (mut stage, runs) = in_their_wait();
    stage.kill_everything();
    stage.up();
    every_loop_finished_with_one_post(&stage, &runs);
    stage.end();
}

#[test]
fn children_die_with_a_killed_supervisor_and_the_next_one_goes_on() {
    let (mut stage, runs) = in_their_wait();
    stage.kill("up");
    stage.children_died_with_it();
    stage.up();
    every_loop_finished_with_one_post(&stage, &runs);
    stage.end();
}

#[test]
fn loops_survive_the_death_of_restate_alone() {
    let (mut stage, runs) = in_their_wait();
    let dead = stage.kill("restate");
    stage.replaced("restate", dead);
    every_loop_finished_with_one_post(&stage, &runs);
    // The one worker that did all of it tells what it counted.
    let page = stage.worker_metrics();
    assert!(
        page.contains("# HELP flywheel_step_attempts_total "),
        "{page}"
    );
    assert!(page.contains(r#"step="post_send""#), "{page}");
    stage.end();
}

#[test]
fn loops_survive_the_death_of_the_worker_alone() {
    let (mut stage, runs) = in_their_wait();
    let dead = stage.kill("worker");
    stage.replaced("worker", dead);
    every_loop_finished_with_one_post(&stage, &runs);
    stage.end();
}
