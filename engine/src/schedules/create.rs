//! `create`: a new schedule, once everything about it is known to be possible.

use jiff::Timestamp;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ConnectionTrait as _, Insert, QueryTrait as _, Set};
use serde_json::Value;

use super::suggestion::did_you_mean;
use super::{Calendar, Details, ScheduleError, Schedules};
use crate::error::EngineError;
use crate::registry::Registry;
use crate::tables::Missed;
use crate::tables::schedules::{ActiveModel, Column};

/// Most missed ticks that are caught up together: each is a run, and all are started at once.
const CATCH_UP_MOST: u32 = 1_000;
/// Longest name, in characters: it is part of the key of every run.
const LONGEST_NAME: usize = 100;

/// A schedule as it is asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct NewSchedule {
    /// Its name: `measure_batch`, `sync.audio_trends`.
    pub name: String,
    /// The workflow that it starts.
    pub workflow: String,
    /// What each run is given.
    pub input: Value,
    /// When: five fields, see [`Calendar`].
    pub cron: String,
    /// IANA's name of the zone whose clocks count.
    pub time_zone: String,
    /// What is done about missed ticks.
    pub missed: Missed,
    /// The most missed ticks that are caught up together, 1 to 1,000. Nothing under [`Missed::Skip`].
    pub catch_up_max: u32,
}

impl Schedules {
    /// Creates the schedule. Its first tick is the first one after `now`.
    ///
    /// # Errors
    /// [`ScheduleError`], which says what of it cannot be; also when there is one of that name.
    pub async fn create(
        &self,
        registry: &Registry,
        new: NewSchedule,
        now: Timestamp,
    ) -> Result<Details, ScheduleError> {
        let name = new.name.clone();
        let row = row(registry, new, now)?;
        let once = OnConflict::column(Column::Name).do_nothing().to_owned();
        let inserted = self
            .db
            .execute(Insert::one(row).on_conflict(once).as_query())
            .await
            .map_err(EngineError::database("create the schedule"))?;
        if inserted.rows_affected() == 0 {
            return Err(ScheduleError::Exists { name });
        }
        self.show(&name, now).await
    }
}

fn row(
    registry: &Registry,
    new: NewSchedule,
    now: Timestamp,
) -> Result<ActiveModel, ScheduleError> {
    if !is_name(&new.name) {
        return Err(ScheduleError::Name { name: new.name });
    }
    check_workflow(registry, &new.workflow)?;
    registry
        .check_input(&new.workflow, &new.input)
        .map_err(ScheduleError::Input)?;
    let calendar = Calendar::parse(&new.cron, &new.time_zone)?;
    // One that never ticks is a mistake.
    calendar.next_after(now)?;
    Ok(ActiveModel {
        name: Set(new.name),
        workflow: Set(new.workflow),
        input: Set(new.input.to_string()),
        time_zone: Set(calendar
            .zone()
            .iana_name()
            .unwrap_or(&new.time_zone)
            .to_owned()),
        cron: Set(calendar.cron),
        missed: Set(new.missed),
        catch_up_max: Set(catch_up_max(new.missed, new.catch_up_max)?),
        held: Set(false),
        created_at_ms: Set(now.as_millisecond()),
        last_tick_ms: Set(now.as_millisecond()),
        ..Default::default()
    })
}

/// Words of small letters, digits and `_`, with dots between them.
fn is_name(name: &str) -> bool {
    let of_a_word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let is_word = |word: &str| !word.is_empty() && word.chars().all(of_a_word);
    name.len() <= LONGEST_NAME && name.split('.').all(is_word)
}

fn check_workflow(registry: &Registry, workflow: &str) -> Result<(), ScheduleError> {
    let known: Vec<&str> = registry.workflow_names().collect();
    if known.contains(&workflow) {
        return Ok(());
    }
    Err(ScheduleError::UnknownWorkflow {
        workflow: workflow.to_owned(),
        suggestion: did_you_mean(workflow, known.iter().copied()),
        known: known.join(", "),
    })
}

fn catch_up_max(missed: Missed, given: u32) -> Result<i32, ScheduleError> {
    if missed == Missed::Skip {
        return Ok(0);
    }
    match i32::try_from(given) {
        Ok(max) if (1..=CATCH_UP_MOST).contains(&given) => Ok(max),
        _ => Err(ScheduleError::CatchUpMax {
            given,
            most: CATCH_UP_MOST,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_small_words_with_dots_between() {
        for name in ["measure_batch", "sync.audio_trends", "a", "7.x"] {
            assert!(is_name(name), "{name}");
        }
        let long = "x".repeat(LONGEST_NAME + 1);
        for name in ["", ".", "a.", "A", "a-b", "a/b", "ä", "a b", &long] {
            assert!(!is_name(name), "{name}");
        }
    }

    #[test]
    fn no_more_is_caught_up_than_can_be_started_together() {
        assert_eq!(catch_up_max(Missed::CatchUp, 1_000).unwrap(), 1_000);
        assert_eq!(catch_up_max(Missed::Skip, 7).unwrap(), 0);
        for given in [0, 1_001, u32::MAX] {
            catch_up_max(Missed::CatchUp, given).unwrap_err();
        }
    }
}
