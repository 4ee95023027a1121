//! The schedules that a database begins with. From then on they are people's: what is held stays held,
//! and what is removed does not come back.

use engine::Registry;
use engine::schedules::{NewSchedule, ScheduleError, Schedules};
use engine::tables::Missed;
use jiff::Timestamp;
use schema::{DatabaseConnection, made_once};
use serde_json::json;

/// By this name a database knows that it had the schedule.
const BATCH: &str = "schedule/measure_batch";

/// Makes them, unless the database had them before. A schedule of the same name that somebody else
/// made stays as it is.
pub(crate) async fn make(db: &DatabaseConnection, registry: &Registry) -> anyhow::Result<()> {
    if made_once::is_made(db, BATCH).await? {
        return Ok(());
    }
    let now = Timestamp::now();
    let schedules = Schedules::new(db.clone());
    match schedules.create(registry, batch(), now).await {
        Ok(made) => tracing::info!(
            schedule = made.schedule.name,
            cron = made.schedule.cron,
            "The database begins with a schedule."
        ),
        Err(ScheduleError::Exists { .. }) => {}
        Err(error) => return Err(error.into()),
    }
    made_once::made(db, BATCH, now).await?;
    Ok(())
}

/// Fifty posts every six hours, four at once. A batch that was missed is made up for by the next one,
/// which takes the most overdue posts first.
fn batch() -> NewSchedule {
    NewSchedule {
        name: "measure_batch".to_owned(),
        workflow: "measure_batch".to_owned(),
        input: json!({ "size": 50, "atOnce": 4 }),
        cron: "0 */6 * * *".to_owned(),
        time_zone: "UTC".to_owned(),
        missed: Missed::Skip,
        catch_up_max: 0,
    }
}

#[cfg(test)]
mod tests {
    use engine::{Failure, Workflow, WorkflowContext};
    use serde_json::Value;
    use tempfile::TempDir;

    use super::*;

    /// Only its name counts here.
    struct Batch;

    impl Workflow for Batch {
        const NAME: &'static str = "measure_batch";
        type Input = Value;
        type Output = Value;

        async fn run(&self, _cx: &WorkflowContext<'_>, input: Value) -> Result<Value, Failure> {
            Ok(input)
        }
    }

    async fn database() -> (TempDir, DatabaseConnection) {
        let folder = tempfile::tempdir().unwrap();
        let url = schema::sqlite_url(&folder.path().join("flywheel.db")).unwrap();
        let db = schema::connect(&url).await.unwrap();
        crate::setup::migrate(&db).await.unwrap();
        (folder, db)
    }

    async fn crons(db: &DatabaseConnection) -> Vec<String> {
        let listed = Schedules::new(db.clone()).list(Timestamp::now()).await;
        let listed = listed.unwrap();
        listed.into_iter().map(|made| made.schedule.cron).collect()
    }

    #[tokio::test]
    async fn a_database_begins_with_the_batch_which_stays_away_once_it_is_removed() {
        let (_folder, db) = database().await;
        let registry = Registry::new().workflow(Batch);
        for _start in 0..2 {
            make(&db, &registry).await.unwrap();
            assert_eq!(crons(&db).await, ["0 */6 * * *"]);
        }
        let schedules = Schedules::new(db.clone());
        schedules.remove("measure_batch").await.unwrap();
        make(&db, &registry).await.unwrap();
        assert!(crons(&db).await.is_empty());
    }

    #[tokio::test]
    async fn a_batch_that_somebody_else_scheduled_stays_as_it_is() {
        let (_folder, db) = database().await;
        let registry = Registry::new().workflow(Batch);
        let theirs = NewSchedule {
            cron: "30 4 * * *".to_owned(),
            ..batch()
        };
        let schedules = Schedules::new(db.clone());
        let created = schedules.create(&registry, theirs, Timestamp::now()).await;
        created.unwrap();
        make(&db, &registry).await.unwrap();
        assert_eq!(crons(&db).await, ["30 4 * * *"]);
    }
}
