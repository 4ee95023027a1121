//! Waits: what runs wait for outside of their steps, in one table, and the one way to answer them.
//!
//! An answer is a row before it is sent to Restate, and the first one counts. Both sides look after
//! they have written (who waits for an answer that is there already, who answers for a wait that is
//! there already), so at least one of them sees the other.

mod answer;
mod had;
mod register;

pub(crate) use answer::{Given, answer, redeliver, resolve_turns};
pub(crate) use had::has_had;
pub(crate) use register::register;

use sea_orm::{
    ColumnTrait as _, DatabaseConnection, EntityTrait as _, QueryFilter as _, QueryOrder as _,
};

use crate::error::EngineError;
use crate::tables::waits::{Column, Entity, Model};

/// The waits of a run, oldest first, those that were answered among them.
///
/// # Errors
/// [`EngineError::Database`].
pub async fn of_run(db: &DatabaseConnection, run_id: &str) -> Result<Vec<Model>, EngineError> {
    Entity::find()
        .filter(Column::RunId.eq(run_id))
        .order_by_asc(Column::SinceMs)
        .all(db)
        .await
        .map_err(EngineError::database("read what the run waits for"))
}

#[cfg(test)]
mod tests;
