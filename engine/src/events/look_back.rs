//! What came before somebody waited for it.

use sea_orm::{
    ColumnTrait as _, DatabaseConnection, EntityTrait as _, QueryFilter as _, QueryOrder as _,
};

use super::dispatch::answer_of;
use crate::controls::{Answer, NewWait, lineage};
use crate::error::EngineError;
use crate::tables::{engine_events, runs};

/// The first event of the wait's name and key that came since the run was asked for, and that the run
/// has not had yet.
pub(crate) async fn look_back(
    db: &DatabaseConnection,
    wait: &NewWait,
) -> Result<Option<Answer>, EngineError> {
    let failed = || EngineError::database("look for an event that came before");
    // The row of a child run may not be written yet; that of the first run is there.
    let first = lineage(&wait.run_id).last().unwrap_or(&wait.run_id);
    let run = runs::Entity::find_by_id(first)
        .one(db)
        .await
        .map_err(failed())?;
    let since = run.map_or(0, |run| run.created_at_ms);
    let event = engine_events::Entity::find()
        .filter(engine_events::Column::Name.eq(&wait.name))
        .filter(engine_events::Column::Key.eq(&wait.key))
        .filter(engine_events::Column::AcceptedAtMs.gte(since))
        .filter(engine_events::Column::Id.is_not_in(&wait.had))
        .order_by_asc(engine_events::Column::AcceptedAtMs)
        .one(db)
        .await
        .map_err(failed())?;
    event
        .map(|event| {
            let data = serde_json::from_str(&event.data).map_err(|source| EngineError::Decode {
                what: format!("the data of event {}", event.id),
                as_type: "JSON",
                source,
            })?;
            Ok(answer_of(&event, data))
        })
        .transpose()
}
