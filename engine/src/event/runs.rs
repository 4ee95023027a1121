//! What happens to a run as a whole.

use jiff::Timestamp;

use super::Row;
use crate::ending::{Failure, FailureKind};
use crate::metrics;
use crate::tables::{EntryKind, EntryRow, RunRow, RunStatus, TagRow, storable};

/// An execution of the run began, or went on after a crash or a wait.
#[derive(Debug, Clone)]
pub struct RunStarted {
    /// The run.
    pub run_id: String,
    /// Its workflow.
    pub workflow: String,
    /// The run that called it.
    pub parent_id: Option<String>,
    /// Its input, JSON.
    pub input: String,
    /// Restate's id of it.
    pub invocation_id: String,
    /// The worker process.
    pub worker: String,
    /// When.
    pub at: Timestamp,
}

impl RunStarted {
    pub(super) fn emit(&self) {
        tracing::debug!(
            run.id = self.run_id,
            workflow = self.workflow,
            "Run goes on."
        );
    }

    pub(super) fn row(self) -> Row {
        Row::Run(Box::new(RunRow {
            workflow: Some(self.workflow),
            parent_id: self.parent_id,
            status: Some(RunStatus::Running),
            input: Some(self.input),
            invocation_id: Some(self.invocation_id),
            worker: Some(self.worker),
            started_at_ms: Some(self.at.as_millisecond()),
            ..RunRow::of(self.run_id, self.at)
        }))
    }
}

/// The run waits; no worker is held.
#[derive(Debug, Clone)]
pub struct RunWaiting {
    /// The run.
    pub run_id: String,
    /// `waiting`, `held` or `parked`.
    pub status: RunStatus,
    /// For what.
    pub reason: String,
    /// Until when, at most.
    pub until: Option<Timestamp>,
    /// The stable code of what a person has to decide about, if it is parked.
    pub code: Option<String>,
    /// Whether it was said before: a replay comes by the wait again.
    pub again: bool,
}

impl RunWaiting {
    pub(super) fn emit(&self) {
        let until = self.until.map(|until| until.to_string());
        match self.status {
            // Somebody has to do something.
            RunStatus::Parked if !self.again => {
                tracing::warn!(run.id = self.run_id, "Run is parked: {}.", self.reason);
            }
            _ => tracing::debug!(run.id = self.run_id, until, "Run waits: {}.", self.reason),
        }
    }

    pub(super) fn row(self) -> Row {
        Row::Run(Box::new(RunRow {
            status: Some(self.status),
            waiting_reason: Some(storable(self.reason)),
            waiting_until_ms: self.until.map(Timestamp::as_millisecond),
            error_code: self.code.map(storable),
            // Should this be the first row of the run, it is not one from the end of the wait.
            ..RunRow::of(self.run_id, Timestamp::now())
        }))
    }
}

/// The run's wait is over, and the execution that began it still has it.
#[derive(Debug, Clone)]
pub struct RunResumed {
    /// The run.
    pub run_id: String,
    /// When.
    pub at: Timestamp,
}

impl RunResumed {
    pub(super) fn emit(&self) {
        tracing::debug!(run.id = self.run_id, "Run goes on after a wait.");
    }

    pub(super) fn row(self) -> Row {
        Row::Run(Box::new(RunRow {
            status: Some(RunStatus::Running),
            ..RunRow::of(self.run_id, self.at)
        }))
    }
}

/// The run came to its end.
#[derive(Debug, Clone)]
pub struct RunEnded {
    /// The run.
    pub run_id: String,
    /// Its workflow.
    pub workflow: String,
    /// Its output as JSON, or why there is none.
    pub result: Result<String, Failure>,
    /// When.
    pub at: Timestamp,
}

impl RunEnded {
    fn status(&self) -> RunStatus {
        match &self.result {
            Ok(_) => RunStatus::Completed,
            Err(failure) if failure.kind == FailureKind::Cancelled => RunStatus::Cancelled,
            Err(_) => RunStatus::Failed,
        }
    }

    pub(super) fn emit(&self) {
        metrics::run_ended(&self.workflow, self.status().as_str());
        match &self.result {
            Ok(_) => tracing::info!(
                run.id = self.run_id,
                workflow = self.workflow,
                "Run completed."
            ),
            Err(failure) => {
                tracing::warn!(
                    run.id = self.run_id,
                    workflow = self.workflow,
                    code = failure.code,
                    "Run ended without its output: {failure}."
                );
            }
        }
    }

    pub(super) fn row(self) -> Row {
        let status = self.status();
        let mut row = RunRow {
            workflow: Some(self.workflow),
            status: Some(status),
            ended_at_ms: Some(self.at.as_millisecond()),
            ..RunRow::of(self.run_id, self.at)
        };
        match self.result {
            Ok(output) => row.output = Some(output),
            Err(failure) => {
                row.error_code = Some(storable(failure.code));
                row.error_step = failure.step.map(storable);
                row.error_message = Some(storable(failure.error));
            }
        }
        Row::Run(Box::new(row))
    }
}

/// The run can be found by `key = value`.
#[derive(Debug, Clone)]
pub struct RunTagged {
    /// The run.
    pub run_id: String,
    /// The tag's key.
    pub key: String,
    /// The tag's value.
    pub value: String,
}

impl RunTagged {
    pub(super) fn emit(&self) {
        tracing::debug!(
            run.id = self.run_id,
            "Run tagged {} = {}.",
            self.key,
            self.value
        );
    }

    pub(super) fn row(self) -> Row {
        Row::Tag(TagRow {
            run_id: self.run_id,
            key: storable(self.key),
            value: storable(self.value),
        })
    }
}

/// The run did something beside its attempts: it waited, read the time, called child runs, or a person
/// ended a step.
#[derive(Debug, Clone)]
pub struct RunEntered {
    /// The run.
    pub run_id: String,
    /// Its place in the run's story, from 1.
    pub seq: u32,
    /// What it is.
    pub kind: EntryKind,
    /// Its label.
    pub name: String,
    /// What it gave, JSON, once it did.
    pub value: Option<String>,
    /// When.
    pub at: Timestamp,
}

impl RunEntered {
    pub(super) fn emit(&self) {
        tracing::trace!(
            run.id = self.run_id,
            seq = self.seq,
            "Run has {} {}.",
            self.kind.as_str(),
            self.name
        );
    }

    pub(super) fn row(self) -> Row {
        Row::Entry(EntryRow {
            run_id: self.run_id,
            seq: self.seq,
            kind: self.kind,
            name: storable(self.name),
            value: self.value,
            at_ms: self.at.as_millisecond(),
        })
    }
}
