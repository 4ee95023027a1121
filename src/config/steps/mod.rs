//! `[steps.<name>]` and `[limits.<name>]`: what is changed of steps' policies, and the rules of the
//! limits that they need. All of it is checked against the catalogue before anything is started.

mod rule;
mod table;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use engine::limits::Limits;
use engine::policy::PolicyOverride;
use engine::registry::StepInfo;
use toml::Table;

use self::rule::RuleSettings;
use self::table::{read, refusal, tables, unknown, written};
use super::origin::Origin;
use super::{Config, ConfigError};

/// Changes of steps' policies by the steps' names.
const STEPS: &str = "steps";
/// Rules by the keys that they are about.
const LIMITS: &str = "limits";

/// What is set for steps and limits.
#[derive(Debug, Clone, Default)]
pub(super) struct StepSettings {
    overrides: BTreeMap<String, PolicyOverride>,
    limits: Limits,
}

impl Config {
    /// What is changed of steps' policies, by name. Each is one that its step can have.
    pub(crate) fn overrides(&self) -> &BTreeMap<String, PolicyOverride> {
        &self.steps.overrides
    }

    /// The rules of limits; every limit that a step needs has one.
    pub(crate) fn limits(&self) -> &Limits {
        &self.steps.limits
    }
}

/// Whether what stands below this key has names which the defaults cannot know.
pub(super) fn holds_names(above: &str) -> bool {
    matches!(above.split('.').next(), Some(STEPS | LIMITS))
}

impl StepSettings {
    /// Reads both sections of `settings`; what is wrong was set in `origin`.
    pub(super) fn read(settings: &Table, origin: &Origin<'_>) -> Result<Self, ConfigError> {
        let catalogue = ::steps::catalogue();
        let mut overrides = BTreeMap::new();
        for (name, table) in tables(settings, STEPS, origin)? {
            let path = [STEPS, name];
            let step = find(name, &catalogue, origin)?;
            let of_step: PolicyOverride = read(table, path, &PolicyOverride::KEYS, origin)?;
            of_step
                .check(step)
                .map_err(|impossible| refusal(impossible, path, origin))?;
            overrides.insert(name.to_owned(), of_step);
        }
        let limits = tables(settings, LIMITS, origin)?.into_iter();
        let limits = limits.map(|(name, table)| {
            let path = [LIMITS, name];
            let settings: RuleSettings = read(table, path, &RuleSettings::KEYS, origin)?;
            settings
                .rule(name)
                .map_err(|impossible| refusal(impossible, path, origin))
        });
        let this = Self {
            limits: limits.collect::<Result<_, _>>()?,
            overrides,
        };
        this.check_limits(&catalogue, origin)?;
        Ok(this)
    }

    /// Every limit that a step needs has a rule.
    fn check_limits(&self, catalogue: &[StepInfo], origin: &Origin<'_>) -> Result<(), ConfigError> {
        for step in catalogue {
            let own = &step.effective.policy.limits;
            let set = self.overrides.get(step.name);
            let limits = set.and_then(|set| set.limits.as_ref()).unwrap_or(own);
            let Some(limit) = limits.iter().find(|limit| !self.limits.covers(limit)) else {
                continue;
            };
            let pattern = match limit.split_once('{') {
                Some((beginning, _)) => format!("{beginning}*"),
                None => limit.clone().into_owned(),
            };
            let path = [STEPS, step.name, "limits"];
            return Err(ConfigError::Impossible {
                place: origin.place(&path),
                key: written(&path),
                problem: format!("has `{limit}`, for which there is no rule"),
                fix: format!(
                    "add [{}] with `at_once` or `rate`",
                    written(&[LIMITS, &pattern])
                ),
            });
        }
        Ok(())
    }
}

/// The step of that name.
fn find<'c>(
    name: &str,
    catalogue: &'c [StepInfo],
    origin: &Origin<'_>,
) -> Result<&'c StepInfo, ConfigError> {
    let step = catalogue.iter().find(|step| step.name == name);
    step.ok_or_else(|| {
        let known: Vec<&str> = catalogue.iter().map(|step| step.name).collect();
        unknown(&[STEPS, name], &known, origin)
    })
}
