//! What people do to runs, as far as our tables decide it, on every database.

use crate::database::on_every_database;
use crate::stub::Stub;
use engine::operations::{Applied, OperationError, Rerun, Verb, reruns_of};
use engine::tables::{RunStatus, runs};
use engine::{Actor, Client, EngineError, Operations, Registry};
use sea_orm::{ActiveModelTrait as _, ConnectionTrait as _, DatabaseConnection, Set};

/// With a stub of Restate that takes every run.
async fn operations(db: &DatabaseConnection) -> (Operations, Stub) {
    let stub = Stub::start().await;
    let client = Client::new(db.clone(), stub.url.clone()).unwrap();
    let registry = Registry::new();
    let operations = Operations::new(db.clone(), client, stub.url.clone(), registry).unwrap();
    (operations, stub)
}

fn row(id: &str, status: RunStatus) -> runs::ActiveModel {
    runs::ActiveModel {
        id: Set(id.to_owned()),
        workflow: Set("w".to_owned()),
        status: Set(status),
        input: Set("1".to_owned()),
        created_at_ms: Set(1),
        ended_at_ms: Set((!status.is_open()).then_some(2)),
        ..Default::default()
    }
}

/// A run that goes on from another one.
fn again(id: &str, status: RunStatus, of: &str) -> runs::ActiveModel {
    runs::ActiveModel {
        rerun_of: Set(Some(of.to_owned())),
        ..row(id, status)
    }
}

async fn apply(
    operations: &Operations,
    run_id: &str,
    verb: Verb,
) -> Result<Applied, OperationError> {
    let by = Actor {
        who: "ada".to_owned(),
        why: None,
    };
    operations.apply(run_id, &verb, &by).await
}

async fn rerun(operations: &Operations, run_id: &str) -> Result<Applied, OperationError> {
    apply(operations, run_id, Verb::Rerun(Rerun::default())).await
}

#[tokio::test]
async fn of_many_who_rerun_a_run_at_once_one_does() {
    on_every_database(|db| async move {
        let (operations, stub) = operations(&db).await;
        row("run_1", RunStatus::Failed).insert(&db).await.unwrap();
        let all = (0..8).map(|_| rerun(&operations, "run_1"));
        let (started, refused): (Vec<_>, Vec<_>) = futures::future::join_all(all)
            .await
            .into_iter()
            .partition(Result::is_ok);
        let reruns = reruns_of(&db, "run_1").await.unwrap();
        assert_eq!((started.len(), reruns.len()), (1, 1), "{refused:?}");
        assert_eq!(stub.state().sent, [reruns[0].id.as_str()]);
        for result in refused {
            let error = result.unwrap_err();
            let OperationError::StillOpen { run_id, .. } = &error else {
                panic!("{error:?}");
            };
            assert_eq!(*run_id, reruns[0].id);
        }

        let ended = runs::ActiveModel {
            id: Set(reruns[0].id.clone()),
            status: Set(RunStatus::Failed),
            ended_at_ms: Set(Some(3)),
            ..Default::default()
        };
        ended.update(&db).await.unwrap();
        rerun(&operations, "run_1").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_run_is_not_rerun_beside_one_that_began_with_the_same() {
    on_every_database(|db| async move {
        let (operations, _stub) = operations(&db).await;
        let rows = [
            row("run_1", RunStatus::Failed),
            again("run_2", RunStatus::Failed, "run_1"),
            again("run_3", RunStatus::Killed, "run_1"),
            again("run_4", RunStatus::Parked, "run_3"),
            // The one with which these began was removed.
            again("run_6", RunStatus::Waiting, "run_5"),
            again("run_7", RunStatus::Failed, "run_5"),
            again("run_9", RunStatus::Failed, "run_8"),
            row("run_10", RunStatus::Failed),
        ];
        for row in rows {
            row.insert(&db).await.unwrap();
        }
        let cases = [
            ("run_1", Some("run_4")),
            ("run_2", Some("run_4")),
            ("run_3", Some("run_4")),
            ("run_4", Some("run_4")),
            ("run_7", Some("run_6")),
            ("run_9", None),
            ("run_10", None),
        ];
        for (run_id, open) in cases {
            let refused = match rerun(&operations, run_id).await {
                Ok(_) => None,
                Err(OperationError::StillOpen { run_id, .. }) => Some(run_id),
                Err(error) => panic!("{run_id}: {error:?}"),
            };
            assert_eq!(refused.as_deref(), open, "{run_id}");
        }
    })
    .await;
}

#[tokio::test]
async fn what_was_done_is_done_although_the_audit_is_away() {
    on_every_database(|db| async move {
        let (operations, _stub) = operations(&db).await;
        for (id, status) in [("run_1", RunStatus::Waiting), ("run_2", RunStatus::Failed)] {
            row(id, status).insert(&db).await.unwrap();
        }
        let away = "ALTER TABLE operations RENAME TO operations_away";
        db.execute_unprepared(away).await.unwrap();
        let held = apply(&operations, "run_1", Verb::Hold).await;
        assert_eq!(held.unwrap(), Applied::Held);
        let refused = apply(&operations, "run_2", Verb::Hold).await.unwrap_err();
        let is_audit = matches!(
            &refused,
            OperationError::Engine(EngineError::Database { operation, .. })
                if *operation == "keep who did what"
        );
        assert!(is_audit, "{refused:?}");
    })
    .await;
}
