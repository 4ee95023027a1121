//! How a step ended lately, on every database.

use crate::database::on_every_database;
use engine::outcomes;
use engine::tables::step_attempts::ActiveModel;
use sea_orm::{ActiveModelTrait as _, DatabaseConnection, Set};

/// An attempt of `step` that ended then, or has not ended.
fn attempt(run_id: &str, step: &str, ended_at_ms: Option<i64>) -> ActiveModel {
    ActiveModel {
        run_id: Set(run_id.to_owned()),
        step: Set(step.to_owned()),
        occurrence: Set(1),
        attempt: Set(1),
        ended_at_ms: Set(ended_at_ms),
        ending: Set(ended_at_ms.map(|_| "done".to_owned())),
        cost_micro_usd: Set(0),
        executions: Set(1),
        ..Default::default()
    }
}

async fn last_runs(db: &DatabaseConnection, step: &str, n: u64) -> Vec<String> {
    let attempts = outcomes::last(db, step, n).await.unwrap();
    attempts.into_iter().map(|attempt| attempt.run_id).collect()
}

#[tokio::test]
async fn the_last_ended_attempts_of_a_step_come_newest_first() {
    on_every_database(|db| async move {
        for row in [
            attempt("run_1", "scrape", Some(10)),
            attempt("run_2", "scrape", Some(30)),
            attempt("run_3", "scrape", Some(20)),
            attempt("run_4", "scrape", None),
            attempt("run_5", "analyze", Some(40)),
        ] {
            row.insert(&db).await.unwrap();
        }
        assert_eq!(last_runs(&db, "scrape", 2).await, ["run_2", "run_3"]);
        assert_eq!(last_runs(&db, "scrape", 20).await.len(), 3);
        assert!(last_runs(&db, "critique", 20).await.is_empty());
    })
    .await;
}
