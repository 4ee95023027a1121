//! Verbs on all runs that fit a filter: counted first, and done when somebody says yes.

use serde_json::{Value, json};

use crate::stage::Stage;
use crate::{CLIPS, ids, said, schedules};

/// Runs that failed for there was no post.
const FAILED: [&str; 2] = ["--error-code", "row_missing"];

/// Counts with these words, does it with a yes, and gives what came of each.
fn to_all(stage: &Stage, verb: &str, filter: &[&str], runs: usize) -> Vec<Value> {
    let words = [&["runs", verb, "--all"][..], filter].concat();
    let counted = stage.run(&[&words[..], &["--json"]].concat());
    assert_eq!(counted.status.code(), Some(2), "{}", said(&counted));
    let counted: Value = serde_json::from_slice(&counted.stdout).unwrap();
    let expected = json!({ "verb": verb, "runs": runs, "exact": true });
    assert_eq!(counted, expected, "{filter:?}");
    let mut done = stage.json(&[&words[..], &["--yes"]].concat());
    let done = std::mem::take(done.as_array_mut().unwrap());
    assert_eq!(done.len(), runs, "{verb}: {done:#?}");
    done
}

fn all_did(results: &[Value], did: &str) {
    for result in results {
        assert_eq!(result["result"]["did"], did, "{result}");
    }
}

fn count(stage: &Stage, filter: &[&str]) -> Value {
    let words = [&["runs", "list", "--count"][..], filter].concat();
    let mut total = stage.json(&words);
    assert_eq!(total["exact"], true, "{total}");
    total["count"].take()
}

pub(crate) fn are_listed_page_by_page(stage: &Stage) {
    let list = |more: &[&str]| stage.json(&[&["runs", "list"][..], &FAILED, more].concat());
    let all = list(&[]);
    let all = ids(&all);
    assert!(all.len() > 2, "{all:?}");
    assert_eq!(count(stage, &FAILED), all.len());
    let first = list(&["--limit", "2"]);
    assert_eq!(ids(&first), all[..2]);
    let rest = list(&["--after", all[1]]);
    assert_eq!(ids(&rest), all[2..]);
    assert_eq!(count(stage, &["--until", "1h"]), 1, "only run_old is older");
}

pub(crate) fn are_run_again_by_code_and_tag(stage: &Stage) {
    let tag = format!("schedule={}", schedules::NAME);
    // A rerun is started by a person, and not by the schedule.
    let filter = [&FAILED[..], &["--tag", &tag, "--since", "1h"]].concat();
    let results = to_all(stage, "rerun", &filter, 1);
    all_did(&results, "rerun");
    let again = results[0]["result"]["runId"].as_str().unwrap();
    stage.all(&[again.to_owned()], "failed");
}

pub(crate) fn are_held_by_workflow_and_released_by_tag(stage: &Stage) {
    let tag = ["--tag", "platform=youtube"];
    let held = || count(stage, &["--held", "--tag", "platform=youtube"]);
    let loops = ["--workflow", "video_loop"];
    all_did(&to_all(stage, "hold", &loops, CLIPS), "held");
    assert_eq!(held(), CLIPS);
    let and_status = ["--tag", "platform=youtube", "--status", "held"];
    assert_eq!(count(stage, &and_status), CLIPS);
    all_did(&to_all(stage, "release", &tag, CLIPS), "released");
    assert_eq!(held(), 0);
}

pub(crate) fn are_cancelled_by_tag_and_age(stage: &Stage, run: &str) {
    let filter = ["--tag", "video=v_2", "--since", "1h"];
    let results = to_all(stage, "cancel", &filter, 1);
    assert_eq!(results[0]["runId"], run);
    all_did(&results, "cancelling");
    stage.all(&[run.to_owned()], "cancelled");
}
