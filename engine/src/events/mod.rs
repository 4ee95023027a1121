//! Events: what other systems tell us. Each starts the workflows that the table of [`Trigger`]s names
//! for it, and is delivered to the runs that wait for it.
//!
//! An event is a row before anything is done, and is dispatched again, with the same keys, until all
//! of it is done. The same id is the same event. One whose data is no input of what it would start is
//! refused, and not kept. If another version of the program took it, it stays, with the reason in its
//! row, and starts nothing until its data is an input again.

mod dispatch;
mod look_back;
mod send;
mod trigger;

pub(crate) use dispatch::redispatch;
pub(crate) use look_back::{first_asked_for, look_back};
pub use send::{NewEvent, SentEvent};
pub use trigger::Trigger;

use sea_orm::{DatabaseConnection, EntityTrait as _, QueryOrder as _, QuerySelect as _};

use crate::error::EngineError;
use crate::tables::engine_events::{Column, Entity, Model};

/// The newest events.
///
/// # Errors
/// [`EngineError::Database`].
pub async fn list(db: &DatabaseConnection, limit: u64) -> Result<Vec<Model>, EngineError> {
    Entity::find()
        .order_by_desc(Column::AcceptedAtMs)
        .order_by_desc(Column::Id)
        .limit(limit)
        .all(db)
        .await
        .map_err(EngineError::database("list events"))
}
