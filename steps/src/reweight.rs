//! `reweight`: one decision about a category's weights for each feedback, possibly "no change".
//!
//! The rule is in `weights`: the weight of a feature follows its correlation with engagement,
//! shrunk towards 1 while outcomes are few, in steps of 0.05 at most, within 0.5–1.5. Decisions
//! are versioned, so each can be reverted.

use std::collections::BTreeMap;

use engine::{Step, StepContext, StepError};
use schema::scoring_weights::{self, Decision, NewDecision};
use schema::{DatabaseConnection, FeatureMap, performance_feedback};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::critique::OfFeedback;
use crate::endings::{Plain, missing};
use crate::services::Services;
use crate::weights::{self, Evidence, Example, LEAST_OUTCOMES};

/// Outcomes that a decision looks at, newest first.
const WINDOW: u64 = 200;

/// Decides about the weights of the feedback's category.
pub struct Reweight {
    db: DatabaseConnection,
}

/// A decision that is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Decided {
    /// The decision.
    pub decision_id: String,
    /// Its number within the category.
    pub version: i64,
    /// Whether it changed a weight.
    pub changed: bool,
    /// Why, or why not.
    pub reason: String,
}

impl Reweight {
    /// From the program's services.
    #[must_use]
    pub fn new(services: &Services) -> Self {
        Self {
            db: services.db.clone(),
        }
    }

    async fn decision(
        &self,
        cx: &StepContext,
        feedback: &performance_feedback::Model,
    ) -> Result<NewDecision, StepError> {
        let current = scoring_weights::current(&self.db, &feedback.category).await?;
        let (expected_version, before) = current
            .map(|row| (row.version, row.weights_after))
            .unwrap_or_default();
        let examples: Vec<Example> =
            performance_feedback::with_predictions(&self.db, &feedback.category, WINDOW)
                .await?
                .into_iter()
                .map(|(outcome, prediction)| Example {
                    features: numbers(&prediction.features),
                    engagement: outcome.actual_engagement,
                })
                .collect();
        let (after, evidence) = weights::decide(&before.0, &examples);
        Ok(NewDecision {
            id: format!("decision/{}", feedback.post_id),
            category: feedback.category.clone(),
            expected_version,
            feedback_id: Some(feedback.id.clone()),
            reason: reason(&before.0, &after, &evidence, examples.len()),
            evidence: serde_json::to_value(&evidence)?,
            weights_before: before,
            weights_after: FeatureMap(after),
            created_at: cx.now(),
        })
    }
}

/// The features that are numbers; the others cannot be weighed.
fn numbers(features: &serde_json::Value) -> BTreeMap<String, f64> {
    let features = features.as_object().into_iter().flatten();
    features
        .filter_map(|(name, value)| Some((name.clone(), value.as_f64()?)))
        .collect()
}

fn reason(
    before: &BTreeMap<String, f64>,
    after: &BTreeMap<String, f64>,
    evidence: &BTreeMap<String, Evidence>,
    outcomes: usize,
) -> String {
    if outcomes < LEAST_OUTCOMES {
        return format!("no change: {LEAST_OUTCOMES} outcomes are needed, {outcomes} exist");
    }
    let moved: Vec<String> = after
        .iter()
        .filter(|(name, weight)| before.get(*name) != Some(*weight))
        .map(|(name, weight)| {
            let from = before.get(name).copied().unwrap_or(1.0);
            // Its own: not every outcome has every feature.
            let outcomes = evidence.get(name).map_or(0, |found| found.outcomes);
            format!("{name} {from:.3} → {weight:.3} on {outcomes} outcomes")
        })
        .collect();
    match moved.is_empty() {
        true => format!("no change: {outcomes} outcomes do not ask for one"),
        false => moved.join(", "),
    }
}

impl Step for Reweight {
    const NAME: &'static str = "reweight";
    type Input = OfFeedback;
    type Output = Decided;

    async fn run(&self, cx: &StepContext, input: OfFeedback) -> Result<Decided, StepError> {
        let feedback = performance_feedback::get(&self.db, &input.feedback_id).await?;
        let feedback = feedback.ok_or_else(|| missing("feedback", &input.feedback_id))?;
        let decision = self.decision(cx, &feedback).await?;
        match scoring_weights::decide_once(&self.db, decision).await? {
            Decision::Recorded(row) | Decision::AlreadyDecided(row) => Ok(Decided {
                decision_id: row.id,
                version: row.version,
                changed: row.changed,
                reason: row.reason,
            }),
            Decision::Conflict => Err(StepError::retry(
                "weights_moved",
                Plain("another decision came first".to_owned()),
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_weight_names_its_own_number_of_outcomes() {
        let example = |n: u32| {
            let trend = ("trend".to_owned(), f64::from(n));
            let audio = (n >= 6).then(|| ("audio".to_owned(), f64::from(n)));
            Example {
                features: [trend].into_iter().chain(audio).collect(),
                engagement: f64::from(n) / 100.0,
            }
        };
        let examples: Vec<Example> = (0..12).map(example).collect();
        let before = BTreeMap::new();
        let (after, evidence) = weights::decide(&before, &examples);
        assert_eq!(
            reason(&before, &after, &evidence, examples.len()),
            "audio 1.000 → 1.050 on 6 outcomes, trend 1.000 → 1.050 on 12 outcomes"
        );
    }
}
