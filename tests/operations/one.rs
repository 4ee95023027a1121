//! Verbs on one run that is named.

use serde_json::{Value, json};

use crate::said;
use crate::stage::Stage;

/// Another output of `scrape`.
const READING: &str = r#"{"snapshotId":"s_1","ageMs":1,"views":9,"likes":1,"comments":0,"shares":0,
    "saves":0,"engagement":0.1,"scored":true,"unscoredReason":null}"#;
/// Another input of the run.
const OTHER: &str = r#"{"videoId":"v_other","platform":"youtube","account":"main"}"#;

/// Does it, checks what is said of it, and waits until the run does what it shall.
fn does(stage: &Stage, verb: &str, run: &str, did: &str, status: &str) {
    let answer = stage.json(&["runs", verb, run, "--who", "ann", "--why", "a test"]);
    let expected = json!([{ "runId": run, "result": { "did": did } }]);
    assert_eq!(answer, expected, "{verb}");
    stage.all(&[run.to_owned()], status);
    let audit = stage.json(&["runs", "audit", run, "--limit", "1"]);
    assert_eq!(audit[0]["verb"], verb, "{audit}");
    assert_eq!(audit[0]["who"], "ann", "{audit}");
}

pub(crate) fn is_held_released_and_cancelled(stage: &Stage, run: &str) {
    for (verb, did, status) in [
        ("hold", "held", "held"),
        ("release", "released", "waiting"),
        ("cancel", "cancelling", "cancelled"),
    ] {
        does(stage, verb, run, did, status);
    }
    let again = stage.run(&["runs", "cancel", run]);
    assert_eq!(again.status.code(), Some(1), "{}", said(&again));
}

pub(crate) fn is_killed(stage: &Stage, run: &str) {
    does(stage, "kill", run, "killed", "killed");
    assert_eq!(stage.show(run)["run"]["errorCode"], "run_killed");
}

/// One that failed at `scrape`, for there is no such post.
pub(crate) fn is_run_again(stage: &Stage, run: &str) {
    let first = stage.show(run)["run"].take();
    assert_eq!(first["errorCode"], "row_missing", "{first:#}");
    let from_an_output = ["--from", "scrape", "--output", READING];
    let forms: [(&[&str], &str); 4] = [
        (&[], "scrape"),
        (&["--from", "scrape"], "scrape"),
        (&["--input", OTHER], "scrape"),
        // What comes behind it is executed.
        (&from_an_output, "analyze"),
    ];
    for (words, step) in forms {
        let again = rerun(stage, run, words);
        stage.all(std::slice::from_ref(&again), "failed");
        let shown = stage.show(&again)["run"].take();
        assert_eq!(shown["rerunOf"], run, "{words:?}");
        assert_eq!(shown["errorStep"], step, "{words:?}");
        let input: Value = serde_json::from_str(shown["input"].as_str().unwrap()).unwrap();
        let video = match words.contains(&OTHER) {
            true => "v_other",
            false => "v_none",
        };
        assert_eq!(input["videoId"], video, "{words:?}");
    }
    for (words, part) in [
        (["--from", "reweight"], "has not come to reweight"),
        (["--input", "{}"], "videoId"),
    ] {
        let refused = stage.run(&[&["runs", "rerun", run, "--json"][..], &words].concat());
        assert_eq!(refused.status.code(), Some(1), "{}", said(&refused));
        let answer: Value = serde_json::from_slice(&refused.stdout).unwrap();
        let error = answer[0]["error"].as_str().unwrap();
        assert!(error.contains(part), "{error}");
    }
}

/// The new run.
fn rerun(stage: &Stage, run: &str, words: &[&str]) -> String {
    let answer = stage.json(&[&["runs", "rerun", run][..], words].concat());
    assert_eq!(answer[0]["runId"], run, "{answer}");
    assert_eq!(answer[0]["result"]["did"], "rerun", "{answer}");
    answer[0]["result"]["runId"].as_str().unwrap().to_owned()
}
