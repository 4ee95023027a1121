//! The reconciler's passes against a stub of Restate, on every database.

use std::time::Duration;

use crate::database::on_every_database;
use crate::stub::Stub;
use engine::event::{Event, RunStarted};
use engine::history::{History as _, HistoryWriter};
use engine::limits::places;
use engine::reconciler::{Pass, Reconciler};
use engine::tables::runs::{ActiveModel, Model};
use engine::tables::{RunStatus, WaitKind, permits, waits};
use engine::{Client, runs};
use jiff::Timestamp;
use sea_orm::{
    ActiveModelTrait as _, ConnectionTrait as _, DatabaseConnection, Insert, QueryTrait as _, Set,
};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

/// A queued run, old enough to be looked at.
fn queued(id: &str, workflow: &str) -> ActiveModel {
    ActiveModel {
        id: Set(id.to_owned()),
        workflow: Set(workflow.to_owned()),
        key: Set(Some(id.to_owned())),
        status: Set(RunStatus::Queued),
        input: Set("1".to_owned()),
        created_at_ms: Set(0),
        ..Default::default()
    }
}

/// A run that a worker has had, with the invocation `inv_…` of its own.
fn running(id: &str) -> ActiveModel {
    ActiveModel {
        status: Set(RunStatus::Running),
        invocation_id: Set(Some(format!("inv_{id}"))),
        ..queued(id, "w")
    }
}

async fn insert(db: &DatabaseConnection, rows: impl IntoIterator<Item = ActiveModel>) {
    for row in rows {
        row.insert(db).await.unwrap();
    }
}

/// The line for a limit that lets one act at once.
async fn line_up(db: &DatabaseConnection, run_ids: &[&str]) {
    let line = (1..).zip(run_ids).map(|(ticket, id)| permits::ActiveModel {
        key: Set("door".to_owned()),
        run_id: Set((*id).to_owned()),
        ticket: Set(ticket),
        at_once: Set(1),
        since_ms: Set(0),
        holder: Set(None),
    });
    db.execute(Insert::many(line).as_query()).await.unwrap();
}

/// Who acts at that limit.
async fn first_in_line(db: &DatabaseConnection) -> String {
    let mut line = places(db, Some("door")).await.unwrap();
    let first = line.remove(0);
    assert_eq!(first.place, 0);
    first.run_id
}

async fn row(db: &DatabaseConnection, run_id: &str) -> Model {
    runs::show(db, run_id).await.unwrap().unwrap().run
}

fn reconciler(db: &DatabaseConnection, stub: &Stub) -> Reconciler {
    let client = Client::new(db.clone(), stub.url.clone()).unwrap();
    Reconciler::new(db.clone(), stub.url.clone(), client).unwrap()
}

fn did(sent: usize, closed: usize, stuck: usize) -> Pass {
    Pass {
        sent,
        closed,
        stuck,
    }
}

#[tokio::test]
async fn a_run_that_cannot_be_sent_does_not_hold_up_the_others() {
    on_every_database(|db| async move {
        let stub = Stub::start().await;
        stub.state().unregistered.push("nobodys");
        let garbled = ActiveModel {
            input: Set("no JSON".to_owned()),
            ..queued("run_garbled", "w")
        };
        let rows = [queued("run_1", "nobodys"), garbled, queued("run_2", "w")];
        insert(&db, rows).await;
        let reconciler = reconciler(&db, &stub);
        assert_eq!(reconciler.pass().await.unwrap(), did(1, 0, 2));
        assert_eq!(stub.state().sent, ["run_2"]);
        let unsent = row(&db, "run_1").await;
        let reason = unsent.stuck_reason.unwrap();
        assert!(reason.starts_with("cannot be sent to `"), "{reason}");
        assert!(reason.contains("`nobodys`"), "{reason}");
        assert_eq!(unsent.status, RunStatus::Queued);

        // Its worker comes.
        stub.state().unregistered.clear();
        assert_eq!(reconciler.pass().await.unwrap(), did(1, 0, 1));
        let sent = row(&db, "run_1").await;
        assert_eq!(sent.invocation_id.as_deref(), Some("inv_run_1"));
        assert_eq!(sent.stuck_reason, None);
    })
    .await;
}

