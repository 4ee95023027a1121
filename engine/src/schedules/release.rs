//! `release`: the clock starts runs again.

use jiff::Timestamp;
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, Set};

use super::{ScheduleError, Schedules};
use crate::error::EngineError;
use crate::tables::Missed;
use crate::tables::schedules::{ActiveModel, Column, Entity};

impl Schedules {
    /// Releases the schedule. Ticks of the time in which it was held are passed over, or caught up by
    /// the next pass of a ticker, as [`Missed`] says. One that is not held stays as it is.
    ///
    /// # Errors
    /// [`ScheduleError::Unknown`], or [`EngineError::Database`].
    pub async fn release(&self, name: &str, now: Timestamp) -> Result<(), ScheduleError> {
        let row = self.row(name).await?;
        let mut released = ActiveModel {
            held: Set(false),
            ..Default::default()
        };
        if row.missed == Missed::Skip {
            released.last_tick_ms = Set(row.last_tick_ms.max(now.as_millisecond()));
        }
        Entity::update_many()
            .set(released)
            .filter(Column::Name.eq(name))
            .filter(Column::Held.eq(true))
            .exec(&self.db)
            .await
            .map_err(EngineError::database("release the schedule"))?;
        Ok(())
    }
}
