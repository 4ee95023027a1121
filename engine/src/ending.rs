//! The five endings of an attempt (done, retry, later, terminal, unknown), and what a workflow sees
//! of a step that did not get done.
//!
//! The ending of an attempt is the value that the journal keeps, so these shapes are durable.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// Stable codes of what the engine itself ends a step or run with; each has a page in `docs/errors/`.
pub mod codes {
    /// A step that must not act twice acted, perhaps, and nobody can tell.
    pub const PUBLISH_UNKNOWN: &str = "publish_unknown";
    /// The attempt did not end within the policy's time limit.
    pub const STEP_TIMED_OUT: &str = "step_timed_out";
    /// The step panicked.
    pub const STEP_PANICKED: &str = "step_panicked";
    /// The step's executions were interrupted too often; it may be what stops the worker.
    pub const STEP_INTERRUPTED: &str = "step_interrupted";
    /// An error that the step did not map to an ending.
    pub const STEP_UNMAPPED: &str = "step_unmapped";
    /// The input of a step is not what its type says once it was JSON.
    pub const INPUT_INVALID: &str = "input_invalid";
    /// The output of a step or run does not come back from JSON as its type.
    pub const OUTPUT_INVALID: &str = "output_invalid";
    /// The run was cancelled.
    pub const RUN_CANCELLED: &str = "run_cancelled";
    /// A rerun came to a point where today's code does something else than the record says.
    pub const RERUN_DIVERGED: &str = "rerun_diverged";
    /// A step waits for a limit whose key cannot be made from its input.
    pub const LIMIT_KEY_MISSING: &str = "limit_key_missing";
    /// A child run was killed or cancelled by itself, or ended with an error that is none of ours.
    pub const CHILD_FAILED: &str = "child_failed";
}

/// How a step says that it is not done. Deliberately no [`std::error::Error`], so that `?` turns
/// any other error into the unmapped kind.
#[derive(Debug)]
pub struct StepError {
    pub(crate) kind: StepErrorKind,
    pub(crate) note: ErrorNote,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StepErrorKind {
    Retry,
    Later(When),
    Terminal,
    Unknown,
    Unmapped,
}

/// When a `later` ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// At an instant.
    At(Timestamp),
    /// A while after the attempt ended.
    After(Duration),
}

impl When {
    pub(crate) fn instant(self, ended_at: Timestamp) -> Timestamp {
        match self {
            Self::At(instant) => instant,
            Self::After(wait) => add(ended_at, wait),
        }
    }
}

/// `at + wait`, at the end of time where that would overflow.
pub(crate) fn add(at: Timestamp, wait: Duration) -> Timestamp {
    let wait = SignedDuration::try_from(wait).unwrap_or(SignedDuration::MAX);
    at.saturating_add(wait).unwrap_or(Timestamp::MAX)
}

type Cause = Box<dyn Error + Send + Sync>;

impl StepError {
    /// It may succeed if tried again.
    pub fn retry(code: impl Into<Cow<'static, str>>, cause: impl Into<Cause>) -> Self {
        Self::new(StepErrorKind::Retry, code, cause)
    }

    /// The outside named a time: wait for it durably; this counts no attempt.
    pub fn later(code: impl Into<Cow<'static, str>>, when: When, cause: impl Into<Cause>) -> Self {
        Self::new(StepErrorKind::Later(when), code, cause)
    }

    /// Trying again cannot help; the workflow decides.
    pub fn terminal(code: impl Into<Cow<'static, str>>, cause: impl Into<Cause>) -> Self {
        Self::new(StepErrorKind::Terminal, code, cause)
    }

    /// It acted, perhaps, and cannot find out. Nothing is sent again without a person.
    pub fn unknown(code: impl Into<Cow<'static, str>>, cause: impl Into<Cause>) -> Self {
        Self::new(StepErrorKind::Unknown, code, cause)
    }

    /// It failed, and may have acted. A retry for a repeatable step; the next attempt of any other
    /// asks before it acts. If the attempts run out in doubt, the step ends unknown.
    pub fn in_doubt(code: impl Into<Cow<'static, str>>, cause: impl Into<Cause>) -> Self {
        Self::new(StepErrorKind::Unmapped, code, cause)
    }

    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &str {
        &self.note.code
    }

    fn new(
        kind: StepErrorKind,
        code: impl Into<Cow<'static, str>>,
        cause: impl Into<Cause>,
    ) -> Self {
        let cause = cause.into();
        Self {
            kind,
            note: ErrorNote::new(code, &*cause),
        }
    }
}

impl<E: Error + Send + Sync + 'static> From<E> for StepError {
    fn from(error: E) -> Self {
        Self {
            kind: StepErrorKind::Unmapped,
            note: ErrorNote::new(codes::STEP_UNMAPPED, &error),
        }
    }
}

/// An error as it is kept: its code and its chain of causes, outermost first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorNote {
    /// Stable code, `snake_case`.
    pub code: Cow<'static, str>,
    /// One line per cause, outermost first.
    pub chain: Vec<String>,
}

impl ErrorNote {
    pub(crate) fn new(code: impl Into<Cow<'static, str>>, error: &(dyn Error + 'static)) -> Self {
        let mut chain = vec![error.to_string()];
        let mut source = error.source();
        while let Some(cause) = source {
            chain.push(cause.to_string());
            source = cause.source();
        }
        Self {
            code: code.into(),
            chain,
        }
    }

    pub(crate) fn text(code: &'static str, text: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            chain: vec![text.into()],
        }
    }
}

impl fmt::Display for ErrorNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.chain.join(": "))
    }
}

