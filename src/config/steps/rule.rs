//! What can be set for a limit: `at_once`, `rate`, `burst`.

use engine::limits::{LimitRule, Rate};
use engine::policy::Impossible;
use serde::Deserialize;

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
        Ok(rule)
    }
}
