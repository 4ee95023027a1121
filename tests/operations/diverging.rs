//! A run that today's code cannot go on with.

use engine::tables::{RunStatus, runs};
use sea_orm::{ActiveModelTrait as _, Set};

use crate::stage::{Stage, ends, until};
use crate::worker::Worker;
use crate::{ids, said};

/// The run.
const OLD: &str = "run_old";

/// Leaves it: it waits, and there is no workflow of its name any more.
fn leave(stage: &Stage) {
    stage.json(&["migrate"]);
    let url = schema::sqlite_url(&stage.data().join("flywheel.db")).unwrap();
    let run = runs::ActiveModel {
        id: Set(OLD.to_owned()),
        workflow: Set("retired".to_owned()),
        status: Set(RunStatus::Waiting),
        input: Set("null".to_owned()),
        created_at_ms: Set(1000),
        started_at_ms: Set(Some(2000)),
        ..Default::default()
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let db = schema::connect(&url).await.unwrap();
        run.insert(&db).await.unwrap();
        db.close().await.unwrap();
    });
}

/// The verb ends because of it, and says what would help.
fn is_refused_by(stage: &Stage, verb: &str) {
    let output = ends(&mut stage.command(&[verb]));
    let said = said(&output);
    assert_eq!(output.status.code(), Some(2), "{verb}: {said}");
    for part in [OLD, "--hold-diverging"] {
        assert!(said.contains(part), "{verb}: {said}");
    }
}

fn is_held(stage: &Stage) {
    let held = stage.json(&["runs", "list", "--held"]);
    assert_eq!(ids(&held), [OLD]);
    let shown = stage.show(OLD);
    assert_eq!(shown["run"]["status"], "held", "{shown:#}");
    let why = shown["held"]["why"].as_str().unwrap();
    assert!(why.contains("would diverge"), "{why}");
}

/// By `up`, which is up in the end.
pub(crate) fn is_refused_and_then_held(stage: &mut Stage) {
    leave(stage);
    is_refused_by(stage, "up");
    stage.up_with(&["--hold-diverging"]);
    is_held(stage);
}

/// By a worker alone, before it looks for Restate, which is not there.
pub(crate) fn is_refused_by_a_worker_and_then_held(stage: &Stage) {
    leave(stage);
    is_refused_by(stage, "worker");
    let worker = Worker::start(stage, &["--hold-diverging"]);
    until("the worker holds it", || {
        !ids(&stage.json(&["runs", "list", "--held"])).is_empty()
    });
    is_held(stage);
    worker.stop();
}
