//! The audit: one row for everything that was done or refused.

use jiff::Timestamp;
use sea_orm::{
    ActiveModelTrait as _, ColumnTrait as _, ConnectionTrait as _, DatabaseConnection,
    EntityTrait as _, Insert, QueryFilter as _, QueryOrder as _, QuerySelect as _, QueryTrait as _,
    Set,
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Actor, Applied, OperationError, Verb};
use crate::error::EngineError;
use crate::tables::operations::{ActiveModel, Column, Entity, Model};
use crate::tables::storable;

/// Rows of one statement.
const AT_ONCE: usize = 500;

pub(super) async fn keep(
    db: &DatabaseConnection,
    run_id: &str,
    verb: &Verb,
    by: &Actor,
    result: &Result<Applied, OperationError>,
) -> Result<(), EngineError> {
    row(run_id, verb, by, result)
        .insert(db)
        .await
        .map_err(EngineError::database("keep who did what"))?;
    Ok(())
}

/// Keeps who holds these runs. Only for a program that writes the holds of a database itself, before
/// anything runs on it; all others call [`Operations::apply`](super::Operations::apply).
///
/// # Errors
/// [`EngineError::Database`].
pub async fn keep_holds(
    db: &DatabaseConnection,
    run_ids: &[String],
    by: &Actor,
) -> Result<(), EngineError> {
    for some in run_ids.chunks(AT_ONCE) {
        let rows = some
            .iter()
            .map(|run_id| row(run_id, &Verb::Hold, by, &Ok(Applied::Held)));
        db.execute(Insert::many(rows).as_query())
            .await
            .map_err(EngineError::database("keep who holds the runs"))?;
    }
    Ok(())
}

fn row(
    run_id: &str,
    verb: &Verb,
    by: &Actor,
    result: &Result<Applied, OperationError>,
) -> ActiveModel {
    let result = match result {
        Ok(applied) => serde_json::to_value(applied).unwrap_or(Value::Null),
        Err(error) => json!({ "error": error.to_string() }),
    };
    ActiveModel {
        id: Set(Uuid::now_v7().simple().to_string()),
        at_ms: Set(Timestamp::now().as_millisecond()),
        who: Set(storable(by.who.clone())),
        why: Set(by.why.clone().map(storable)),
        verb: Set(verb.as_str().to_owned()),
        target: Set(storable(run_id.to_owned())),
        arguments: Set(serde_json::to_string(verb).unwrap_or_default()),
        result: Set(result.to_string()),
    }
}

/// What was done to a run, or to all runs, newest first.
///
/// # Errors
/// [`EngineError::Database`].
pub async fn history(
    db: &DatabaseConnection,
    run_id: Option<&str>,
    limit: u64,
) -> Result<Vec<Model>, EngineError> {
    let mut query = Entity::find();
    if let Some(run_id) = run_id {
        query = query.filter(Column::Target.eq(run_id));
    }
    query
        .order_by_desc(Column::AtMs)
        .order_by_desc(Column::Id)
        .limit(limit)
        .all(db)
        .await
        .map_err(EngineError::database("read who did what"))
}
