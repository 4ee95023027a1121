//! What the configuration changes of a step's policy, and what comes of it.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Duration;

use jiff::SignedDuration;
use serde::{Deserialize, Deserializer, Serialize};

use super::{OnExhausted, Placement, Policy};

/// Changes of one step's policy, without a rebuild. Durations are texts such as `"90s"` or
/// `"1h 30m"`; what is left out stays as the step has it.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PolicyOverride {
    /// See [`Policy::first_delay`].
    #[serde(deserialize_with = "duration")]
    pub first_delay: Option<Duration>,
    /// See [`Policy::factor`].
    pub factor: Option<f64>,
    /// See [`Policy::max_delay`].
    #[serde(deserialize_with = "duration")]
    pub max_delay: Option<Duration>,
    /// See [`Policy::jitter`].
    pub jitter: Option<f64>,
    /// See [`Policy::max_attempts`].
    pub max_attempts: Option<u32>,
    /// See [`Policy::max_total`].
    #[serde(deserialize_with = "duration")]
    pub max_total: Option<Duration>,
    /// See [`Policy::time_limit`].
    #[serde(deserialize_with = "duration")]
    pub time_limit: Option<Duration>,
    /// See [`Policy::max_interrupted`].
    pub max_interrupted: Option<u32>,
    /// See [`Policy::limits`]. The list replaces the step's own.
    pub limits: Option<Vec<Cow<'static, str>>>,
    /// See [`Policy::on_exhausted`].
    pub on_exhausted: Option<OnExhausted>,
    /// Where the step is executed.
    pub placement: Option<Placement>,
}

/// The policy that a step is executed with, and where.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Effective {
    /// The policy.
    pub policy: Policy,
    /// Where the step is executed.
    pub placement: Placement,
    /// Where each value comes from, by the keys of [`PolicyOverride::KEYS`].
    pub sources: BTreeMap<&'static str, Source>,
}

/// Where a value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// It is what every step has.
    Default,
    /// The step itself has another than the default.
    Step,
    /// It was set from outside.
    Configuration,
}

impl Source {
    /// The word in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Step => "step",
            Self::Configuration => "configuration",
        }
    }

    fn of(is_set: bool, is_the_steps: bool) -> Self {
        match (is_set, is_the_steps) {
            (true, _) => Self::Configuration,
            (false, true) => Self::Step,
            (false, false) => Self::Default,
        }
    }
}

/// Takes each key of a policy from `$over`, or else from `$own`, and notes which. It does not compile
/// while a field of the policy is missing from its list.
macro_rules! take_each {
    ($over:ident, $own:ident: $($key:ident)*) => {{
        let usual = Policy::default();
        let mut sources = BTreeMap::new();
        $(sources.insert(
            stringify!($key),
            Source::of($over.$key.is_some(), $own.$key != usual.$key),
        );)*
        let policy = Policy { $($key: $over.$key.unwrap_or($own.$key),)* };
        (policy, sources)
    }};
}

impl PolicyOverride {
    /// The keys there are, sorted.
    pub const KEYS: [&'static str; 11] = [
        "factor",
        "first_delay",
        "jitter",
        "limits",
        "max_attempts",
        "max_delay",
        "max_interrupted",
        "max_total",
        "on_exhausted",
        "placement",
        "time_limit",
    ];

    /// What comes of a step's `own` policy. Nothing is checked; see [`PolicyOverride::check`].
    #[must_use]
    pub fn apply(&self, own: Policy) -> Effective {
        let over = self.clone();
        let (policy, mut sources) = take_each!(over, own:
            first_delay factor max_delay jitter max_attempts max_total time_limit max_interrupted
            limits on_exhausted
        );
        sources.insert("placement", Source::of(over.placement.is_some(), false));
        Effective {
            policy,
            placement: over.placement.unwrap_or_default(),
            sources,
        }
    }
}

fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    let signed = SignedDuration::deserialize(deserializer)?;
    Duration::try_from(signed)
        .map(Some)
        .map_err(|_| serde::de::Error::custom("a duration must not be negative"))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(settings: Value) -> Result<PolicyOverride, String> {
        serde_json::from_value(settings).map_err(|error| error.to_string())
    }

    #[test]
    fn an_override_changes_only_what_it_says() {
        let own = Policy {
            max_interrupted: 100,
            limits: vec!["anthropic".into()],
            ..Policy::default()
        };
        let over = read(json!({
            "time_limit": "1m 30s",
            "max_attempts": 5,
            "on_exhausted": "park",
            "placement": "service",
        }));
        let effective = over.unwrap().apply(own.clone());
        assert_eq!(
            effective.policy,
            Policy {
                time_limit: Duration::from_secs(90),
                max_attempts: 5,
                on_exhausted: OnExhausted::Park,
                ..own
            }
        );
        assert_eq!(effective.placement, Placement::Service);
    }

    #[test]
    fn each_value_says_where_it_comes_from() {
        let own = Policy {
            max_interrupted: 100,
            max_attempts: 7,
            ..Policy::default()
        };
        // The same value as before, but now somebody has said it.
        let over = read(json!({ "max_attempts": 7, "factor": 2 })).unwrap();
        let sources = over.apply(own).sources;
        assert!(sources.keys().eq(&PolicyOverride::KEYS), "{sources:?}");
        for (key, source) in sources {
            let expected = match key {
                "max_attempts" | "factor" => Source::Configuration,
                "max_interrupted" => Source::Step,
                _ => Source::Default,
            };
            assert_eq!(source, expected, "{key}");
        }
    }

    #[test]
    fn every_key_can_be_set() {
        let all = json!({
            "first_delay": "1s",
            "factor": 1.5,
            "max_delay": "PT1M",
            "jitter": 0.0,
            "max_attempts": 1,
            "max_total": "100h",
            "time_limit": "500ms",
            "max_interrupted": 1,
            "limits": ["a", "b:{c}"],
            "on_exhausted": "fail",
            "placement": "inline",
        });
        let effective = read(all).unwrap().apply(Policy::default());
        let set = |source: &Source| *source == Source::Configuration;
        assert!(effective.sources.values().all(set), "{effective:?}");
        assert_eq!(effective.policy.limits, ["a", "b:{c}"]);
        assert_eq!(effective.policy.time_limit, Duration::from_millis(500));
    }

    #[test]
    fn what_is_no_policy_is_refused() {
        for (settings, said) in [
            (json!({ "max_attemps": 1 }), "unknown field `max_attemps`"),
            (json!({ "time_limit": "-1s" }), "must not be negative"),
            (json!({ "time_limit": "soon" }), "friendly"),
            (json!({ "time_limit": 90 }), "invalid type"),
            (json!({ "on_exhausted": "stop" }), "unknown variant `stop`"),
        ] {
            let error = read(settings).unwrap_err();
            assert!(error.contains(said), "{error}");
        }
    }
}
