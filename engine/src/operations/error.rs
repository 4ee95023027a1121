//! Why an operation was refused, and what can be done instead.

use crate::error::EngineError;
use crate::tables::RunStatus;

/// An operation that was not done.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OperationError {
    /// Our tables or Restate.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The run has ended.
    #[error("run {run_id} is {}; `flywheel runs rerun {run_id}` starts it anew", status.as_str())]
    Ended {
        /// The run.
        run_id: String,
        /// How it ended.
        status: RunStatus,
    },
    /// A run above it is held, and with it this one.
    #[error("run {run_id} is held with the run above it; release that one")]
    HeldAbove {
        /// The run.
        run_id: String,
    },
    /// The run is not parked.
    #[error("run {run_id} is {} and waits for no decision; `flywheel runs show {run_id}` says for what it waits", status.as_str())]
    NotParked {
        /// The run.
        run_id: String,
        /// What it does instead.
        status: RunStatus,
    },
    /// Somebody else has decided meanwhile.
    #[error(
        "somebody has decided about run {run_id} already; `flywheel runs show {run_id}` says what"
    )]
    Decided {
        /// The run.
        run_id: String,
    },
    /// A value does not fit the step.
    #[error("the {what} does not fit {of}: {problem}")]
    DoesNotFit {
        /// `input` or `output`.
        what: &'static str,
        /// The step or workflow.
        of: String,
        /// Where and why.
        problem: String,
    },
    /// There is no such step in the run.
    #[error("run {run_id} has not come to {step}; it has: {has}")]
    NoSuchStep {
        /// The run.
        run_id: String,
        /// As it was asked for.
        step: String,
        /// The steps that the run has come to.
        has: String,
    },
    /// Input, output and failed children contradict each other.
    #[error("{0}")]
    Contradiction(&'static str),
    /// The run still goes on, or another one goes on from it or from the same one as it.
    #[error("run {run_id} is {}; a rerun beside it could do things twice: cancel it, or wait for its end", status.as_str())]
    StillOpen {
        /// The run that goes on.
        run_id: String,
        /// What it is doing.
        status: RunStatus,
    },
    /// No fan-out of the run has a failed child.
    #[error("run {run_id} has no failed child runs")]
    NoFailedChildren {
        /// The run.
        run_id: String,
    },
}
