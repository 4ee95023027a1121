//! How a step ended lately, in a few words.

use std::collections::BTreeMap;

use engine::tables::step_attempts;
use serde::Serialize;

use crate::cli::runs::instant;

/// The last attempts of a step that ended, counted.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outcomes {
    /// How many were looked at.
    attempts: usize,
    /// How many there are of each ending.
    endings: BTreeMap<String, usize>,
    /// The last of them that had an error.
    last_error: Option<LastError>,
}

/// An error, and when it was.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct LastError {
    /// Stable code.
    code: String,
    /// When the attempt ended, unix milliseconds.
    ended_at_ms: i64,
}

/// What counts of an attempt.
#[derive(Clone, Copy)]
struct Attempt<'a> {
    ending: &'a str,
    error_code: Option<&'a str>,
    ended_at_ms: i64,
}

impl Outcomes {
    /// Of attempts that ended, the newest first.
    pub(super) fn of(attempts: &[step_attempts::Model]) -> Self {
        let ended = attempts.iter().filter_map(|attempt| {
            Some(Attempt {
                ending: attempt.ending.as_deref()?,
                error_code: attempt.error_code.as_deref(),
                ended_at_ms: attempt.ended_at_ms?,
            })
        });
        Self::count(ended)
    }

    fn count<'a>(attempts: impl Iterator<Item = Attempt<'a>>) -> Self {
        let mut outcomes = Self::default();
        for attempt in attempts {
            outcomes.attempts += 1;
            *outcomes
                .endings
                .entry(attempt.ending.to_owned())
                .or_default() += 1;
            if let (None, Some(code)) = (&outcomes.last_error, attempt.error_code) {
                outcomes.last_error = Some(LastError {
                    code: code.to_owned(),
                    ended_at_ms: attempt.ended_at_ms,
                });
            }
        }
        outcomes
    }

    /// `18 done, 2 retry`, or nothing.
    pub(super) fn endings(&self) -> String {
        let each = self.endings.iter();
        let each = each.map(|(ending, count)| format!("{count} {ending}"));
        each.collect::<Vec<_>>().join(", ")
    }

    /// `CODE at INSTANT`, or nothing.
    pub(super) fn last_error(&self) -> String {
        self.last_error.as_ref().map_or_else(String::new, |error| {
            format!("{} at {}", error.code, instant(Some(error.ended_at_ms)))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endings_are_counted_and_the_newest_error_is_named() {
        let attempt = |ending, error_code, ended_at_ms| Attempt {
            ending,
            error_code,
            ended_at_ms,
        };
        let outcomes = Outcomes::count(
            [
                attempt("done", None, 3000),
                attempt("retry", Some("second"), 2000),
                attempt("retry", Some("first"), 1000),
            ]
            .into_iter(),
        );
        assert_eq!(outcomes.endings(), "1 done, 2 retry");
        assert_eq!(outcomes.last_error(), "second at 1970-01-01 00:00:02");
        assert_eq!(
            serde_json::to_value(&outcomes).unwrap(),
            serde_json::json!({
                "attempts": 3,
                "endings": { "done": 1, "retry": 2 },
                "lastError": { "code": "second", "endedAtMs": 2000 },
            })
        );
    }

    #[test]
    fn of_a_step_that_never_ran_there_is_nothing_to_say() {
        let outcomes = Outcomes::of(&[]);
        assert_eq!(outcomes, Outcomes::default());
        assert_eq!(outcomes.endings(), "");
        assert_eq!(outcomes.last_error(), "");
    }
}
