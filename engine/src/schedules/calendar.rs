//! When a schedule ticks: a cron text, read on the clocks of one time zone.

use cronexpr::{Crontab, FallbackTimezoneOption, ParseOptions};
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};

use super::ScheduleError;
use super::suggestion::did_you_mean;

/// The last year that is looked at: `cronexpr` adds four years without a check.
const LAST_YEAR: i16 = 9_990;

/// The times of one schedule.
///
/// The cron text has five fields (minute, hour, day of month, month, day of week) in the syntax of
/// [`cronexpr`], without `L`. Where the clocks of the zone change, it is read in one of two ways:
///
/// - **The hour field leaves an hour out** (`30 2 * * *`, `0 */6 * * *`): each time of day ticks once.
///   In an hour that exists twice it ticks in the first one. In an hour that does not exist it ticks
///   at the first instant after the jump; several such times are one tick.
/// - **The hour field has every hour** (`*/15 * * * *`): it ticks whenever the clocks show the time.
///   It runs through both hours that exist twice, and the one that does not exist is not made up for:
///   no time has passed there.
///
/// `cronexpr` is asked on a clock that never changes (UTC), and what the zone makes of a time is decided
/// here. Left alone with a zone, version 1.7 leaves a daily tick out in an hour that does not exist and
/// gives it twice in one that exists twice, and where clocks go back by half an hour
/// (`Australia/Lord_Howe`) rounding to the full hour takes it back before the change, for ever.
#[derive(Debug, Clone)]
pub struct Calendar {
    /// The text, with one blank between two fields.
    pub(super) cron: String,
    times: Crontab,
    zone: TimeZone,
    every_hour: bool,
}

impl Calendar {
    /// Reads a cron text for the zone with this IANA name.
    ///
    /// # Errors
    /// [`ScheduleError::Cron`] or [`ScheduleError::TimeZone`], which say what can be written instead.
    pub fn parse(cron: &str, time_zone: &str) -> Result<Self, ScheduleError> {
        let refused = |problem: String| ScheduleError::Cron {
            cron: cron.to_owned(),
            problem,
        };
        let fields: Vec<&str> = cron.split_ascii_whitespace().collect();
        let [_, hours, days, _, weekdays] = fields[..] else {
            return Err(refused(format!("it has {} fields", fields.len())));
        };
        // `cronexpr` 1.7 does not find the last day of a December.
        if days.contains('L') || weekdays.contains('L') {
            let problem = "the last day of a month (`L`) cannot be had; the first of the next can";
            return Err(refused(problem.to_owned()));
        }
        let plain = fields.join(" ");
        let times = read(&plain).map_err(|error| refused(error.to_string()))?;
        let every_hour = is_every_hour(hours).map_err(|error| refused(error.to_string()))?;
        Ok(Self {
            cron: plain,
            times,
            zone: find(time_zone)?,
            every_hour,
        })
    }

    /// The zone whose clocks count.
    #[must_use]
    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// The first tick after an instant.
    ///
    /// # Errors
    /// [`ScheduleError::Never`] when there is none within four years.
    pub fn next_after(&self, after: Timestamp) -> Result<Timestamp, ScheduleError> {
        match self.every_hour {
            true => self.next_shown(after),
            false => self.next_of_day(after),
        }
    }

