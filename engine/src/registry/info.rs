//! The catalogue's entries: what there is to know of a step or workflow without running it.

use schemars::Schema;
use serde::Serialize;
use serde_json::Value;

use crate::policy::{Effective, PolicyOverride};
use crate::step::Step;
use crate::workflow::Workflow;

/// A step's entry in the catalogue.
#[derive(Debug, Clone, Serialize)]
pub struct StepInfo {
    /// Its durable name.
    pub name: &'static str,
    /// Whether acting twice goes unseen outside.
    pub repeatable: bool,
    /// Its policy and placement, as they hold here.
    pub effective: Effective,
    /// JSON schema of its input.
    pub input: Schema,
    /// JSON schema of its output.
    pub output: Schema,
}

impl StepInfo {
    /// The entry of `S`, as it is without configuration.
    #[must_use]
    pub fn of<S: Step>() -> Self {
        Self {
            name: S::NAME,
            repeatable: S::REPEATABLE,
            effective: PolicyOverride::default().apply(S::policy()),
            input: schemars::schema_for!(S::Input),
            output: schemars::schema_for!(S::Output),
        }
    }
}

/// A workflow's entry in the catalogue.
#[derive(Debug, Clone, Serialize)]
pub struct WorkflowInfo {
    /// Its durable name.
    pub name: &'static str,
    /// JSON schema of its input.
    pub input: Schema,
    /// JSON schema of its output.
    pub output: Schema,
}

impl WorkflowInfo {
    /// The entry of `W`.
    #[must_use]
    pub fn of<W: Workflow>() -> Self {
        Self {
            name: W::NAME,
            input: schemars::schema_for!(W::Input),
            output: schemars::schema_for!(W::Output),
        }
    }

    /// Whether the JSON is an input of `W`, by its schema and by its type; if not, which fields are
    /// wrong.
    pub(crate) fn check_input<W: Workflow>(input: &Value) -> Result<(), String> {
        check(&schemars::schema_for!(W::Input), input)?;
        match serde_json::from_value::<W::Input>(input.clone()) {
            Ok(_) => Ok(()),
            Err(error) => Err(error.to_string()),
        }
    }
}

/// Whether the value is what the schema says; if not, where it is not.
pub(super) fn check(schema: &Schema, value: &Value) -> Result<(), String> {
    let validator = jsonschema::validator_for(schema.as_value())
        .map_err(|error| format!("the schema itself cannot be used: {error}"))?;
    let problems: Vec<String> = validator
        .iter_errors(value)
        .map(|error| match error.instance_path().as_str() {
            "" => error.to_string(),
            path => format!("{path}: {error}"),
        })
        .collect();
    match problems.is_empty() {
        true => Ok(()),
        false => Err(problems.join("; ")),
    }
}
