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
    /// The worker is stopping: what has not begun is left to the worker that comes next.
    #[error("the worker is stopping; the next one executes this")]
    Stopping,
    /// A workflow awaited two things at once.
    #[error(
        "run {run_id} does two things at once; a workflow does one thing at a time: use `children` for things at once"
    )]
    AtOnce {
        /// The run.
        run_id: String,
    },
    /// A child run was called, and the journal has no result for it.
    #[error("the journal has no result for the child run of `{workflow}`")]
    NoResult {
        /// The child's workflow.
        workflow: &'static str,
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
    #[error("the run diverges at place {index}: recorded {recorded}, now {now}")]
    Diverged {
        /// Where they first differ.
        index: usize,
        /// What the record says.
        recorded: String,
        /// What the code does.
        now: String,
    },
    /// A run in memory waits for an answer that nobody will give.
    #[error("run {run_id} waits for an answer; give it one and run it again")]
    Waits {
        /// The run.
        run_id: String,
    },
    /// Restate has not said its id of the run yet.
    #[error("run {run_id} has only just been called by its parent; try again in a second")]
    NotConfirmed {
        /// The run.
        run_id: String,
    },
    /// There is no such run.
    #[error("there is no run {run_id}; `flywheel runs list` shows those there are")]
    UnknownRun {
        /// The id asked for.
        run_id: String,
    },
    /// The record of a run has a gap, so nothing can go on from behind it.
    #[error(
        "the history of {run_id} has nothing at its place {seq}; rerun it from an earlier step, or from its start"
    )]
    Gap {
        /// The run.
        run_id: String,
        /// The place, from 1.
        seq: u32,
    },
    /// The input is not what the workflow takes.
    #[error("this is no input of `{workflow}`: {problem}")]
    InputRefused {
        /// The workflow.
        workflow: String,
        /// What is wrong with it.
        problem: String,
    },
    /// No HTTP client could be set up.
    #[error("failed to set up the HTTP client for Restate")]
    HttpClient(#[source] reqwest::Error),
    /// Restate could not be reached, or its answer could not be read.
    #[error("failed to {operation} at {address}; see that Restate is running there")]
    Http {
        /// What was being asked of Restate.
        operation: String,
        /// Where.
        address: String,
        /// Why not.
        #[source]
        source: reqwest::Error,
    },
    /// Restate answered with an error.
    #[error("Restate at {address} refused to {operation}: {status} {body}; {fix}")]
    Refused {
        /// What was being asked.
        operation: String,
        /// Where.
        address: String,
        /// The HTTP status.
        status: u16,
        /// The first part of the answer.
        body: String,
        /// What to do about it.
        fix: &'static str,
    },
    /// No workflow of that name is registered.
    #[error("there is no workflow `{name}`; known are: {known}")]
    UnknownWorkflow {
        /// The name asked for.
        name: String,
        /// The names there are.
        known: String,
    },
    /// A step is to be executed as a service where there is none.
    #[error("there is no service {name} here")]
    NoService {
        /// The service.
        name: String,
    },
    /// A step was named for a worker that cannot serve it to others.
    #[error("`{name}` cannot be served by itself: {problem}")]
    NotServed {
        /// The step.
        name: String,
        /// Why not.
        problem: String,
    },
    /// A policy has a value that it cannot have.
    #[error("the policy of `{step}` cannot be")]
    PolicyImpossible {
        /// The step.
        step: String,
        /// Which value, why not, and what to write.
        #[source]
        source: crate::policy::Impossible,
    },
    /// No step of that name is registered.
    #[error("there is no step `{name}`; known are: {known}")]
    UnknownStep {
        /// The name asked for.
        name: String,
        /// The names there are.
        known: String,
    },
    /// Open runs would do something else with today's code.
    #[error("{} open runs would do something else with this code, {}; serve them with the code that began them, or start with --hold-diverging", runs.len(), runs.first().map(ToString::to_string).unwrap_or_default())]
    OpenRunsDiverge {
        /// Which, and where.
        runs: Vec<crate::replay::Divergence>,
    },
    /// This code would take an open run another way, so it executes nothing of it.
    #[error(
        "the run would do something else with this code, {difference}; it goes on with a worker whose code fits"
    )]
    WouldDiverge {
        /// The first difference.
        difference: String,
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
    /// Two workflows or two steps have the same name, so their rows and journals would be mixed up.
    #[error("two {what}s are named `{name}`; give one of them a name of its own")]
    DuplicateName {
        /// `workflow` or `step`.
        what: &'static str,
        /// The name.
        name: &'static str,
    },
    /// A step has a name that the journal uses for something else.
    #[error("no step can be named `{name}`: that is an entry of the journal's own")]
    ReservedName {
        /// The name.
        name: &'static str,
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
}
