//! `remove`: the schedule is gone; its runs stay.

use sea_orm::EntityTrait as _;

use super::{ScheduleError, Schedules};
use crate::error::EngineError;
use crate::tables::schedules::Entity;

impl Schedules {
    /// Removes the schedule. Runs that it started go on, and are found by their tag as before.
    ///
    /// # Errors
    /// [`ScheduleError::Unknown`], or [`EngineError::Database`].
    pub async fn remove(&self, name: &str) -> Result<(), ScheduleError> {
        let removed = Entity::delete_by_id(name)
            .exec(&self.db)
            .await
            .map_err(EngineError::database("remove the schedule"))?;
        match removed.rows_affected {
            0 => Err(self.unknown(name).await),
            _ => Ok(()),
        }
    }
}
