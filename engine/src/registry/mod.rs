//! What a worker can do: its workflows, and the catalogue of their steps.

mod erased;
mod info;
mod served;
mod settings;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use crate::context::{TIME, WAIT};
use crate::error::EngineError;
use crate::events::Trigger;
use crate::limits::Limits;
use crate::policy::{Placement, PolicyOverride};
use crate::step::Step;
use crate::workflow::Workflow;

use self::served::Served;
pub(crate) use erased::ErasedWorkflow;
pub use info::{StepInfo, WorkflowInfo};
pub(crate) use served::ServedStep;
pub(crate) use settings::Settings;

/// A step as a service, and its name.
pub(crate) type NamedService = (&'static str, Arc<dyn ServedStep>);
/// A workflow, and its name.
pub(crate) type NamedWorkflow = (&'static str, Arc<dyn ErasedWorkflow>);

/// Workflows and steps by name.
#[derive(Default, Clone)]
pub struct Registry {
    workflows: BTreeMap<&'static str, Arc<dyn ErasedWorkflow>>,
    steps: BTreeMap<&'static str, StepInfo>,
    served: BTreeMap<&'static str, Arc<dyn ServedStep>>,
    limits: Limits,
    triggers: Vec<Trigger>,
    /// What was added a second time, and its name; reported by [`Registry::check`].
    twice: Vec<(&'static str, &'static str)>,
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

    /// Adds a step that this worker can execute as the service `steps.NAME`, for its own runs and those
    /// of others. Whether runs call it is for the step's placement to say.
    #[must_use]
    pub fn serve<S: Step>(mut self, step: Arc<S>) -> Self {
        self.served.insert(S::NAME, Arc::new(Served(step)));
        self.steps.entry(S::NAME).or_insert_with(StepInfo::of::<S>);
        self
    }

    /// The steps whose placement is `service`, for a [`Client`](crate::Client).
    #[must_use]
    pub fn placed_as_services(&self) -> BTreeSet<String> {
        self.steps
            .values()
            .filter(|step| step.effective.placement == Placement::Service)
            .map(|step| step.name.to_owned())
            .collect()
    }

    /// Every step that can be a service, whatever its placement is now: open runs keep the one that
    /// they began with.
    pub(crate) fn services(&self) -> impl Iterator<Item = (&'static str, &Arc<dyn ServedStep>)> {
        let can_be = |name: &str| self.steps.get(name).is_some_and(|step| step.repeatable);
        self.served
            .iter()
            .map(|(name, step)| (*name, step))
            .filter(move |(name, _)| can_be(name))
    }

    /// The named steps, as services.
    pub(crate) fn served(&self, names: &[String]) -> Result<Vec<NamedService>, EngineError> {
        let find = |name: &String| {
            let not_served = |problem: &str| EngineError::NotServed {
                name: name.clone(),
                problem: problem.to_owned(),
            };
            let Some((known, step)) = self.served.get_key_value(name.as_str()) else {
                let known = self.served.keys().copied().collect::<Vec<_>>().join(", ");
                return Err(not_served(&format!("this program has {known}")));
            };
            match self.steps.get(known) {
                Some(info) if info.repeatable => Ok((*known, step.clone())),
                _ => Err(not_served(
                    "it must not act twice, and only the worker of its run knows what was interrupted",
                )),
            }
        };
        names.iter().map(find).collect()
    }

    /// Adds rows to the table of events: which event starts which workflow.
    #[must_use]
    pub fn triggers(mut self, triggers: impl IntoIterator<Item = Trigger>) -> Self {
        self.triggers.extend(triggers);
        self
    }

    /// The table of events, for a [`Client`](crate::Client).
    #[must_use]
    pub fn all_triggers(&self) -> &[Trigger] {
        &self.triggers
    }

    /// The same with the configuration's policies and limits.
    ///
    /// # Errors
    /// [`EngineError::UnknownStep`] for a policy without a step.
    pub fn configured(
        mut self,
        overrides: &BTreeMap<String, PolicyOverride>,
        limits: Limits,
    ) -> Result<Self, EngineError> {
        for (name, over) in overrides {
            let known = || self.steps.keys().copied().collect::<Vec<_>>().join(", ");
            if !self.steps.contains_key(name.as_str()) {
                return Err(EngineError::UnknownStep {
                    name: name.clone(),
                    known: known(),
                });
            }
            if let Some(step) = self.steps.get_mut(name.as_str()) {
                over.check(step)
                    .map_err(|source| EngineError::PolicyImpossible {
                        step: name.clone(),
                        source,
                    })?;
                step.effective = over.apply(step.effective.policy.clone());
            }
        }
        self.limits = limits;
        Ok(self)
    }

    pub(crate) fn settings(&self) -> Settings {
        let of = |step: &StepInfo| (step.name, Arc::new(step.effective.policy.clone()));
        Settings {
            steps: self.steps.values().map(of).collect(),
            limits: self.limits.clone(),
        }
    }

    /// The workflow's entry in the catalogue.
    #[must_use]
    pub fn workflow_info(&self, name: &str) -> Option<WorkflowInfo> {
        self.workflows.get(name).map(|workflow| workflow.info())
    }

    /// Whether the JSON is an input of the workflow, by its schema and by its type.
    ///
    /// # Errors
    /// [`EngineError::UnknownWorkflow`], or [`EngineError::InputRefused`] with the fields that are
    /// wrong.
    pub fn check_input(&self, workflow: &str, input: &Value) -> Result<(), EngineError> {
        let found = self.find(workflow)?;
        found
            .check_input(input)
            .map_err(|problem| EngineError::InputRefused {
                workflow: workflow.to_owned(),
                problem,
            })
    }

    pub(crate) fn check_step_input(&self, step: &str, input: &Value) -> Result<(), String> {
        info::check(&self.step(step)?.input, input)
    }

    pub(crate) fn check_output(&self, step: &str, output: &Value) -> Result<(), String> {
        info::check(&self.step(step)?.output, output)
    }

    fn step(&self, name: &str) -> Result<&StepInfo, String> {
        self.steps
            .get(name)
            .ok_or_else(|| "this program has no such step".to_owned())
    }

    /// Whether the names can serve as names of rows and journal entries.
    pub(crate) fn check(&self) -> Result<(), EngineError> {
        if let Some(&(what, name)) = self.twice.first() {
            return Err(EngineError::DuplicateName { what, name });
        }
        for name in [TIME, WAIT, "rerun"] {
            if self.steps.contains_key(name) {
                return Err(EngineError::ReservedName { name });
            }
        }
        Ok(())
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
