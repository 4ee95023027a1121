//! What people do to runs and schedules, beside a running `up`: what each verb answers, and what the
//! runs do then.

#![expect(
    clippy::unwrap_used,
    reason = "a test may stop at once where its ground is missing"
)]

mod diverging;
mod elsewhere;
mod many;
mod one;
mod schedules;
#[expect(dead_code, reason = "other tests kill what this one only starts")]
#[path = "../stage/mod.rs"]
mod stage;
mod worker;

use std::process::Output;

use serde_json::Value;
use stage::Stage;

/// No schedule but the test's own; and `scrape` is executed by whichever worker serves it.
const SETTINGS: &str = "[batch]\nscheduled = false\n\n[steps.scrape]\nplacement = \"service\"\n";
const CLIPS: usize = 3;

/// What was written to stderr.
fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn ids(list: &Value) -> Vec<&str> {
    let list = list.as_array().unwrap();
    list.iter().map(|run| run["id"].as_str().unwrap()).collect()
}

#[test]
fn every_verb_does_what_it_says_beside_a_running_up() {
    stage::need_programs();
    let mut stage = Stage::new(SETTINGS);
    diverging::is_refused_and_then_held(&mut stage);
    let loops = stage.post_clips(CLIPS);

    schedules::is_made_and_shown(&stage);
    schedules::is_held_and_released(&stage);
    let failed = schedules::triggered(&stage);
    stage.all(std::slice::from_ref(&failed), "failed");
    one::is_run_again(&stage, &failed);
    many::are_listed_page_by_page(&stage);
    many::are_run_again_by_code_and_tag(&stage);

    stage.all_wait_for(&loops, "the audience");
    many::are_held_by_workflow_and_released_by_tag(&stage);
    one::is_held_released_and_cancelled(&stage, &loops[0]);
    one::is_killed(&stage, &loops[1]);
    many::are_cancelled_by_tag_and_age(&stage, &loops[2]);

    elsewhere::is_executed_by_the_worker_that_serves_it(&stage);
    schedules::ticks_by_itself(&stage);
    schedules::is_removed(&stage);
    stage.end();
}

#[test]
fn a_worker_refuses_runs_that_would_diverge_and_holds_them_when_told() {
    stage::need_programs();
    let stage = Stage::new("");
    diverging::is_refused_by_a_worker_and_then_held(&stage);
}
