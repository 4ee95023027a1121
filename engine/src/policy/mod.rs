//! How often, how long and with which delays a step is tried, what each attempt needs and where it is
//! executed: what the step itself says, and what the configuration makes of it.

mod check;
mod limit;
mod overrides;

use std::borrow::Cow;
use std::time::Duration;

use serde::{Deserialize, Serialize, Serializer};

pub use check::Impossible;
pub use limit::MissingField;
pub(crate) use limit::{Piece, pieces};
pub use overrides::{Effective, PolicyOverride, Source};

/// The retry policy of a step. The only retry layer there is.
///
/// As JSON its keys are those of the configuration; durations are whole milliseconds and have `_ms`
/// behind their key.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Policy {
    /// Delay after the first failed attempt.
    #[serde(rename = "first_delay_ms", serialize_with = "as_ms")]
    pub first_delay: Duration,
    /// Each further delay is this many times longer.
    pub factor: f64,
    /// No delay is longer, before jitter.
    #[serde(rename = "max_delay_ms", serialize_with = "as_ms")]
    pub max_delay: Duration,
    /// Share of a delay that is random, 0 to 1: a delay `d` becomes one in `d·(1−jitter) ..= d`.
    pub jitter: f64,
    /// Attempts in all; `later` does not count as one. The default is so high that time decides.
    pub max_attempts: u32,
    /// Longest time for the attempts and the delays after them together. Waits that the outside
    /// asked for do not count, nor does time in which nothing was tried because the machine was off.
    #[serde(rename = "max_total_ms", serialize_with = "as_ms")]
    pub max_total: Duration,
    /// Longest time of one attempt.
    #[serde(rename = "time_limit_ms", serialize_with = "as_ms")]
    pub time_limit: Duration,
    /// Executions of one attempt that may be interrupted (worker crashes) before the step is given
    /// up, so that a step which kills its worker does not loop for ever.
    pub max_interrupted: u32,
    /// Names of the limits that each attempt needs, with `{field}` for a field of the step's input
    /// (`{a.b}` for one further down): `anthropic`, `account:{platform}/{account}`. None by default.
    pub limits: Vec<Cow<'static, str>>,
    /// What happens when the attempts or the time are used up.
    pub on_exhausted: OnExhausted,
}

/// What happens when a policy is used up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnExhausted {
    /// The run's step fails; the workflow decides.
    #[default]
    Fail,
    /// The run is parked; a person decides.
    Park,
}

impl OnExhausted {
    /// The word in JSON and in the configuration.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fail => "fail",
            Self::Park => "park",
        }
    }
}

/// Where a step is executed. Workflows do not see the difference.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Placement {
    /// In the worker that executes the run.
    #[default]
    Inline,
    /// As a service of its own, `steps.<name>`, by whichever worker serves it.
    Service,
}

impl Placement {
    /// The word in JSON and in the configuration.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Inline => "inline",
            Self::Service => "service",
        }
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            first_delay: Duration::from_secs(1),
            factor: 2.0,
            max_delay: Duration::from_secs(5 * 60),
            jitter: 0.3,
            max_attempts: 300,
            max_total: Duration::from_secs(24 * 60 * 60),
            time_limit: Duration::from_secs(2 * 60),
            max_interrupted: 10,
            limits: Vec::new(),
            on_exhausted: OnExhausted::Fail,
        }
    }
}

impl Policy {
    /// The delay after failed attempt `attempt` (from 1). `random` is in `0.0..1.0` and comes from
    /// the journal, so that a replay waits for the same instant.
    #[must_use]
    pub fn delay(&self, attempt: u32, random: f64) -> Duration {
        let exponent = i32::try_from(attempt.saturating_sub(1)).unwrap_or(i32::MAX);
        let delay = (self.first_delay.as_secs_f64() * self.factor.powi(exponent))
            .min(self.max_delay.as_secs_f64());
        let kept = 1.0 - self.jitter.clamp(0.0, 1.0) * random.clamp(0.0, 1.0);
        Duration::try_from_secs_f64(delay * kept).unwrap_or(self.max_delay)
    }
}

/// Whole milliseconds.
fn as_ms<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_grow_by_the_factor_up_to_the_largest() {
        let policy = Policy {
            jitter: 0.0,
            max_delay: Duration::from_secs(5),
            ..Policy::default()
        };
        let delays: Vec<u64> = (1..=5).map(|n| policy.delay(n, 0.9).as_secs()).collect();
        assert_eq!(delays, [1, 2, 4, 5, 5]);
    }

    #[test]
    fn jitter_only_shortens_and_only_by_its_share() {
        let policy = Policy {
            jitter: 0.5,
            ..Policy::default()
        };
        assert_eq!(policy.delay(1, 0.0), Duration::from_secs(1));
        assert_eq!(policy.delay(1, 1.0), Duration::from_millis(500));
    }

    #[test]
    fn a_huge_attempt_number_does_not_overflow() {
        assert!(Policy::default().delay(u32::MAX, 0.0) <= Policy::default().max_delay);
    }

    #[test]
    fn json_says_durations_in_milliseconds() {
        assert_eq!(
            serde_json::to_value(Policy::default()).unwrap(),
            serde_json::json!({
                "first_delay_ms": 1000,
                "factor": 2.0,
                "max_delay_ms": 300_000,
                "jitter": 0.3,
                "max_attempts": 300,
                "max_total_ms": 86_400_000,
                "time_limit_ms": 120_000,
                "max_interrupted": 10,
                "limits": [],
                "on_exhausted": "fail",
            })
        );
    }

    #[test]
    fn words_are_the_same_in_json() {
        for word in [OnExhausted::Fail, OnExhausted::Park] {
            assert_eq!(serde_json::to_value(word).unwrap(), word.as_str());
        }
        for word in [Placement::Inline, Placement::Service] {
            assert_eq!(serde_json::to_value(word).unwrap(), word.as_str());
        }
    }
}
