//! What can be set for a limit: `at_once`, `rate`, `burst`.

use std::time::Duration;

use engine::limits::{LimitRule, Rate};
use engine::policy::Impossible;
use serde::Deserialize;

/// A hundred years. Slots are counted in microseconds, and no sum of them may leave what can be counted.
const TOO_LONG: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

/// What is set for one limit.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct RuleSettings {
    at_once: Option<u32>,
    rate: Option<String>,
    burst: Option<u32>,
}

impl RuleSettings {
    /// The keys there are.
    pub(super) const KEYS: [&'static str; 3] = ["at_once", "burst", "rate"];

    /// The rule for the keys of this pattern.
    pub(super) fn rule(self, pattern: &str) -> Result<LimitRule, Impossible> {
        let mut rate = self.rate.map(|text| text.parse::<Rate>()).transpose()?;
        match (&mut rate, self.burst) {
            (Some(rate), Some(burst)) => rate.burst = burst,
            (None, Some(_)) => {
                return Err(Impossible {
                    key: "burst",
                    problem: "is a part of a rate, and there is none".to_owned(),
                    fix: "set `rate`, too".to_owned(),
                });
            }
            (_, None) => {}
        }
        let rule = LimitRule {
            pattern: pattern.to_owned(),
            at_once: self.at_once,
            rate,
        };
        rule.check()?;
        // Checked before: it has a count.
        let quiet = |rate: Rate| (rate.per / rate.count.max(1)).saturating_mul(rate.burst);
        if rate.is_some_and(|rate| rate.per >= TOO_LONG || quiet(rate) >= TOO_LONG) {
            return Err(Impossible {
                key: "rate",
                problem: "reaches over more than 100 years".to_owned(),
                fix: "write a shorter time, or a smaller `burst`".to_owned(),
            });
        }
        Ok(rule)
    }
}
