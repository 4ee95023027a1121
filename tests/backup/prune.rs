//! `flywheel prune`, as a person meets it.

use engine::tables::RunStatus;

use crate::stage::Stage;
use crate::{ids, rows, said};

#[test]
fn old_runs_are_counted_and_then_removed_and_open_ones_stay() {
    let stage = Stage::new("");
    rows::write(&stage, None, |db| async move {
        rows::run(&db, "run_1", RunStatus::Completed).await;
        rows::run(&db, "run_1.1", RunStatus::Failed).await;
        rows::run(&db, "run_2", RunStatus::Waiting).await;
    });
    let counted = stage.json(&["prune", "--older-than", "30d", "--dry-run"]);
    assert_eq!(
        (&counted["dryRun"], &counted["runs"]),
        (&true.into(), &2.into())
    );
    assert_eq!(ids(&stage.json(&["runs", "list"])).len(), 3);
    let removed = stage.json(&["prune", "--older-than", "30d"]);
    assert_eq!(removed["runs"], 2, "{removed}");
    assert_eq!(removed["audit"], serde_json::Value::Null);
    assert_eq!(ids(&stage.json(&["runs", "list"])), ["run_2"]);
    let audit = stage.json(&["prune", "--older-than", "30d", "--audit"]);
    assert_eq!(audit["audit"], 0, "{audit}");
}

#[test]
fn nothing_goes_that_a_message_which_is_not_started_may_look_for() {
    let stage = Stage::new("");
    rows::write(&stage, None, |db| async move {
        rows::run(&db, "run_1", RunStatus::Completed).await;
        rows::message(&db).await;
    });
    // It came just now, so that what is an hour old may go, and what is no second old may not.
    let output = stage.run(&["prune", "--older-than", "1h", "--json"]);
    assert!(
        !said(&output).contains("has not started"),
        "{}",
        said(&output)
    );
    std::thread::sleep(std::time::Duration::from_millis(1200));
    let output = stage.run(&["prune", "--older-than", "1s"]);
    assert!(
        said(&output).contains("has not started"),
        "{}",
        said(&output)
    );
}

#[test]
fn a_time_that_cannot_be_meant_exits_with_2_and_the_help_warns() {
    let stage = Stage::new("");
    for wrong in ["soon", "0d", "90"] {
        let output = stage.run(&["prune", "--older-than", wrong]);
        assert_eq!(output.status.code(), Some(2), "{wrong}: {}", said(&output));
    }
    assert_eq!(stage.run(&["prune"]).status.code(), Some(2));
    let help = String::from_utf8(stage.run(&["prune", "--help"]).stdout).unwrap();
    assert!(help.contains("is free again"), "{help}");
}
