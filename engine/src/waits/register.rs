//! Leaving word of a wait, and looking whether it is answered already.

use jiff::Timestamp;
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ConnectionTrait as _, DatabaseConnection, EntityTrait as _, Insert, QueryTrait as _, Set,
};
use serde_json::Value;

use super::had;
use crate::controls::{Answer, NewWait};
use crate::error::EngineError;
use crate::tables::{WaitKind, storable, waits};
use crate::{events, limits, operations};

/// Writes the wait's row, then looks. A wait that is answered at once leaves no open row.
///
/// Done again, it changes until when the wait lasts: what the journal keeps is what the last one said.
pub(crate) async fn register(
    db: &DatabaseConnection,
    wait: NewWait,
) -> Result<Option<Answer>, EngineError> {
    let row = waits::ActiveModel {
        id: Set(wait.id.clone()),
        run_id: Set(wait.run_id.clone()),
        kind: Set(wait.kind),
        name: Set(storable(wait.name.clone())),
        key: Set(storable(wait.key.clone())),
        detail: Set(had::detail(&wait)),
        since_ms: Set(Timestamp::now().as_millisecond()),
        until_ms: Set(wait.until.map(Timestamp::as_millisecond)),
        ..Default::default()
    };
    let once = OnConflict::column(waits::Column::Id)
        .update_column(waits::Column::UntilMs)
        .to_owned();
    db.execute(Insert::one(row).on_conflict(once).as_query())
        .await
        .map_err(EngineError::database("keep for what the run waits"))?;
    let answer = answered_already(db, &wait).await?;
    if answer.is_some() {
        waits::Entity::delete_by_id(&wait.id)
            .exec(db)
            .await
            .map_err(EngineError::database("remove a wait that is over"))?;
    }
    Ok(answer)
}

async fn answered_already(
    db: &DatabaseConnection,
    wait: &NewWait,
) -> Result<Option<Answer>, EngineError> {
    let is_over = match wait.kind {
        WaitKind::Hold => !operations::is_held(db, &wait.run_id).await?,
        WaitKind::Permit => limits::has_turn(db, &wait.name, &wait.run_id).await?,
        WaitKind::Event => return events::look_back(db, wait).await,
        // A person answers these, who has to see them first.
        WaitKind::Park | WaitKind::Unknown => false,
    };
    Ok(is_over.then(|| Answer {
        by: "nobody".to_owned(),
        value: Value::Null,
    }))
}
