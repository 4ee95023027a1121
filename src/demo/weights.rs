//! The scoring weights before and after the demo, per category.

use std::collections::{BTreeMap, BTreeSet};

use schema::{DatabaseConnection, FeatureMap, scoring_weights};

/// Weights by category.
pub(super) type Weights = BTreeMap<String, FeatureMap>;

/// What held before the first decision, and what holds after the last. A category without a
/// decision has no weights of its own yet, and is left out.
pub(super) async fn before_and_after(
    db: &DatabaseConnection,
    categories: &BTreeSet<&str>,
) -> anyhow::Result<(Weights, Weights)> {
    let (mut before, mut after) = (Weights::new(), Weights::new());
    for category in categories {
        let history = scoring_weights::history(db, category).await?;
        if let (Some(first), Some(last)) = (history.first(), history.last()) {
            before.insert((*category).to_owned(), first.weights_before.clone());
            after.insert((*category).to_owned(), last.weights_after.clone());
        }
    }
    Ok((before, after))
}