#[tokio::test]
async fn only_a_queued_run_without_a_parent_is_sent() {
    on_every_database(|db| async move {
        let stub = Stub::start().await;
        let child = ActiveModel {
            parent_id: Set(Some("run_1".to_owned())),
            ..queued("run_1.1", "w")
        };
        let at_work = ActiveModel {
            status: Set(RunStatus::Waiting),
            ..queued("run_2", "w")
        };
        insert(&db, [child, at_work]).await;
        let pass = reconciler(&db, &stub).pass().await.unwrap();
        assert_eq!(pass, did(0, 0, 0));
        assert!(stub.state().sent.is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_run_is_gone_once_restate_was_without_it_for_long() {
    const PATIENCE: Duration = Duration::from_millis(300);
    on_every_database(|db| async move {
        let stub = Stub::start().await;
        insert(&db, [running("run_1")]).await;
        let reconciler = reconciler(&db, &stub).with_patience(PATIENCE);
        let known = json!({ "id": "inv_run_1", "status": "running" });

        assert_eq!(reconciler.pass().await.unwrap(), did(0, 0, 0));
        // It was there in between.
        stub.knows(vec![known]);
        reconciler.pass().await.unwrap();
        stub.knows(vec![]);
        tokio::time::sleep(PATIENCE).await;
        assert_eq!(reconciler.pass().await.unwrap(), did(0, 0, 0));
        // Restate was away in between.
        stub.state().failing = true;
        reconciler.pass().await.unwrap_err();
        stub.state().failing = false;
        tokio::time::sleep(PATIENCE).await;
        assert_eq!(reconciler.pass().await.unwrap(), did(0, 0, 0));
        assert_eq!(row(&db, "run_1").await.status, RunStatus::Running);

        tokio::time::sleep(PATIENCE).await;
        assert_eq!(reconciler.pass().await.unwrap(), did(0, 1, 0));
        let gone = row(&db, "run_1").await;
        assert_eq!(gone.status, RunStatus::Killed);
        assert_eq!(gone.error_code.as_deref(), Some("run_gone"));
    })
    .await;
}

#[tokio::test]
async fn a_held_run_is_not_stuck() {
    on_every_database(|db| async move {
        let stub = Stub::start().await;
        let held = ActiveModel {
            status: Set(RunStatus::Held),
            ..running("run_1")
        };
        insert(&db, [held]).await;
        let tried = json!({ "id": "inv_run_1", "status": "backing-off", "retry_count": 20 });
        stub.knows(vec![tried]);
        let pass = reconciler(&db, &stub).pass().await.unwrap();
        assert_eq!(pass, did(0, 0, 0));
        assert_eq!(row(&db, "run_1").await.stuck_reason, None);
    })
    .await;
}

#[tokio::test]
async fn a_stuck_run_is_stuck_until_it_gets_on() {
    on_every_database(|db| async move {
        let stub = Stub::start().await;
        insert(&db, [running("run_1"), running("run_2")]).await;
        let reconciler = reconciler(&db, &stub);
        let going = json!({ "id": "inv_run_2", "status": "running" });
        let paused = json!({ "id": "inv_run_1", "status": "paused", "last_failure": "a\0b" });
        stub.knows(vec![paused, going.clone()]);
        assert_eq!(reconciler.pass().await.unwrap(), did(0, 0, 1));
        let reason = row(&db, "run_1").await.stuck_reason;
        assert_eq!(reason.as_deref(), Some("paused by Restate: ab"));

        begin_again(&db, "run_1").await;
        assert_eq!(row(&db, "run_1").await.stuck_reason, reason);

        stub.knows(vec![
            json!({ "id": "inv_run_1", "status": "running" }),
            going,
        ]);
        assert_eq!(reconciler.pass().await.unwrap(), did(0, 0, 0));
        for run in ["run_1", "run_2"] {
            let run = row(&db, run).await;
            assert_eq!(run.stuck_reason, None);
            assert!(run.reconciled_at_ms.is_some());
        }
    })
    .await;
}

/// As Restate does each second with a run that fails.
async fn begin_again(db: &DatabaseConnection, run_id: &str) {
    let (history, writing) = HistoryWriter::start(db.clone(), "worker-1".to_owned());
    let started = RunStarted {
        run_id: run_id.to_owned(),
        workflow: "w".to_owned(),
        parent_id: None,
        input: "1".to_owned(),
        invocation_id: format!("inv_{run_id}"),
        worker: "worker-1".to_owned(),
        at: Timestamp::now(),
    };
    history.keep(Event::from(started)).await.unwrap();
    drop(history);
    writing.await.unwrap();
}

#[tokio::test]
async fn a_run_that_ends_during_the_pass_is_not_counted_as_closed_by_it() {
    on_every_database(|db| async move {
        let stub = Stub::start().await;
        insert(&db, [running("run_1")]).await;
        stub.knows(vec![json!({
            "id": "inv_run_1",
            "status": "completed",
            "completion_result": "success",
        })]);
        let end = "UPDATE runs SET status = 'completed', output = '2', ended_at_ms = 1";
        stub.state().meanwhile = Some((db.clone(), end));
        let pass = reconciler(&db, &stub).pass().await.unwrap();
        assert_eq!(pass, did(0, 0, 0));
        assert_eq!(row(&db, "run_1").await.error_code, None);
    })
    .await;
}

#[tokio::test]
async fn a_dead_run_gives_its_permit_back_however_long_the_line_behind_it_is() {
    on_every_database(|db| async move {
        let stub = Stub::start().await;
        let waiting: Vec<String> = (0..600).map(|number| format!("run_{number:03}")).collect();
        // Too young for the page of all runs, and behind the others wherever those are in order.
        let dead = ActiveModel {
            created_at_ms: Set(Timestamp::now().as_millisecond()),
            ..running("run_z")
        };
        let rows = waiting.iter().map(|id| running(id)).chain([dead]);
        db.execute(Insert::many(rows).as_query()).await.unwrap();
        let mut line = vec!["run_z"];
        line.extend(waiting.iter().map(String::as_str));
        line_up(&db, &line).await;
        let mut known: Vec<Value> = waiting
            .iter()
            .map(|id| json!({ "id": format!("inv_{id}"), "status": "suspended" }))
            .collect();
        known.push(json!({
            "id": "inv_run_z",
            "status": "completed",
            "completion_result": "failure",
            "completion_failure": "[409 Aborted] killed",
        }));
        stub.knows(known);
        let pass = reconciler(&db, &stub).pass().await.unwrap();
        assert_eq!(pass, did(0, 1, 0));
        assert_eq!(row(&db, "run_z").await.status, RunStatus::Killed);
        assert_eq!(first_in_line(&db).await, "run_000");
    })
    .await;
}

#[tokio::test]
async fn turns_are_given_although_rows_of_runs_cannot_be_written() {
    on_every_database(|db| async move {
        let stub = Stub::start().await;
        let ended = ActiveModel {
            status: Set(RunStatus::Killed),
            ended_at_ms: Set(Some(1)),
            ..running("run_1")
        };
        insert(&db, [ended, running("run_2")]).await;
        line_up(&db, &["run_1", "run_2"]).await;
        let asleep = waits::ActiveModel {
            id: Set("sign_1".to_owned()),
            run_id: Set("run_2".to_owned()),
            kind: Set(WaitKind::Permit),
            name: Set("door".to_owned()),
            key: Set(String::new()),
            since_ms: Set(0),
            ..Default::default()
        };
        asleep.insert(&db).await.unwrap();
        stub.knows(vec![json!({ "id": "inv_run_2", "status": "suspended" })]);
        let broken = "ALTER TABLE runs RENAME COLUMN reconciled_at_ms TO broken";
        stub.state().meanwhile = Some((db.clone(), broken));
        reconciler(&db, &stub).pass().await.unwrap_err();
        assert_eq!(first_in_line(&db).await, "run_2");
        let woken = stub.state().answered.pop().map(|(wait, _)| wait);
        assert_eq!(woken.as_deref(), Some("sign_1"));
    })
    .await;
}

#[tokio::test]
async fn a_pass_is_cut_off_when_the_reconciler_stops() {
    on_every_database(|db| async move {
        let stub = Stub::start().await;
        stub.state().silent = true;
        insert(&db, [running("run_1")]).await;
        let reconciler = reconciler(&db, &stub);
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        let every = Duration::from_millis(1);
        let passes = tokio::spawn(async move { reconciler.run(every, stopped).await });
        while stub.state().asked == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        stop.cancel();
        let ended = tokio::time::timeout(Duration::from_secs(5), passes).await;
        ended.unwrap().unwrap();
    })
    .await;
}
