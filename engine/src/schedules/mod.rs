//! Schedules: workflows that start by the clock. A schedule is a row in the database, so it is
//! created, held, released, triggered and removed while everything runs.
//!
//! A tick starts a run whose key is made from the schedule's name and the tick's instant. Any number of
//! [`Ticker`]s may look at the same schedules: the key is started once, whoever comes first, and the
//! row's cursor moves by compare-and-set once the run's row is there.
//!
//! When exactly a schedule ticks, also where the clocks change, is said in [`Calendar`]. A tick that no
//! ticker comes to within a minute is missed: [`Missed`](crate::tables::Missed) says what is done about it.

mod calendar;
mod create;
mod due;
mod error;
mod hold;
mod release;
mod remove;
mod show;
mod start;
mod suggestion;
mod ticker;
mod trigger;

pub use calendar::Calendar;
pub use create::NewSchedule;
pub use error::ScheduleError;
pub use show::{Details, Next};
pub use ticker::{Pass, Ticker};
pub use trigger::Triggered;

use sea_orm::{DatabaseConnection, EntityTrait as _, QueryOrder as _, QuerySelect as _};

use self::suggestion::did_you_mean;
use crate::error::EngineError;
use crate::tables::schedules::{Column, Entity, Model};

/// The schedules of one database: one file beside this one per operation.
#[derive(Debug, Clone)]
pub struct Schedules {
    db: DatabaseConnection,
}

impl Schedules {
    /// The schedules in `db`.
    #[must_use]
    pub fn new(db: DatabaseConnection) -> Self {
        Self { db }
    }

    async fn row(&self, name: &str) -> Result<Model, ScheduleError> {
        let row = Entity::find_by_id(name)
            .one(&self.db)
            .await
            .map_err(EngineError::database("read the schedule"))?;
        match row {
            Some(row) => Ok(row),
            None => Err(self.unknown(name).await),
        }
    }

    /// Why nothing was done to the schedule: there is none of that name.
    async fn unknown(&self, name: &str) -> ScheduleError {
        let names = Entity::find()
            .select_only()
            .column(Column::Name)
            .order_by_asc(Column::Name)
            .into_tuple::<String>()
            .all(&self.db)
            .await;
        match names {
            Ok(names) => ScheduleError::Unknown {
                name: name.to_owned(),
                suggestion: did_you_mean(name, names.iter().map(String::as_str)),
            },
            Err(source) => EngineError::database("list schedules")(source).into(),
        }
    }
}
