//! The things that happen to runs, one type each. The event alone knows its log line, its metric
//! and its row; nobody else logs, counts or writes them.

mod attempts;
mod runs;

use crate::tables::{AttemptRow, EntryRow, RunRow, TagRow};

pub use attempts::{AttemptEnded, AttemptKey, AttemptRecovered, AttemptStarted};
pub use runs::{RunEnded, RunEntered, RunResumed, RunStarted, RunTagged, RunWaiting};

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
    /// The end of an attempt came back out of the journal.
    AttemptRecovered(AttemptRecovered),
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
    /// Of `step_attempts`: only what is missing there.
    Recovered(Box<AttemptRow>),
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
            Self::Attempt(row) | Self::Recovered(row) => &row.key.run_id,
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
    AttemptEnded,
    AttemptRecovered
);
