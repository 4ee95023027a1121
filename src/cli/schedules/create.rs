//! `flywheel schedules create NAME --workflow W --cron "…"`: a new schedule.

use clap::Args;
use engine::schedules::{NewSchedule, Schedules};
use engine::tables::Missed;
use jiff::Timestamp;
use schema::DatabaseConnection;
use serde_json::Value;

use super::{for_person, show};
use crate::cli::Ended;
use crate::setup::Setup;

/// Missed ticks that are caught up if nobody says how many.
const CATCH_UP: u32 = 10;

/// Arguments of `schedules create`.
#[derive(Debug, Args)]
#[command(
    after_help = "Where the clocks of the time zone change: a schedule whose hours leave one out (`30 2 * * *`) ticks \
once for each time of day, at the first instant after the jump if the hour does not exist, in the first \
hour if it exists twice. One whose hours are all (`*/15 * * * *`) ticks whenever the clocks show the time."
)]
pub(in crate::cli) struct Create {
    /// Its name: words of a-z, 0-9 and _, with dots between them
    name: String,
    /// The workflow that it starts
    #[arg(long)]
    workflow: String,
    /// When: minute, hour, day of month, month, day of week ("0 */6 * * *": every six hours)
    #[arg(long, value_name = "FIELDS")]
    cron: String,
    /// IANA's name of the time zone whose clocks count
    #[arg(long, default_value = "UTC", value_name = "ZONE")]
    time_zone: String,
    /// What each run is given
    #[arg(long, default_value = "null", value_name = "JSON", value_parser = json)]
    input: Value,
    /// What becomes of ticks that came while nothing ran: `skip`, or `catch-up:N` for the newest N of
    /// them (10 without N)
    #[arg(long, default_value = "skip", value_name = "skip|catch-up[:N]", value_parser = on_missed)]
    missed: OnMissed,
}

/// What is done about missed ticks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct OnMissed {
    missed: Missed,
    catch_up_max: u32,
}

impl Create {
    pub(super) async fn run(
        self,
        setup: &Setup,
        db: DatabaseConnection,
        now: Timestamp,
        json: bool,
    ) -> anyhow::Result<Ended> {
        let registry = setup.registry(setup.browser(false)?, db.clone())?;
        let created = Schedules::new(db)
            .create(&registry, self.into_new(), now)
            .await
            .map_err(for_person)?;
        show::details(&created, json)
    }

    fn into_new(self) -> NewSchedule {
        NewSchedule {
            name: self.name,
            workflow: self.workflow,
            input: self.input,
            cron: self.cron,
            time_zone: self.time_zone,
            missed: self.missed.missed,
            catch_up_max: self.missed.catch_up_max,
        }
    }
}

fn json(text: &str) -> Result<Value, serde_json::Error> {
    serde_json::from_str(text)
}

fn on_missed(text: &str) -> Result<OnMissed, String> {
    let caught_up = |catch_up_max| OnMissed {
        missed: Missed::CatchUp,
        catch_up_max,
    };
    match text.split_once(':') {
        None if text == "skip" => Ok(OnMissed {
            missed: Missed::Skip,
            catch_up_max: 0,
        }),
        None if text == "catch-up" => Ok(caught_up(CATCH_UP)),
        Some(("catch-up", most)) => most
            .parse()
            .map(caught_up)
            .map_err(|error| format!("`{most}` is no number of ticks: {error}")),
        _ => Err("there are skip, catch-up and catch-up:N".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missed_ticks_are_skipped_or_caught_up_by_number() {
        let read = |text| on_missed(text).map(|on| (on.missed, on.catch_up_max));
        assert_eq!(read("skip"), Ok((Missed::Skip, 0)));
        assert_eq!(read("catch-up"), Ok((Missed::CatchUp, CATCH_UP)));
        assert_eq!(read("catch-up:3"), Ok((Missed::CatchUp, 3)));
        for wrong in ["", "skip:3", "catch-up:", "catch-up:x", "catch_up"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
