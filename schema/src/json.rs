//! The shapes of JSON columns that more than one table uses. What a caller keeps as it came
//! (webhook payloads, frame scores, evidence) stays plain [`sea_orm::JsonValue`].

use std::collections::BTreeMap;

use sea_orm::FromJsonQueryResult;
use serde::{Deserialize, Serialize};

/// A JSON array of strings, in the order given.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
#[serde(transparent)]
pub struct StringList(pub Vec<String>);

impl<S: Into<String>> FromIterator<S> for StringList {
    fn from_iter<I: IntoIterator<Item = S>>(items: I) -> Self {
        Self(items.into_iter().map(Into::into).collect())
    }
}

/// A JSON object of feature name to number. A feature that is not known has no key.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, FromJsonQueryResult)]
#[serde(transparent)]
pub struct FeatureMap(pub BTreeMap<String, f64>);

impl<S: Into<String>> FromIterator<(S, f64)> for FeatureMap {
    fn from_iter<I: IntoIterator<Item = (S, f64)>>(items: I) -> Self {
        Self(
            items
                .into_iter()
                .map(|(name, value)| (name.into(), value))
                .collect(),
        )
    }
}
