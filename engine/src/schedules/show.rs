//! `list` and `show`: schedules with their next ticks.

use jiff::{Timestamp, Zoned};
use sea_orm::{EntityTrait as _, QueryOrder as _};
use serde::Serialize;

use super::{Calendar, ScheduleError, Schedules};
use crate::error::EngineError;
use crate::tables::schedules::{Column, Entity, Model};

/// Ticks that `show` looks ahead.
const SHOWN: usize = 5;
/// Ticks that `list` looks ahead.
const LISTED: usize = 1;

/// A schedule and what comes next.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Details {
    /// Its row.
    pub schedule: Model,
    /// Its next ticks, the first one first. A held schedule has them, too: they come if it is
    /// released in time.
    pub next: Vec<Next>,
    /// Why it has none, or fewer.
    pub problem: Option<String>,
}

/// A tick to come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Next {
    /// The instant.
    pub utc: Timestamp,
    /// What the clocks of the schedule's zone show then (RFC 9557).
    pub local: Zoned,
}

impl Schedules {
    /// All schedules by name, each with its next tick after `now`.
    ///
    /// # Errors
    /// [`EngineError::Database`].
    pub async fn list(&self, now: Timestamp) -> Result<Vec<Details>, ScheduleError> {
        let rows = Entity::find()
            .order_by_asc(Column::Name)
            .all(&self.db)
            .await
            .map_err(EngineError::database("list schedules"))?;
        Ok(rows
            .into_iter()
            .map(|row| details(row, now, LISTED))
            .collect())
    }

    /// One schedule with its next five ticks after `now`.
    ///
    /// # Errors
    /// [`ScheduleError::Unknown`], or [`EngineError::Database`].
    pub async fn show(&self, name: &str, now: Timestamp) -> Result<Details, ScheduleError> {
        let row = self.row(name).await?;
        Ok(details(row, now, SHOWN))
    }
}

fn details(schedule: Model, now: Timestamp, most: usize) -> Details {
    let mut next = Vec::new();
    let problem = look_ahead(&schedule, now, most, &mut next).err();
    Details {
        schedule,
        next,
        problem: problem.map(|error| error.to_string()),
    }
}

fn look_ahead(
    schedule: &Model,
    now: Timestamp,
    most: usize,
    next: &mut Vec<Next>,
) -> Result<(), ScheduleError> {
    let calendar = Calendar::parse(&schedule.cron, &schedule.time_zone)?;
    let mut tick = now;
    while next.len() < most {
        tick = calendar.next_after(tick)?;
        next.push(Next {
            utc: tick,
            local: tick.to_zoned(calendar.zone().clone()),
        });
    }
    Ok(())
}
