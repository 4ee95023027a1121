//! How a question about a file can fail.

use std::{io, process::ExitStatus, time::Duration};

use crate::wire::Refusal;

/// A question about a file that was not answered.
///
/// [`Refused`](Self::Refused) is about the input and final; everything else is about this attempt.
#[derive(Debug, thiserror::Error)]
pub enum MediaError {
    /// The input is not acceptable; trying again gives the same answer.
    #[error("media {operation}: {}", refusal.message)]
    Refused {
        /// `check`, `probe`, `keyframes`, `synthesize` or `transcode`.
        operation: &'static str,
        /// Reason and particulars.
        refusal: Refusal,
    },
    /// The helper could not be started.
    #[error("media {operation}: starting the helper {helper}")]
    Start {
        /// `check`, `probe`, `keyframes`, `synthesize` or `transcode`.
        operation: &'static str,
        /// The program's path.
        helper: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The helper's exit or output could not be read.
    #[error("media {operation}: talking to the helper")]
    Pipe {
        /// `check`, `probe`, `keyframes`, `synthesize` or `transcode`.
        operation: &'static str,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The request could not be written as JSON (a path that is not UTF-8).
    #[error("media {operation}: writing the request")]
    Request {
        /// `check`, `probe`, `keyframes`, `synthesize` or `transcode`.
        operation: &'static str,
        /// What the serialiser said.
        #[source]
        source: serde_json::Error,
    },
    /// The helper did not finish in time and was killed.
    #[error(
        "media {operation}: the helper was killed after {after:?}{}",
        said(stderr)
    )]
    TimedOut {
        /// `check`, `probe`, `keyframes`, `synthesize` or `transcode`.
        operation: &'static str,
        /// The limit it ran into.
        after: Duration,
        /// The end of what it wrote to stderr.
        stderr: String,
    },
    /// The helper ended without an answer: a signal, a limit of its own, a bug.
    #[error("media {operation}: the helper ended with {status}{}", said(stderr))]
    Crashed {
        /// `check`, `probe`, `keyframes`, `synthesize` or `transcode`.
        operation: &'static str,
        /// How it ended.
        status: ExitStatus,
        /// The end of what it wrote to stderr.
        stderr: String,
    },
    /// The helper ended well but its answer makes no sense: another version, another program.
    #[error(
        "media {operation}: the helper's answer is not understood{}",
        said(stderr)
    )]
    BadReply {
        /// `check`, `probe`, `keyframes`, `synthesize` or `transcode`.
        operation: &'static str,
        /// The end of what it wrote to stderr.
        stderr: String,
        /// What the parser said; `None` for an answer to another question.
        #[source]
        source: Option<serde_json::Error>,
    },
    /// The helper says that it cannot work here (a missing plugin, a full disk).
    #[error("media {operation}: the helper failed: {message}")]
    Failed {
        /// `check`, `probe`, `keyframes`, `synthesize` or `transcode`.
        operation: &'static str,
        /// The helper's chain of causes.
        message: String,
    },
    /// The new file could not be put in its place: no such folder, no right to write, no room.
    #[error("media {operation}: writing {output}")]
    Output {
        /// `transcode`.
        operation: &'static str,
        /// The path that was asked for.
        output: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

impl MediaError {
    /// The stable code of this failure (snake case, prefix `media_`).
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Refused { refusal, .. } => refusal.code.code(),
            Self::Start { .. } => "media_helper_not_started",
            Self::Request { .. } => "media_bad_request",
            Self::TimedOut { .. } => "media_helper_timeout",
            Self::Crashed { .. } => "media_helper_crashed",
            Self::Pipe { .. } | Self::BadReply { .. } => "media_helper_bad_reply",
            Self::Failed { .. } => "media_helper_failed",
            Self::Output { .. } => "media_output_unwritable",
        }
    }

    /// Whether trying again cannot help: the input is at fault, not this attempt.
    #[must_use]
    pub fn is_terminal(&self) -> bool {
        matches!(self, Self::Refused { .. } | Self::Request { .. })
    }
}

/// The stderr tail as the end of a message.
fn said(stderr: &str) -> String {
    match stderr.trim() {
        "" => String::new(),
        said => format!("; it said: {said}"),
    }
}
