//! What can go wrong in the engine's own machinery, as opposed to in a step.
//!
//! None of these ends a run: the execution is given up and Restate tries it again.

use sea_orm::DbErr;

/// A failed operation of the engine.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// Our tables could not be read or written.
    #[error("failed to {operation}")]
    Database {
        /// What was being done.
        operation: &'static str,
        /// Why not.
        #[source]
        source: DbErr,
    },
    /// The history writer is gone; the process is ending.
    #[error("the history writer has stopped")]
    HistoryStopped,
    /// A history batch was not committed.
    #[error("failed to commit history: {reason}")]
    HistoryRefused {
        /// The database's words.
        reason: String,
    },
    /// A step closed its own room; nobody else can.
    #[error("the room of the step was closed")]
    RoomClosed(#[source] tokio::sync::AcquireError),
    /// A value in the journal or in a row is not what today's code expects.
    #[error("failed to read {what} as {as_type}; the code may have changed under an open run")]
    Decode {
        /// Which value.
        what: String,
        /// The type that was expected.
        as_type: &'static str,
        /// Why not.
        #[source]
        source: serde_json::Error,
    },
    /// A value could not be written as JSON.
    #[error("failed to write {what} as JSON")]
    Encode {
        /// Which value.
        what: String,
        /// Why not.
        #[source]
        source: serde_json::Error,
    },
    /// A recorded run does something else with today's code.
    #[error("the run diverges at journal entry {index}: recorded {recorded}, now {now}")]
    Diverged {
        /// Index of the first differing entry.
        index: usize,
        /// What the record says.
        recorded: String,
        /// What the code does.
        now: String,
    },
    /// Restate could not be reached, or said no.
    #[error("failed to {operation}")]
    Http {
        /// What was being asked of Restate.
        operation: &'static str,
        /// Why not.
        #[source]
        source: reqwest::Error,
    },
    /// Restate answered with an error.
    #[error("Restate refused to {operation}: {status} {body}")]
    Refused {
        /// What was being asked.
        operation: &'static str,
        /// The HTTP status.
        status: u16,
        /// The first part of the answer.
        body: String,
    },
    /// No workflow of that name is registered.
    #[error("there is no workflow `{name}`; known are: {known}")]
    UnknownWorkflow {
        /// The name asked for.
        name: String,
        /// The names there are.
        known: String,
    },
    /// A listener could not be opened.
    #[error("failed to listen on {address}")]
    Listen {
        /// The address.
        address: String,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// A service name that Restate does not take.
    #[error("`{name}` cannot be a service name: {reason}")]
    ServiceName {
        /// The name.
        name: String,
        /// Why not.
        reason: String,
    },
}

impl EngineError {
    pub(crate) fn database(operation: &'static str) -> impl FnOnce(DbErr) -> Self {
        move |source| Self::Database { operation, source }
    }

    pub(crate) fn http(operation: &'static str) -> impl FnOnce(reqwest::Error) -> Self {
        move |source| Self::Http { operation, source }
    }
}
