//! What is to be done about the ticks of a schedule that have come.

use jiff::{SignedDuration, Timestamp};

use super::{Calendar, ScheduleError};
use crate::tables::Missed;
use crate::tables::schedules::Model;

/// A tick that nobody came to for longer is missed. No schedule ticks more often than this, and tickers
/// pass every second: whoever is later was away.
const LATE_AFTER: SignedDuration = SignedDuration::from_mins(1);

/// The ticks that have come since the cursor.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Due {
    /// The newest of those that are passed over, before all that are started.
    pub(super) passed_over: Option<Timestamp>,
    /// Those that are started, oldest first.
    pub(super) start: Vec<Timestamp>,
}

impl Due {
    /// What there is to do at `now`.
    ///
    /// # Errors
    /// [`ScheduleError`] when the row's calendar cannot be read.
    pub(super) fn of(schedule: &Model, now: Timestamp) -> Result<Self, ScheduleError> {
        let calendar = Calendar::parse(&schedule.cron, &schedule.time_zone)?;
        let cursor =
            Timestamp::from_millisecond(schedule.last_tick_ms).unwrap_or(Timestamp::UNIX_EPOCH);
        if calendar.next_after(cursor)? > now {
            return Ok(Self::default());
        }
        let missed_until = last_missed(now);
        let kept = caught_up(schedule);
        let mut start = calendar.newest(cursor, missed_until, kept + 1)?;
        let passed_over = (start.len() > kept).then(|| start.remove(0));
        start.extend(calendar.between(cursor.max(missed_until), now)?);
        Ok(Self { passed_over, start })
    }
}

/// The last millisecond at which a tick is missed by now.
fn last_missed(now: Timestamp) -> Timestamp {
    now.saturating_sub(LATE_AFTER + SignedDuration::from_millis(1))
        .unwrap_or(Timestamp::MIN)
}

/// The most missed ticks that are started.
fn caught_up(schedule: &Model) -> usize {
    match schedule.missed {
        Missed::Skip => 0,
        Missed::CatchUp => usize::try_from(schedule.catch_up_max).unwrap_or(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(time: &str) -> Timestamp {
        format!("2026-11-23T{time}Z").parse().unwrap()
    }

    /// Ticks every minute, and is dealt with up to ten o'clock.
    fn schedule(missed: Missed, catch_up_max: i32) -> Model {
        Model {
            name: "s".to_owned(),
            workflow: "w".to_owned(),
            input: "null".to_owned(),
            cron: "* * * * *".to_owned(),
            time_zone: "UTC".to_owned(),
            missed,
            catch_up_max,
            held: false,
            created_at_ms: 0,
            last_tick_ms: at("10:00:00").as_millisecond(),
            last_run_id: None,
            last_error: None,
            last_error_ms: None,
        }
    }

    fn check(missed: Missed, most: i32, now: &str, passed_over: Option<&str>, start: &[&str]) {
        let due = Due::of(&schedule(missed, most), at(now)).unwrap();
        let expected = Due {
            passed_over: passed_over.map(at),
            start: start.iter().map(|tick| at(tick)).collect(),
        };
        assert_eq!(due, expected, "{missed:?} {most} {now}");
    }

    #[test]
    fn a_tick_is_started_up_to_a_minute_late_and_missed_from_then_on() {
        check(Missed::Skip, 0, "10:00:59.999", None, &[]);
        check(Missed::Skip, 0, "10:01:00", None, &["10:01:00"]);
        check(Missed::Skip, 0, "10:02:00", None, &["10:01:00", "10:02:00"]);
        check(
            Missed::Skip,
            0,
            "10:02:00.001",
            Some("10:01:00"),
            &["10:02:00"],
        );
        check(Missed::Skip, 0, "09:00:00", None, &[]);
    }

    #[test]
    fn of_the_missed_ticks_the_newest_are_caught_up() {
        let late = "10:05:20";
        check(Missed::Skip, 0, late, Some("10:04:00"), &["10:05:00"]);
        check(
            Missed::CatchUp,
            2,
            late,
            Some("10:02:00"),
            &["10:03:00", "10:04:00", "10:05:00"],
        );
        let all = ["10:01:00", "10:02:00", "10:03:00", "10:04:00", "10:05:00"];
        for most in [4, 5, 1_000] {
            check(Missed::CatchUp, most, late, None, &all);
        }
    }
}
