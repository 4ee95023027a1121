//! Which values a policy cannot have, so that a wrong one is found at start and not in a run.

use std::time::Duration;

use jiff::SignedDuration;
use serde_json::Value;

use super::{Piece, Placement, Policy, PolicyOverride, pieces};
use crate::registry::StepInfo;

/// Parts of a JSON schema that may allow fields which `properties` does not name.
const MORE_FIELDS: [&str; 6] = [
    "$ref",
    "additionalProperties",
    "allOf",
    "anyOf",
    "oneOf",
    "unevaluatedProperties",
];

/// A value that a policy or the rule of a limit cannot have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{key}` {problem}; {fix}")]
pub struct Impossible {
    /// The key that it was set with.
    pub key: &'static str,
    /// What is wrong with it, as a predicate.
    pub problem: String,
    /// What to do about it.
    pub fix: String,
}

impl Impossible {
    pub(crate) fn new(
        key: &'static str,
        problem: impl Into<String>,
        fix: impl Into<String>,
    ) -> Self {
        Self {
            key,
            problem: problem.into(),
            fix: fix.into(),
        }
    }
}

impl PolicyOverride {
    /// Whether `step`, as it stands in the catalogue without an override, can be executed so. What
    /// is not overridden is not looked at.
    ///
    /// # Errors
    /// The first [`Impossible`] value.
    pub fn check(&self, step: &StepInfo) -> Result<(), Impossible> {
        self.check_alone()?;
        self.check_order(&self.apply(step.effective.policy.clone()).policy)?;
        for limit in self.limits.iter().flatten() {
            check_limit(limit, step)?;
        }
        match self.placement {
            // Elsewhere nobody could be asked how often the step was interrupted.
            Some(Placement::Service) if !step.repeatable => Err(Impossible::new(
                "placement",
                "cannot be \"service\": this step must not act twice, and only the worker that \
                 executes the run knows what was interrupted",
                "leave it inline",
            )),
            _ => Ok(()),
        }
    }

    /// What is wrong with a value whatever the others are.
    fn check_alone(&self) -> Result<(), Impossible> {
        let zero = |number: Option<u32>| number == Some(0);
        let no_time = |time: Option<Duration>| time == Some(Duration::ZERO);
        let outside = |number: Option<f64>, least: f64, most: f64| {
            number.is_some_and(|number| !(least..=most).contains(&number))
        };
        let rules = [
            (
                "factor",
                outside(self.factor, 1.0, f64::MAX),
                "must be 1 or more",
                "write 1.0 for delays that stay the same",
            ),
            (
                "jitter",
                outside(self.jitter, 0.0, 1.0),
                "must lie between 0 and 1",
                "write 0.3 for delays of which up to 30 % are left out by chance",
            ),
            (
                "max_attempts",
                zero(self.max_attempts),
                "must be 1 or more",
                "write 1 for a step that is tried once",
            ),
            (
                "max_interrupted",
                zero(self.max_interrupted),
                "must be 1 or more",
                "write 1 for a step that is given up at its second interruption",
            ),
            (
                "max_total",
                no_time(self.max_total),
                "must be longer than nothing",
                "set `max_attempts` to 1 for a step that is tried once",
            ),
            (
                "time_limit",
                no_time(self.time_limit),
                "must be longer than nothing",
                "write how long one attempt may take, like \"90s\"",
            ),
        ];
        match rules.into_iter().find(|(_, is_wrong, ..)| *is_wrong) {
            Some((key, _, problem, fix)) => Err(Impossible::new(key, problem, fix)),
            None => Ok(()),
        }
    }

    /// What is wrong with two values together, when one of them was set here.
    fn check_order(&self, applied: &Policy) -> Result<(), Impossible> {
        let pairs = [
            (
                ("first_delay", self.first_delay, applied.first_delay),
                ("max_delay", self.max_delay, applied.max_delay),
            ),
            (
                ("time_limit", self.time_limit, applied.time_limit),
                ("max_total", self.max_total, applied.max_total),
            ),
        ];
        for ((less, less_set, short), (more, more_set, long)) in pairs {
            if short <= long || (less_set.is_none() && more_set.is_none()) {
                continue;
            }
            let (short, long) = (in_words(short), in_words(long));
            let fix = format!("make `{less}` shorter or `{more}` longer");
            return Err(match less_set {
                Some(_) => {
                    let problem = format!("({short}) is longer than `{more}` ({long})");
                    Impossible::new(less, problem, fix)
                }
                None => {
                    let problem = format!("({long}) is shorter than `{less}` ({short})");
                    Impossible::new(more, problem, fix)
                }
            });
        }
        Ok(())
    }
}

/// Whether the name of a limit is one, and the step's input has the fields in it.
fn check_limit(limit: &str, step: &StepInfo) -> Result<(), Impossible> {
    let wrong = |problem: String, fix: &str| Err(Impossible::new("limits", problem, fix));
    if limit.is_empty() {
        return wrong("has an empty name".to_owned(), "take it out of the list");
    }
    let pieces = match pieces(limit) {
        Ok(pieces) => pieces,
        Err(part) => {
            return wrong(
                format!("has `{limit}`, where `{}` {}", part.field, part.problem),
                "write a field of the step's input as {field}",
            );
        }
    };
    let Some(known) = fields(step.input.as_value()) else {
        return Ok(());
    };
    for piece in pieces {
        if let Piece::Field(field) = piece
            && !known.contains(&field.split('.').next().unwrap_or(field))
        {
            return wrong(
                format!("has `{limit}`, and the step's input has no field `{field}`"),
                &format!("there are {}", known.join(", ")),
            );
        }
    }
    Ok(())
}

