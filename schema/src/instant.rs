//! Instants as the tables keep them: whole unix milliseconds, UTC. It must not read the clock.

use jiff::Timestamp;

/// The instant of a `_at_ms` column.
///
/// A number outside of what [`Timestamp`] can hold (years -9999 to 9999) becomes the nearest
/// bound: a damaged row must not take a whole list down.
#[must_use]
pub fn from_millis(at_ms: i64) -> Timestamp {
    Timestamp::from_millisecond(at_ms).unwrap_or(if at_ms < 0 {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_survives_the_column_to_the_millisecond() {
        let written: Timestamp = "2026-11-22T10:00:00.123Z".parse().unwrap_or(Timestamp::MIN);
        assert_eq!(from_millis(written.as_millisecond()), written);
    }

    #[test]
    fn numbers_no_calendar_holds_become_its_bounds() {
        assert_eq!(from_millis(i64::MIN), Timestamp::MIN);
        assert_eq!(from_millis(i64::MAX), Timestamp::MAX);
    }
}
