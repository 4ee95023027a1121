//! The reweight rule: pure functions on plain numbers.
//!
//! For a category and a feature, `r` is the Pearson correlation of the feature with engagement over
//! the `n` newest outcomes that have the feature. The weight heads for `1 + 0.5·r·n/(n + 20)`, so
//! that few outcomes hardly move it (the 20 is a prior of twenty outcomes that say nothing), by at
//! most 0.05 per decision, and stays within 0.5–1.5.

use std::collections::BTreeMap;

/// Fewer outcomes decide nothing.
pub(crate) const LEAST_OUTCOMES: usize = 5;
const PRIOR_OUTCOMES: f64 = 20.0;
const LARGEST_STEP: f64 = 0.05;
/// A smaller step is no change.
const LEAST_STEP: f64 = 0.001;
const BOUNDS: (f64, f64) = (0.5, 1.5);

/// One outcome: the features it was made with, and what came.
#[derive(Debug, Clone)]
pub(crate) struct Example {
    pub(crate) features: BTreeMap<String, f64>,
    pub(crate) engagement: f64,
}

/// What is known of one feature.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub(crate) struct Evidence {
    pub(crate) outcomes: usize,
    pub(crate) correlation: f64,
    pub(crate) heads_for: f64,
}

/// The weights after one decision, and the numbers behind it.
pub(crate) fn decide(
    before: &BTreeMap<String, f64>,
    examples: &[Example],
) -> (BTreeMap<String, f64>, BTreeMap<String, Evidence>) {
    let mut after = before.clone();
    let mut evidence = BTreeMap::new();
    let names: std::collections::BTreeSet<&String> = examples
        .iter()
        .flat_map(|example| example.features.keys())
        .collect();
    for name in names {
        let Some(found) = evidence_for(name, examples) else {
            continue;
        };
        let weight = before.get(name).copied().unwrap_or(1.0);
        let step = (found.heads_for - weight).clamp(-LARGEST_STEP, LARGEST_STEP);
        if step.abs() >= LEAST_STEP {
            after.insert(name.clone(), (weight + step).clamp(BOUNDS.0, BOUNDS.1));
        }
        evidence.insert(name.clone(), found);
    }
    (after, evidence)
}

fn evidence_for(name: &str, examples: &[Example]) -> Option<Evidence> {
    let pairs: Vec<(f64, f64)> = examples
        .iter()
        .filter_map(|example| Some((*example.features.get(name)?, example.engagement)))
        .collect();
    if pairs.len() < LEAST_OUTCOMES {
        return None;
    }
    let correlation = correlation(&pairs)?;
    let n = count(pairs.len());
    let heads_for = (1.0 + 0.5 * correlation * n / (n + PRIOR_OUTCOMES)).clamp(BOUNDS.0, BOUNDS.1);
    Some(Evidence {
        outcomes: pairs.len(),
        correlation,
        heads_for,
    })
}

/// Pearson's r; nothing where either side does not vary.
fn correlation(pairs: &[(f64, f64)]) -> Option<f64> {
    let n = count(pairs.len());
    let mean = pairs
        .iter()
        .fold((0.0, 0.0), |sum, (x, y)| (sum.0 + x / n, sum.1 + y / n));
    let (xx, yy, xy) = pairs.iter().fold((0.0, 0.0, 0.0), |sum, (x, y)| {
        let (dx, dy) = (x - mean.0, y - mean.1);
        (sum.0 + dx * dx, sum.1 + dy * dy, sum.2 + dx * dy)
    });
    let r = xy / (xx * yy).sqrt();
    r.is_finite().then_some(r.clamp(-1.0, 1.0))
}

#[expect(clippy::cast_precision_loss, reason = "a few hundred outcomes")]
fn count(n: usize) -> f64 {
    n as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn examples(n: usize, slope: f64) -> Vec<Example> {
        (0..n)
            .map(|i| Example {
                features: BTreeMap::from([("trend".to_owned(), count(i))]),
                engagement: 0.05 + slope * count(i),
            })
            .collect()
    }

    fn settle(slope: f64) -> f64 {
        let examples = examples(100, slope);
        let mut weights = BTreeMap::new();
        for _ in 0..100 {
            weights = decide(&weights, &examples).0;
        }
        weights["trend"]
    }

    #[test]
    fn too_few_outcomes_change_nothing() {
        assert_eq!(
            decide(&BTreeMap::new(), &examples(4, 0.01)),
            (BTreeMap::new(), BTreeMap::new())
        );
    }

    #[test]
    fn one_decision_moves_a_weight_by_a_twentieth_at_most() {
        let (after, evidence) = decide(&BTreeMap::new(), &examples(50, 0.01));
        assert!((after["trend"] - 1.05).abs() < 1e-9);
        assert!((evidence["trend"].correlation - 1.0).abs() < 1e-9);
    }

    #[test]
    fn weights_settle_within_their_bounds_and_on_the_right_side() {
        assert!((1.3..=1.5).contains(&settle(0.01)));
        assert!((0.5..=0.7).contains(&settle(-0.01)));
    }

    #[test]
    fn a_feature_that_never_varies_says_nothing() {
        let same: Vec<Example> = examples(9, 0.01)
            .into_iter()
            .map(|e| Example {
                features: BTreeMap::from([("trend".to_owned(), 1.0)]),
                ..e
            })
            .collect();
        assert!(decide(&BTreeMap::new(), &same).0.is_empty());
    }
}