/// The names of the fields, sorted, if the schema says all of them.
fn fields(schema: &Value) -> Option<Vec<&str>> {
    let may_have_more = |part: &&str| {
        schema
            .get(*part)
            .is_some_and(|part| *part != Value::Bool(false))
    };
    if MORE_FIELDS.iter().any(may_have_more) {
        return None;
    }
    let named = schema.get("properties")?.as_object()?;
    let mut names: Vec<&str> = named.keys().map(String::as_str).collect();
    names.sort_unstable();
    Some(names)
}

/// As it is written in the configuration.
fn in_words(duration: Duration) -> String {
    let signed = SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX);
    format!("{signed:#}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(repeatable: bool, own: Policy, settings: Value) -> Result<(), String> {
        let step = StepInfo {
            name: "scrape",
            repeatable,
            effective: PolicyOverride::default().apply(own),
            input: schemars::json_schema!({
                "type": "object",
                "properties": { "account": { "type": "string" }, "platform": { "type": "string" } },
            }),
            output: schemars::json_schema!({ "type": "string" }),
        };
        let over: PolicyOverride = serde_json::from_value(settings).unwrap();
        over.check(&step).map_err(|error| error.to_string())
    }

    #[test]
    fn possible_values_pass() {
        for settings in [
            json!({}),
            json!({ "factor": 1.0, "jitter": 1.0, "max_attempts": 1, "max_interrupted": 1 }),
            json!({ "first_delay": "0s", "max_delay": "0s" }),
            json!({ "time_limit": "1h", "max_total": "1h" }),
            json!({ "limits": ["anthropic", "account:{platform}/{account}"] }),
            json!({ "placement": "service" }),
        ] {
            check(true, Policy::default(), settings).unwrap();
        }
        check(false, Policy::default(), json!({ "placement": "inline" })).unwrap();
    }

    #[test]
    fn impossible_values_are_refused_by_key() {
        for (settings, said) in [
            (json!({ "factor": 0.99 }), "`factor` must be 1 or more; "),
            (json!({ "jitter": -0.1 }), "`jitter` must lie between"),
            (json!({ "jitter": 1.1 }), "`jitter` must lie between"),
            (json!({ "max_attempts": 0 }), "`max_attempts` must be 1"),
            (
                json!({ "max_interrupted": 0 }),
                "`max_interrupted` must be 1",
            ),
            (json!({ "max_total": "0s" }), "`max_total` must be longer"),
            (json!({ "time_limit": "0s" }), "`time_limit` must be longer"),
            (
                json!({ "first_delay": "10m" }),
                "`first_delay` (10m) is longer than `max_delay` (5m); make",
            ),
            (
                json!({ "max_delay": "100ms" }),
                "`max_delay` (100ms) is shorter than `first_delay` (1s); make",
            ),
            (
                json!({ "time_limit": "25h" }),
                "`time_limit` (25h) is longer than `max_total` (24h); make",
            ),
            (
                json!({ "limits": [""] }),
                "`limits` has an empty name; take it",
            ),
            (
                json!({ "limits": ["a", "b:{c"] }),
                "`limits` has `b:{c`, where `c` has no `}` behind it; write",
            ),
            (
                json!({ "limits": ["a:{acount}"] }),
                "`limits` has `a:{acount}`, and the step's input has no field `acount`; there are \
                 account, platform",
            ),
        ] {
            let error = check(true, Policy::default(), settings).unwrap_err();
            assert!(error.starts_with(said), "{error}");
        }
    }

    #[test]
    fn numbers_that_are_none_are_refused() {
        for factor in [f64::NAN, f64::INFINITY] {
            let over = PolicyOverride {
                factor: Some(factor),
                ..PolicyOverride::default()
            };
            assert_eq!(over.check_alone().unwrap_err().key, "factor");
        }
        let over = PolicyOverride {
            jitter: Some(f64::NAN),
            ..PolicyOverride::default()
        };
        assert_eq!(over.check_alone().unwrap_err().key, "jitter");
    }

    #[test]
    fn a_step_that_must_not_act_twice_stays_inline() {
        let service = json!({ "placement": "service" });
        let error = check(false, Policy::default(), service).unwrap_err();
        assert!(error.starts_with("`placement` cannot be"), "{error}");
        assert!(error.ends_with("; leave it inline"), "{error}");
    }

    #[test]
    fn what_the_step_itself_has_is_not_blamed_on_the_configuration() {
        let own = Policy {
            time_limit: Duration::from_secs(10),
            max_total: Duration::from_secs(5),
            ..Policy::default()
        };
        check(true, own, json!({ "max_attempts": 3 })).unwrap();
    }

    #[test]
    fn a_schema_that_leaves_room_for_more_fields_is_no_reason_to_refuse_one() {
        for schema in [
            json!(true),
            json!({ "type": "object", "properties": { "a": {} }, "additionalProperties": {} }),
            json!({ "properties": { "a": {} }, "allOf": [] }),
        ] {
            assert_eq!(fields(&schema), None, "{schema}");
        }
        let closed = json!({ "properties": { "a": {} }, "additionalProperties": false });
        assert_eq!(fields(&closed), Some(vec!["a"]));
    }
}
