//! Starting a run of a schedule, so that it can be found by the schedule's name.

use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ColumnTrait as _, ConnectionTrait as _, DatabaseConnection, EntityTrait as _, Insert,
    QueryFilter as _, QueryTrait as _, Set,
};

use crate::client::Client;
use crate::error::EngineError;
use crate::tables::schedules::Model;
use crate::tables::{run_tags, runs};

/// The tag of every run that a schedule started; its value is the schedule's name.
const TAG: &str = "schedule";

/// A run whose row is there.
pub(super) struct Begun {
    pub(super) run_id: String,
    /// Why Restate has not confirmed it; the reconciler sends it then.
    pub(super) unsent: Option<EngineError>,
}

/// Starts the run with this key unless it was started before. Only a run that could not even be queued
/// is an error.
pub(super) async fn begin(
    db: &DatabaseConnection,
    client: &Client,
    schedule: &Model,
    key: &str,
) -> Result<Begun, EngineError> {
    let input = serde_json::from_str(&schedule.input).map_err(|source| EngineError::Decode {
        what: format!("the input of schedule {}", schedule.name),
        as_type: "JSON",
        source,
    })?;
    let started = client.start_named(&schedule.workflow, key, input).await;
    let begun = match started {
        Ok(started) => Begun {
            run_id: started.run_id,
            unsent: None,
        },
        Err(error) => match queued(db, &schedule.workflow, key).await? {
            Some(run_id) => Begun {
                run_id,
                unsent: Some(error),
            },
            None => return Err(error),
        },
    };
    tag(db, &begun.run_id, &schedule.name).await?;
    Ok(begun)
}

/// The run with this key, if its row is there.
async fn queued(
    db: &DatabaseConnection,
    workflow: &str,
    key: &str,
) -> Result<Option<String>, EngineError> {
    let run = runs::Entity::find()
        .filter(runs::Column::Workflow.eq(workflow))
        .filter(runs::Column::Key.eq(key))
        .one(db)
        .await
        .map_err(EngineError::database("read the run that was queued"))?;
    Ok(run.map(|run| run.id))
}

async fn tag(db: &DatabaseConnection, run_id: &str, schedule: &str) -> Result<(), EngineError> {
    let row = run_tags::ActiveModel {
        run_id: Set(run_id.to_owned()),
        key: Set(TAG.to_owned()),
        value: Set(schedule.to_owned()),
    };
    let once = OnConflict::columns([run_tags::Column::RunId, run_tags::Column::Key])
        .do_nothing()
        .to_owned();
    db.execute(Insert::one(row).on_conflict(once).as_query())
        .await
        .map_err(EngineError::database("tag the run with its schedule"))?;
    Ok(())
}
