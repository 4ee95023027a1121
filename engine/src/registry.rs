//! What a worker can do: its workflows, and the catalogue of their steps.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use schemars::Schema;

use crate::context::{WorkflowContext, encode};
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

    /// Adds a workflow. A second one of the same name replaces the first.
    #[must_use]
    pub fn workflow<W: Workflow>(mut self, workflow: W) -> Self {
        self.workflows.insert(W::NAME, Arc::new(workflow));
        self
    }

    /// Adds steps to the catalogue; workflows hold the steps themselves.
    #[must_use]
    pub fn steps(mut self, steps: impl IntoIterator<Item = StepInfo>) -> Self {
        self.steps
            .extend(steps.into_iter().map(|step| (step.name, step)));
        self
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
            let input = serde_json::from_value(cx.run.input.clone()).map_err(|error| {
                Failure::terminal(
                    codes::INPUT_INVALID,
                    format!("the input of {} does not fit: {error}", W::NAME),
                )
            })?;
            let output = Workflow::run(self, cx, input).await?;
            match encode("a run's output", &output) {
                Ok(bytes) => Ok(bytes),
                Err(error) => cx.give_up(error).await,
            }
        }
        .boxed()
    }
}
