//! What is read back of a story, and where it is too short to go on from.

use sea_orm::{ActiveModelTrait as _, Database, Set};
use tempfile::TempDir;

use super::*;

const RUN: &str = "run_1";

async fn open() -> (TempDir, DatabaseConnection) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("runs.db");
    let db = Database::connect(format!("sqlite://{}?mode=rwc", file.display()))
        .await
        .unwrap();
    crate::migrate(&db).await.unwrap();
    (folder, db)
}

/// A step that is done.
async fn step(db: &DatabaseConnection, seq: i32) {
    let row = step_attempts::ActiveModel {
        run_id: Set(RUN.to_owned()),
        step: Set(format!("step_{seq}")),
        occurrence: Set(1),
        attempt: Set(1),
        output: Set(Some("1".to_owned())),
        cost_micro_usd: Set(0),
        executions: Set(1),
        seq: Set(Some(seq)),
        outcome: Set(Some("done".to_owned())),
        ..Default::default()
    };
    row.insert(db).await.unwrap();
}

/// Child runs, as their parent entered them.
async fn children(db: &DatabaseConnection, seq: i32, value: &Value) {
    let row = run_entries::ActiveModel {
        run_id: Set(RUN.to_owned()),
        seq: Set(seq),
        kind: Set(EntryKind::Children),
        name: Set("count".to_owned()),
        value: Set(Some(value.to_string())),
        at_ms: Set(1),
    };
    row.insert(db).await.unwrap();
}

/// The child run of this number.
async fn child(db: &DatabaseConnection, number: u32, status: RunStatus, output: Option<&str>) {
    let row = runs::ActiveModel {
        id: Set(format!("{RUN}.{number}")),
        workflow: Set("count".to_owned()),
        parent_id: Set(Some(RUN.to_owned())),
        status: Set(status),
        input: Set("1".to_owned()),
        output: Set(output.map(str::to_owned)),
        error_code: Set((status == RunStatus::Failed).then(|| "busy".to_owned())),
        created_at_ms: Set(1),
        ended_at_ms: Set((!status.is_open()).then_some(2)),
        ..Default::default()
    };
    row.insert(db).await.unwrap();
}

fn busy(kind: FailureKind) -> Failure {
    Failure {
        kind,
        code: "busy".to_owned(),
        step: None,
        error: String::new(),
    }
}

#[tokio::test]
async fn each_input_has_what_its_own_child_gave() {
    let (_folder, db) = open().await;
    child(&db, 1, RunStatus::Completed, Some("10")).await;
    child(&db, 2, RunStatus::Failed, None).await;
    child(&db, 3, RunStatus::Running, None).await;
    let (ten, seven) = (Some(Ok(json!(10))), Some(Ok(json!(7))));
    let failed = Some(Err(busy(FailureKind::Terminal)));
    let used_up = Some(Err(busy(FailureKind::Exhausted)));
    let cases = [
        // As it was written before some of the results could be known.
        (
            json!({ "runIds": ["run_1.1", "run_1.2", "run_1.3"] }),
            vec![ten.clone(), failed, None],
        ),
        (
            called(
                &[None, Some("run_1.1".to_owned()), Some("run_1.3".to_owned())],
                &[seven.clone(), None, None],
            ),
            vec![seven, ten.clone(), None],
        ),
        (
            given(&Gave::Children(vec![ten.clone(), used_up.clone(), None])),
            vec![ten, used_up, None],
        ),
        (given(&Gave::Children(vec![])), vec![]),
    ];
    for (seq, (value, _)) in (1..).zip(&cases) {
        children(&db, seq, value).await;
    }
    let read = read(&db, RUN).await.unwrap();
    assert_eq!(read.len(), cases.len());
    for (entry, (value, expected)) in read.into_iter().zip(cases) {
        assert_eq!(entry.gave, Gave::Children(expected), "{value}");
    }
}

fn point(value: Value) -> RerunPoint {
    serde_json::from_value(value).unwrap()
}

fn all() -> RerunPoint {
    point(json!({ "of": RUN }))
}

fn from(seq: u32) -> RerunPoint {
    point(json!({ "of": RUN, "from": { "seq": seq, "step": "step" } }))
}

fn behind(seq: u32) -> RerunPoint {
    RerunPoint {
        output: Some(json!(2)),
        ..from(seq)
    }
}

fn failed_children() -> RerunPoint {
    point(json!({ "of": RUN, "failedChildren": true }))
}

/// Leaves so many operations of the run.
async fn keep(db: &DatabaseConnection, operations: i32) {
    step_attempts::Entity::delete_many()
        .filter(step_attempts::Column::Seq.gt(operations))
        .exec(db)
        .await
        .unwrap();
    run_entries::Entity::delete_many()
        .filter(run_entries::Column::Seq.gt(operations))
        .exec(db)
        .await
        .unwrap();
}

#[tokio::test]
async fn nothing_goes_on_from_a_record_that_ends_before_the_point() {
    let (_folder, db) = open().await;
    step(&db, 1).await;
    let failed = Some(Err(busy(FailureKind::Terminal)));
    children(&db, 2, &given(&Gave::Children(vec![failed]))).await;
    step(&db, 3).await;
    // What is there, the point, and how much is taken over, or the place at which nothing is.
    let cases = [
        (3, all(), Ok(0)),
        (3, from(1), Ok(0)),
        (3, from(3), Ok(2)),
        (3, behind(3), Ok(3)),
        (3, failed_children(), Ok(2)),
        (1, from(1), Ok(0)),
        (1, from(3), Err(2)),
        (1, behind(3), Err(2)),
        (1, failed_children(), Err(1)),
        (0, all(), Ok(0)),
        (0, from(1), Ok(0)),
        (0, from(3), Err(1)),
        (0, behind(1), Ok(1)),
        (0, failed_children(), Err(1)),
    ];
    for (operations, point, expected) in cases {
        keep(&db, operations).await;
        let taken = match before(&db, &point).await {
            Ok(kept) => Ok(kept.len()),
            Err(EngineError::Gap { seq, .. }) => Err(seq),
            Err(error) => panic!("{error:?}"),
        };
        assert_eq!(taken, expected, "{operations} {point:?}");
    }
}