/// The journaled value of one attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ending", rename_all = "snake_case")]
pub(crate) enum Ending<T> {
    Done {
        output: T,
    },
    Retry {
        error: ErrorNote,
        next: Next,
        so_far: SoFar,
    },
    Later {
        error: ErrorNote,
        until_ms: i64,
        so_far: SoFar,
    },
    Terminal {
        error: ErrorNote,
    },
    Unknown {
        error: ErrorNote,
    },
    /// It did not begin: no attempt, and no row.
    Halted {
        why: Halt,
    },
}

/// Why an attempt did not begin, although it was its turn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "halt", rename_all = "snake_case")]
pub(crate) enum Halt {
    /// Somebody holds the run, or one above it.
    Held,
    /// Others are before it in the line of this limit; so many that may not act yet, itself included.
    Queued { key: String, place: u64 },
    /// The rate of this limit has its next free slot then; it is reserved, and so are slots of these
    /// others, which come no later.
    Slot {
        key: String,
        at_ms: i64,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        others: Vec<String>,
    },
}

/// What follows a retry. It is decided by the policy of the time and kept with the ending, so a
/// policy that changes under an open run does not make its replay do something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Next {
    /// Another attempt at this instant, unix milliseconds.
    At(i64),
    /// None: attempts or time are used up.
    Exhausted,
    /// None until a person decides: attempts or time are used up, and the policy says park.
    Parked,
}

/// What the attempts of a step, up to this one, have used of its policy, and what they left open.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SoFar {
    /// Attempts that ended in a retry.
    pub(crate) attempts: u32,
    /// How long all attempts took, and the engine's own delays after them.
    pub(crate) time: Duration,
    /// Whether the last one acted is not known, so the next one must ask.
    pub(crate) ask_first: bool,
    /// A person has decided that the next one may act, even if the question brings nothing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) approved: bool,
}

impl<T> Ending<T> {
    /// The ending's word, as in rows, metrics and docs.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Done { .. } => "done",
            Self::Retry { .. } => "retry",
            Self::Later { .. } => "later",
            Self::Terminal { .. } => "terminal",
            Self::Unknown { .. } => "unknown",
            Self::Halted { .. } => "halted",
        }
    }

    /// What the step comes to with this attempt, if nothing follows by itself.
    pub(crate) fn outcome(&self) -> Option<&'static str> {
        match self {
            Self::Done { .. } => Some("done"),
            Self::Retry { next, so_far, .. } => match next {
                Next::At(_) => None,
                Next::Exhausted if so_far.ask_first => Some("unknown"),
                Next::Exhausted => Some("exhausted"),
                Next::Parked => Some("parked"),
            },
            Self::Later { .. } | Self::Halted { .. } => None,
            Self::Terminal { .. } => Some("terminal"),
            Self::Unknown { .. } => Some("unknown"),
        }
    }

    pub(crate) fn error(&self) -> Option<&ErrorNote> {
        match self {
            Self::Done { .. } | Self::Halted { .. } => None,
            Self::Retry { error, .. }
            | Self::Later { error, .. }
            | Self::Terminal { error }
            | Self::Unknown { error } => Some(error),
        }
    }
}

/// Why a step or a child run did not get done: what a workflow sees, may decide on, or passes on
/// as the failure of its run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{}{code}: {error}", step.as_ref().map(|step| format!("{step}: ")).unwrap_or_default())]
pub struct Failure {
    /// What sort of failure it is.
    pub kind: FailureKind,
    /// Stable code with a page under `docs/errors/`.
    pub code: String,
    /// The step that failed, if it was one.
    pub step: Option<String>,
    /// What happened, with its causes.
    pub error: String,
}

/// What sort of failure a workflow sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// Trying again cannot help.
    Terminal,
    /// The policy's attempts or time are used up.
    Exhausted,
    /// It acted, perhaps.
    Unknown,
    /// The run was cancelled from outside.
    Cancelled,
}

impl Failure {
    /// A failure that a workflow decides on by itself.
    pub fn terminal(code: impl Into<String>, error: impl Into<String>) -> Self {
        Self {
            kind: FailureKind::Terminal,
            code: code.into(),
            step: None,
            error: error.into(),
        }
    }

    /// The same of a step that may have acted outside, whatever its last word was. A cancellation
    /// stays one.
    #[must_use]
    pub fn in_doubt(self) -> Self {
        match self.kind {
            FailureKind::Unknown | FailureKind::Cancelled => self,
            FailureKind::Terminal | FailureKind::Exhausted => Self {
                kind: FailureKind::Unknown,
                code: codes::PUBLISH_UNKNOWN.to_owned(),
                error: format!("{}: {}", self.code, self.error),
                ..self
            },
        }
    }

    pub(crate) fn cancelled() -> Self {
        Self {
            kind: FailureKind::Cancelled,
            code: codes::RUN_CANCELLED.to_owned(),
            step: None,
            error: "the run was cancelled".to_owned(),
        }
    }

    pub(crate) fn of_step(kind: FailureKind, step: &str, note: &ErrorNote) -> Self {
        Self {
            kind,
            code: note.code.to_string(),
            step: Some(step.to_owned()),
            error: note.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_in_doubt_is_unknown_unless_it_is_a_cancellation() {
        let doubtful = Failure::terminal("refused", "no").in_doubt();
        assert_eq!(
            (
                doubtful.kind,
                doubtful.code.as_str(),
                doubtful.error.as_str()
            ),
            (FailureKind::Unknown, codes::PUBLISH_UNKNOWN, "refused: no")
        );
        assert_eq!(doubtful.clone().in_doubt(), doubtful);
        assert_eq!(Failure::cancelled().in_doubt(), Failure::cancelled());
    }
}
