//! What a worker can do: its workflows, and the catalogue of their steps.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use schemars::Schema;

use crate::context::{TIME, WorkflowContext, encode_and_decode};
use crate::ending::{Failure, codes};
use crate::error::EngineError;
use crate::policy::Policy;
use crate::step::Step;
use crate::workflow::Workflow;

/// Workflows and steps by name.
#[derive(Default, Clone)]
pub struct Registry {
    workflows: BTreeMap<&'static str, Arc<dyn ErasedWorkflow>>,
    steps: BTreeMap<&'static str, StepInfo>,
    /// What was added a second time, and its name; reported by [`Registry::check`].
    twice: Vec<(&'static str, &'static str)>,
}

/// A step's entry in the catalogue.
#[derive(Debug, Clone, serde::Serialize)]
pub struct StepInfo {
    /// Its durable name.
    pub name: &'static str,
    /// Whether acting twice goes unseen outside.
    pub repeatable: bool,
    /// Its retry policy.
    pub policy: Policy,
    /// JSON schema of its input.
    pub input: Schema,
    /// JSON schema of its output.
    pub output: Schema,
}

impl StepInfo {
    /// The entry of `S`.
    #[must_use]
    pub fn of<S: Step>() -> Self {
        Self {
            name: S::NAME,
            repeatable: S::REPEATABLE,
            policy: S::policy(),
            input: schemars::schema_for!(S::Input),
            output: schemars::schema_for!(S::Output),
        }
    }
}

impl Registry {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a workflow. A worker does not serve two of the same name.
    #[must_use]
    pub fn workflow<W: Workflow>(mut self, workflow: W) -> Self {
        let before = self.workflows.insert(W::NAME, Arc::new(workflow));
        if before.is_some() {
            self.twice.push(("workflow", W::NAME));
        }
        self
    }

    /// Adds steps to the catalogue; workflows hold the steps themselves. A worker does not serve
    /// two of the same name.
    #[must_use]
    pub fn steps(mut self, steps: impl IntoIterator<Item = StepInfo>) -> Self {
        for step in steps {
            let name = step.name;
            if self.steps.insert(name, step).is_some() {
                self.twice.push(("step", name));
            }
        }
        self
    }

    /// Whether the names can serve as names of rows and journal entries.
    pub(crate) fn check(&self) -> Result<(), EngineError> {
        if let Some(&(what, name)) = self.twice.first() {
            return Err(EngineError::DuplicateName { what, name });
        }
        match self.steps.contains_key(TIME) {
            true => Err(EngineError::ReservedName { name: TIME }),
            false => Ok(()),
        }
    }

    /// The catalogue, sorted by name.
    pub fn catalogue(&self) -> impl Iterator<Item = &StepInfo> {
        self.steps.values()
    }

    /// Names of the workflows, sorted.
    pub fn workflow_names(&self) -> impl Iterator<Item = &'static str> {
        self.workflows.keys().copied()
    }

    pub(crate) fn find(&self, name: &str) -> Result<Arc<dyn ErasedWorkflow>, EngineError> {
        self.workflows
            .get(name)
            .cloned()
            .ok_or_else(|| EngineError::UnknownWorkflow {
                name: name.to_owned(),
                known: self.workflow_names().collect::<Vec<_>>().join(", "),
            })
    }

    pub(crate) fn workflows(
        &self,
    ) -> impl Iterator<Item = (&'static str, &Arc<dyn ErasedWorkflow>)> {
        self.workflows
            .iter()
            .map(|(name, workflow)| (*name, workflow))
    }
}

/// A workflow whose types are behind JSON.
pub(crate) trait ErasedWorkflow: Send + Sync {
    fn run<'a>(&'a self, cx: &'a WorkflowContext<'a>) -> BoxFuture<'a, Result<Bytes, Failure>>;
}

impl<W: Workflow> ErasedWorkflow for W {
    fn run<'a>(&'a self, cx: &'a WorkflowContext<'a>) -> BoxFuture<'a, Result<Bytes, Failure>> {
        async move {
            let input = match serde_json::from_value::<W::Input>(cx.run.input.clone()) {
                Ok(input) => input,
                // The type changed under an open run. That is the code's fault, so the run is not
                // failed: it goes on when the code is mended.
                Err(source) => {
                    let what = format!("the input of {}", W::NAME);
                    let as_type = std::any::type_name::<W::Input>();
                    cx.give_up(EngineError::Decode {
                        what,
                        as_type,
                        source,
                    })
                    .await
                }
            };
            let output = Workflow::run(self, cx, input).await?;
            encode_and_decode(&output).map_err(|error| {
                Failure::terminal(
                    codes::OUTPUT_INVALID,
                    format!(
                        "the output of {} does not come back from JSON: {error}",
                        W::NAME
                    ),
                )
            })
        }
        .boxed()
    }
}
