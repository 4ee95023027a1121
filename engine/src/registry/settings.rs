//! What the configuration says of steps, as a run asks for it.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use crate::limits::{LimitRule, Limits};
use crate::policy::{MissingField, Policy};
use crate::step::Step;

/// The effective policies of a worker.
#[derive(Debug, Default)]
pub(crate) struct Settings {
    pub(super) steps: BTreeMap<&'static str, Arc<Policy>>,
    pub(super) limits: Limits,
}

impl Settings {
    /// The step's policy; its own, if the catalogue does not have it.
    pub(crate) fn of<S: Step>(&self) -> Arc<Policy> {
        self.steps
            .get(S::NAME)
            .cloned()
            .unwrap_or_else(|| Arc::new(S::policy()))
    }

    /// The limits that an attempt with this input needs, sorted by key; those without a rule limit
    /// nothing.
    pub(crate) fn limits_of(
        &self,
        policy: &Policy,
        input: &[u8],
    ) -> Result<Vec<(String, LimitRule)>, MissingField> {
        if policy.limits.is_empty() {
            return Ok(Vec::new());
        }
        let input: Value = serde_json::from_slice(input).unwrap_or_default();
        let keys = policy.limit_keys(&input)?;
        let rule_of = |key: String| self.limits.of(&key).cloned().map(|rule| (key, rule));
        Ok(keys.into_iter().filter_map(rule_of).collect())
    }
}
