//! The command line as a person or a script meets it: exit codes, JSON, refusals that say what to do.

#![expect(
    clippy::unwrap_used,
    reason = "a test may stop at once where its ground is missing"
)]

#[expect(dead_code, reason = "other tests kill what this one only starts")]
mod stage;

use serde_json::Value;
use stage::{Stage, flywheel};

#[test]
fn an_unknown_setting_exits_with_2_and_names_what_may_have_been_meant() {
    let stage = Stage::new("[sandbox]\ntime_scal = 2.0\n");
    let output = stage.run(&["runs", "list"]);
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains("`sandbox.time_scal`; did you mean `sandbox.time_scale`?"),
        "{said}"
    );
    assert!(output.stdout.is_empty());
}

#[test]
fn an_unknown_verb_and_a_missing_file_exit_with_2() {
    let stage = Stage::new("");
    assert_eq!(stage.run(&["upp"]).status.code(), Some(2));
    assert_eq!(
        stage.run(&["post", "no-such-file.mp4"]).status.code(),
        Some(2)
    );
    assert_eq!(
        stage
            .run(&["demo", "--video", "no-such-file.mp4"])
            .status
            .code(),
        Some(2)
    );
    assert_eq!(
        stage.run(&["runs", "show", "run_none"]).status.code(),
        Some(2)
    );
}

#[test]
fn what_cannot_be_reached_exits_with_1_and_says_what_to_start() {
    let stage = Stage::new("");
    let file = stage.folder.path().join("clip.mp4");
    std::fs::write(&file, "no clip, but nobody is there to look").unwrap();
    let output = stage.run(&["post", file.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        String::from_utf8(output.stderr)
            .unwrap()
            .contains("is `flywheel up` running")
    );
}

#[test]
fn an_empty_folder_has_no_runs_in_text_and_in_json() {
    let stage = Stage::new("");
    assert_eq!(stage.json(&["runs", "list"]), Value::Array(Vec::new()));
    assert_eq!(stage.json(&["migrate"])["migrated"], true);
    assert!(
        stage
            .run(&["runs", "list", "--status", "failed"])
            .status
            .success()
    );
    assert_eq!(
        stage
            .run(&["runs", "list", "--status", "fine"])
            .status
            .code(),
        Some(2)
    );
}

#[test]
fn the_doctor_shows_names_of_credentials_and_never_their_values() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join(".env"),
        "ANTHROPIC_API_KEY=sk-very-secret\n",
    )
    .unwrap();
    let output = flywheel(folder.path())
        .args(["doctor", "--json"])
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let report: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(report["services"]["anthropic"], "real");
    assert_eq!(report["services"]["youtube"], "sandbox");
    assert!(!said.contains("very-secret"));
}

#[test]
fn a_second_up_on_the_same_folder_is_refused_and_the_first_goes_on() {
    let mut stage = Stage::new("");
    stage.up();
    let second = stage.run(&["up"]);
    assert_eq!(second.status.code(), Some(2));
    let said = String::from_utf8(second.stderr).unwrap();
    assert!(said.contains("another `flywheel up` has"), "{said}");
    assert_eq!(stage.json(&["doctor"])["ok"], true);
    stage.end();
}
