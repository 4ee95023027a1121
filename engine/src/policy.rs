//! How often, how long and with which delays a step is tried.

use std::time::Duration;

use serde::Serialize;

/// The retry policy of a step. The only retry layer there is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Policy {
    /// Delay after the first failed attempt.
    pub first_delay: Duration,
    /// Each further delay is this many times longer.
    pub factor: f64,
    /// No delay is longer, before jitter.
    pub max_delay: Duration,
    /// Share of a delay that is random, 0 to 1: a delay `d` becomes one in `d·(1−jitter) ..= d`.
    pub jitter: f64,
    /// Attempts in all; `later` does not count as one. The default is so high that time decides.
    pub max_attempts: u32,
    /// Longest time for the attempts and the delays after them together. Waits that the outside
    /// asked for do not count, nor does time in which nothing was tried because the machine was off.
    pub max_total: Duration,
    /// Longest time of one attempt.
    pub time_limit: Duration,
    /// Executions of one attempt that may be interrupted (worker crashes) before the step is given
    /// up, so that a step which kills its worker does not loop for ever.
    pub max_interrupted: u32,
    /// What happens when the attempts or the time are used up.
    pub on_exhausted: OnExhausted,
}

/// What happens when a policy is used up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OnExhausted {
    /// The run's step fails; the workflow decides.
    #[default]
    Fail,
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
}
