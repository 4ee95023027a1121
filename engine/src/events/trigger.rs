//! The table of events: which event starts which workflow.

use serde_json::Value;

use crate::client::Client;
use crate::error::EngineError;
use crate::registry::WorkflowInfo;
use crate::tables::engine_events;
use crate::workflow::Workflow;

/// One row of the table of events: an event of this name starts a run of this workflow.
#[derive(Debug, Clone, Copy)]
pub struct Trigger {
    /// The event's name.
    pub event: &'static str,
    /// The workflow, whose input is the event's data.
    pub workflow: &'static str,
    /// What the run is about, from the event's key: two events with one result start one run. `None`
    /// makes each event a run.
    pub key: Option<fn(&str) -> String>,
    /// Whether data is an input of the workflow; if not, why not.
    check: fn(&Value) -> Result<(), String>,
}

impl Trigger {
    /// An event of this name starts a run of `W`; `key` as in [`Trigger::key`].
    #[must_use]
    pub const fn of<W: Workflow>(event: &'static str, key: Option<fn(&str) -> String>) -> Self {
        Self {
            event,
            workflow: W::NAME,
            key,
            check: WorkflowInfo::check_input::<W>,
        }
    }

    /// What the run of an event is about.
    #[must_use]
    pub fn run_key(&self, event: &engine_events::Model) -> String {
        match self.key {
            Some(key) => key(&event.key),
            None => format!("event/{}", event.id),
        }
    }

    /// Starts the run, or finds the one that was started before.
    pub(super) async fn start(
        &self,
        client: &Client,
        event: &engine_events::Model,
        data: &Value,
    ) -> Result<(), EngineError> {
        // It was checked when it came, perhaps by another version of the workflow. A run without an
        // input could only be tried for ever.
        self.check(data)?;
        let key = self.run_key(event);
        client
            .start_named(self.workflow, &key, data.clone())
            .await
            .map(drop)
    }

    fn check(&self, data: &Value) -> Result<(), EngineError> {
        (self.check)(data).map_err(|problem| EngineError::InputRefused {
            workflow: self.workflow.to_owned(),
            problem,
        })
    }
}

/// What an event of this name starts.
pub(super) fn of_event<'t>(client: &'t Client, name: &'t str) -> impl Iterator<Item = &'t Trigger> {
    let triggers = client.triggers().iter();
    triggers.filter(move |trigger| trigger.event == name)
}

/// Whether the data is an input of all that an event of this name starts.
pub(super) fn check(client: &Client, name: &str, data: &Value) -> Result<(), EngineError> {
    of_event(client, name).try_for_each(|trigger| trigger.check(data))
}
