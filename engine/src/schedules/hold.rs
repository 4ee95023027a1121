//! `hold`: the clock starts nothing more.

use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, Set};

use super::{ScheduleError, Schedules};
use crate::error::EngineError;
use crate::tables::schedules::{ActiveModel, Column, Entity};

impl Schedules {
    /// Holds the schedule; one that is held stays so. Runs that it started go on.
    ///
    /// # Errors
    /// [`ScheduleError::Unknown`], or [`EngineError::Database`].
    pub async fn hold(&self, name: &str) -> Result<(), ScheduleError> {
        let held = ActiveModel {
            held: Set(true),
            ..Default::default()
        };
        let written = Entity::update_many()
            .set(held)
            .filter(Column::Name.eq(name))
            .exec(&self.db)
            .await
            .map_err(EngineError::database("hold the schedule"))?;
        match written.rows_affected {
            0 => Err(self.unknown(name).await),
            _ => Ok(()),
        }
    }
}
