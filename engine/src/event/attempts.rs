//! What happens to an attempt of a step.

use jiff::Timestamp;

use super::Row;
use crate::ending::ErrorNote;
use crate::metrics;
use crate::tables::{AttemptRow, storable};

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
    pub(super) fn emit(&self) {
        tracing::debug!(
            run.id = self.key.run_id,
            step = self.key.step,
            attempt = self.key.attempt,
            "Attempt started."
        );
    }

    pub(super) fn row(self) -> Row {
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
    pub(super) fn emit(&self) {
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

    pub(super) fn row(self) -> Row {
        Row::Attempt(Box::new(self.of_table()))
    }

    fn of_table(self) -> AttemptRow {
        let (error_code, error_chain) = match self.error {
            Some(error) => (
                Some(storable(error.code.into_owned())),
                // JSON escapes a NUL by itself.
                serde_json::to_string(&error.chain).ok(),
            ),
            None => (None, None),
        };
        AttemptRow {
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
        }
    }
}

/// The journal has the end of an attempt whose row may be missing: the worker that noted it died before
/// the row was committed. Said and counted by nobody: that was done when it ended.
#[derive(Debug, Clone)]
pub struct AttemptRecovered {
    /// What the journal has.
    pub ended: AttemptEnded,
    /// The step's input, JSON.
    pub input: String,
}

impl AttemptRecovered {
    pub(super) fn emit(&self) {
        tracing::debug!(
            run.id = self.ended.key.run_id,
            step = self.ended.key.step,
            attempt = self.ended.key.attempt,
            "Attempt found in the journal."
        );
    }

    pub(super) fn row(self) -> Row {
        Row::Recovered(Box::new(AttemptRow {
            input: Some(self.input),
            executions: 1,
            ..self.ended.of_table()
        }))
    }
}
