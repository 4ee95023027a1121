//! The things that happen to runs, one type each. The event alone knows its log line, its metric
//! and its row; nobody else logs, counts or writes them.

use jiff::Timestamp;

use crate::ending::{ErrorNote, Failure, FailureKind};
use crate::metrics;
use crate::tables::{AttemptRow, EntryKind, EntryRow, RunRow, RunStatus, TagRow, storable};

/// Whatever happens to a run.
#[derive(Debug, Clone)]
pub enum Event {
    /// An execution of the run began or went on.
    RunStarted(RunStarted),
    /// The run waits.
    RunWaiting(RunWaiting),
    /// The run's wait is over.
    RunResumed(RunResumed),
    /// The run came to its end.
    RunEnded(RunEnded),
    /// The run was tagged.
    RunTagged(RunTagged),
    /// The run did something beside its attempts.
    RunEntered(RunEntered),
    /// An attempt of a step began.
    AttemptStarted(AttemptStarted),
    /// An attempt of a step ended.
    AttemptEnded(AttemptEnded),
}

impl Event {
    /// Whether it is logged and counted only once its row is committed. A run whose end could not be
    /// kept is executed again, and its end would count again.
    pub(crate) fn speaks_when_committed(&self) -> bool {
        matches!(self, Self::RunEnded(_))
    }
}

/// One row to be written: an upsert that only says what it knows.
#[derive(Debug, Clone)]
pub enum Row {
    /// Of `runs`.
    Run(Box<RunRow>),
    /// Of `step_attempts`.
    Attempt(Box<AttemptRow>),
    /// Of `run_tags`.
    Tag(TagRow),
    /// Of `run_entries`.
    Entry(EntryRow),
}

impl Row {
    /// The run that it is about.
    pub(crate) fn run_id(&self) -> &str {
        match self {
            Self::Run(row) => &row.id,
            Self::Attempt(row) => &row.key.run_id,
            Self::Tag(row) => &row.run_id,
            Self::Entry(row) => &row.run_id,
        }
    }
}

macro_rules! events {
    ($($name:ident),*) => {
        $(impl From<$name> for Event {
            fn from(event: $name) -> Self {
                Self::$name(event)
            }
        })*

        impl Event {
            /// Logs and counts the event.
            pub(crate) fn emit(&self) {
                match self {
                    $(Self::$name(event) => event.emit(),)*
                }
            }

            /// The row that keeps the event.
            pub(crate) fn row(self) -> Row {
                match self {
                    $(Self::$name(event) => event.row(),)*
                }
            }
        }
    };
}