    /// Every tick after the one instant and up to the other, oldest first.
    ///
    /// # Errors
    /// As [`Calendar::next_after`].
    pub fn between(
        &self,
        after: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<Timestamp>, ScheduleError> {
        let mut ticks = Vec::new();
        let mut tick = self.next_after(after)?;
        while tick <= until {
            ticks.push(tick);
            tick = self.next_after(tick)?;
        }
        Ok(ticks)
    }

    /// The newest `most` ticks after the one instant and up to the other, oldest first. The time may
    /// be long: it is looked through from its end.
    pub(super) fn newest(
        &self,
        after: Timestamp,
        until: Timestamp,
        most: usize,
    ) -> Result<Vec<Timestamp>, ScheduleError> {
        let mut window = SignedDuration::from_hours(1);
        loop {
            let from = until.checked_sub(window).unwrap_or(after).max(after);
            let mut ticks = self.between(from, until)?;
            if from == after || ticks.len() >= most {
                ticks.drain(..ticks.len().saturating_sub(most));
                return Ok(ticks);
            }
            window = window.saturating_mul(2);
        }
    }

    /// For every hour: the next time that the clocks show.
    fn next_shown(&self, after: Timestamp) -> Result<Timestamp, ScheduleError> {
        let mut from = after;
        let mut offset = self.zone.to_offset(after);
        for change in self.zone.following(after) {
            let tick = self.next_at(offset, from)?;
            if tick < change.timestamp() {
                return Ok(tick);
            }
            // So that a time that the clocks show right after the change is found.
            from = change.timestamp() - SignedDuration::from_millis(1);
            offset = change.offset();
        }
        self.next_at(offset, from)
    }

    /// The next time on clocks that stay this far from UTC.
    fn next_at(&self, offset: Offset, after: Timestamp) -> Result<Timestamp, ScheduleError> {
        let time = self.next_time(offset.to_datetime(after))?;
        offset.to_timestamp(time).map_err(|_| self.never())
    }

    /// For some hours: the next time of day that the clocks come to for the first time.
    fn next_of_day(&self, after: Timestamp) -> Result<Timestamp, ScheduleError> {
        let mut time = self.zone.to_datetime(after);
        loop {
            time = self.next_time(time)?;
            let tick = self.first_at(time)?;
            if tick > after {
                return Ok(tick);
            }
        }
    }

    /// When the clocks first show this time, or have jumped over it.
    fn first_at(&self, time: DateTime) -> Result<Timestamp, ScheduleError> {
        let at = |offset: Offset| offset.to_timestamp(time).map_err(|_| self.never());
        match self.zone.to_ambiguous_timestamp(time).offset() {
            AmbiguousOffset::Unambiguous { offset } => at(offset),
            AmbiguousOffset::Fold { before, .. } => at(before),
            AmbiguousOffset::Gap { before, after } => {
                // With the offset of after the jump, the time lies before the jump.
                let before_it = at(after)?;
                match self.zone.following(before_it).next() {
                    Some(jump) => Ok(jump.timestamp()),
                    None => at(before),
                }
            }
        }
    }

    /// The next time on a clock that never changes.
    fn next_time(&self, time: DateTime) -> Result<DateTime, ScheduleError> {
        if time.year() > LAST_YEAR {
            return Err(self.never());
        }
        let time = Offset::UTC.to_timestamp(time).map_err(|_| self.never())?;
        let next = self.times.find_next(time).map_err(|_| self.never())?;
        Ok(next.datetime())
    }

    fn never(&self) -> ScheduleError {
        ScheduleError::Never {
            cron: self.cron.clone(),
        }
    }
}

fn read(cron: &str) -> Result<Crontab, cronexpr::Error> {
    let mut options = ParseOptions::default();
    options.fallback_timezone_option = FallbackTimezoneOption::UTC;
    cronexpr::parse_crontab_with(cron, options)
}

/// Whether the hour field has all hours, however it is written.
fn is_every_hour(hours: &str) -> Result<bool, cronexpr::Error> {
    let times = read(&format!("0 {hours} * * *"))?;
    for hour in 0..24 {
        if !times.matches(Timestamp::UNIX_EPOCH + SignedDuration::from_hours(hour))? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn find(time_zone: &str) -> Result<TimeZone, ScheduleError> {
    let found = TimeZone::get(time_zone).ok();
    // `Etc/Unknown` is a name for not knowing.
    found.filter(|zone| !zone.is_unknown()).ok_or_else(|| {
        let names: Vec<_> = jiff::tz::db().available().collect();
        ScheduleError::TimeZone {
            time_zone: time_zone.to_owned(),
            suggestion: did_you_mean(time_zone, names.iter().map(|name| name.as_str())),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn refusal(cron: &str, time_zone: &str) -> String {
        Calendar::parse(cron, time_zone).unwrap_err().to_string()
    }

    #[test]
    fn what_does_not_say_when_is_refused_with_the_reason() {
        for (cron, time_zone, reason) in [
            ("0 25 * * *", "UTC", "found 25"),
            ("0 6 * * * *", "UTC", "it has 6 fields"),
            ("", "UTC", "it has 0 fields"),
            ("@daily", "UTC", "it has 1 fields"),
            ("0 6 L * *", "UTC", "the last day of a month"),
            ("0 6 * * 5L", "UTC", "the last day of a month"),
            ("0 6 * * *", "Europe/Berln", "did you mean `Europe/Berlin`?"),
            ("0 6 * * *", "Etc/Unknown", "there is no time zone"),
            ("0 6 * * *", "+02:00", "there is no time zone"),
        ] {
            let said = refusal(cron, time_zone);
            assert!(said.contains(reason), "{cron} {time_zone}: {said}");
        }
    }

    #[test]
    fn a_time_that_does_not_come_is_never_and_no_panic() {
        let never = Calendar::parse("0 0 31 2 *", "Europe/Berlin").unwrap();
        for after in [at("2026-11-23T00:00:00Z"), Timestamp::MAX] {
            let error = never.next_after(after).unwrap_err();
            assert!(matches!(error, ScheduleError::Never { .. }), "{error}");
        }
    }

    #[test]
    fn the_newest_ticks_of_a_long_time_are_found_from_its_end() {
        let check = |cron: &str, most: usize, expected: &[&str]| {
            let calendar = Calendar::parse(cron, "UTC").unwrap();
            let (after, until) = (at("2020-01-01T00:00:00Z"), at("2026-11-23T10:00:00Z"));
            let expected: Vec<_> = expected.iter().map(|tick| at(tick)).collect();
            assert_eq!(
                calendar.newest(after, until, most).unwrap(),
                expected,
                "{cron}"
            );
        };
        check("* * * * *", 1, &["2026-11-23T10:00:00Z"]);
        check("0 0 29 2 *", 1, &["2024-02-29T00:00:00Z"]);
        check(
            "0 0 29 2 *",
            9,
            &["2020-02-29T00:00:00Z", "2024-02-29T00:00:00Z"],
        );
        check("0 0 1 1 *", 0, &[]);
    }

    #[test]
    fn every_hour_is_known_however_it_is_written() {
        for (hours, every_hour) in [
            ("*", true),
            ("0-23", true),
            ("*/1", true),
            ("0-11,12-23", true),
            ("*/2", false),
            ("1-23", false),
            ("6", false),
        ] {
            assert_eq!(is_every_hour(hours).unwrap(), every_hour, "{hours}");
        }
    }
}