events!(
    RunStarted,
    RunWaiting,
    RunResumed,
    RunEnded,
    RunTagged,
    RunEntered,
    AttemptStarted,
    AttemptEnded
);

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
    fn emit(&self) {
        tracing::debug!(
            run.id = self.run_id,
            workflow = self.workflow,
            "Run goes on."
        );
    }

    fn row(self) -> Row {
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
    fn emit(&self) {
        let until = self.until.map(|until| until.to_string());
        match self.status {
            // Somebody has to do something.
            RunStatus::Parked if !self.again => {
                tracing::warn!(run.id = self.run_id, "Run is parked: {}.", self.reason);
            }
            _ => tracing::debug!(run.id = self.run_id, until, "Run waits: {}.", self.reason),
        }
    }

    fn row(self) -> Row {
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
    fn emit(&self) {
        tracing::debug!(run.id = self.run_id, "Run goes on after a wait.");
    }

    fn row(self) -> Row {
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

    fn emit(&self) {
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

    fn row(self) -> Row {
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
    fn emit(&self) {
        tracing::debug!(
            run.id = self.run_id,
            "Run tagged {} = {}.",
            self.key,
            self.value
        );
    }

    fn row(self) -> Row {
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
    fn emit(&self) {
        tracing::trace!(
            run.id = self.run_id,
            seq = self.seq,
            "Run has {} {}.",
            self.kind.as_str(),
            self.name
        );
    }

    fn row(self) -> Row {
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

/// Which attempt: the key of its row.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AttemptKey {
    /// The run.
    pub run_id: String,
    /// The step's name.
    pub step: &'static str,
    /// How often the run has come to this step, from 1.
    pub occurrence: u32,
    /// The attempt's number, from 1.
    pub attempt: u32,
}

impl AttemptKey {
    /// The attempt's name in the journal.
    pub(crate) fn entry_name(&self) -> String {
        match self.occurrence {
            1 => format!("{}#{}", self.step, self.attempt),
            occurrence => format!("{}@{occurrence}#{}", self.step, self.attempt),
        }
    }
}

/// An attempt of a step began (perhaps again, after an interruption).
#[derive(Debug, Clone)]
pub struct AttemptStarted {
    /// Which.
    pub key: AttemptKey,
    /// When.
    pub at: Timestamp,
    /// The step's input, JSON.
    pub input: String,
    /// The step's place in the run's story, from 1; 0 if it has none.
    pub seq: u32,
}

impl AttemptStarted {
    fn emit(&self) {
        tracing::debug!(
            run.id = self.key.run_id,
            step = self.key.step,
            attempt = self.key.attempt,
            "Attempt started."
        );
    }

    fn row(self) -> Row {
        Row::Attempt(Box::new(AttemptRow {
            started_at_ms: Some(self.at.as_millisecond()),
            input: Some(self.input),
            executions: 1,
            seq: (self.seq > 0).then_some(self.seq),
            ..AttemptRow::of(self.key)
        }))
    }
}

/// An attempt of a step ended.
#[derive(Debug, Clone)]
pub struct AttemptEnded {
    /// Which.
    pub key: AttemptKey,
    /// When this execution of it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Timestamp,
    /// How: one of the five words.
    pub ending: &'static str,
    /// What went wrong, if anything.
    pub error: Option<ErrorNote>,
    /// The output as JSON, if done.
    pub output: Option<String>,
    /// When a `later` ends, unix milliseconds.
    pub until_ms: Option<i64>,
    /// What it cost, millionths of a US dollar.
    pub cost_micro_usd: i64,
    /// The step's place in the run's story, from 1; 0 if it has none.
    pub seq: u32,
    /// What the step came to with it, if nothing follows by itself.
    pub outcome: Option<&'static str>,
}

impl AttemptEnded {
    fn emit(&self) {
        let took = self.ended_at.duration_since(self.started_at).as_secs_f64();
        metrics::attempt_ended(self.key.step, self.ending, took, self.cost_micro_usd);
        let (run, step, attempt) = (&self.key.run_id, self.key.step, self.key.attempt);
        match &self.error {
            None => tracing::debug!(run.id = run, step, attempt, seconds = took, "Attempt done."),
            Some(error) => {
                tracing::info!(run.id = run, step, attempt, seconds = took, code = %error.code, "Attempt ended with {}: {error}.", self.ending);
            }
        }
    }

    fn row(self) -> Row {
        let (error_code, error_chain) = match self.error {
            Some(error) => (
                Some(storable(error.code.into_owned())),
                // JSON escapes a NUL by itself.
                serde_json::to_string(&error.chain).ok(),
            ),
            None => (None, None),
        };
        Row::Attempt(Box::new(AttemptRow {
            started_at_ms: Some(self.started_at.as_millisecond()),
            ended_at_ms: Some(self.ended_at.as_millisecond()),
            ending: Some(self.ending.to_owned()),
            error_code,
            error_chain,
            output: self.output,
            later_until_ms: self.until_ms,
            cost_micro_usd: self.cost_micro_usd,
            seq: (self.seq > 0).then_some(self.seq),
            outcome: self.outcome,
            ..AttemptRow::of(self.key)
        }))
    }
}
