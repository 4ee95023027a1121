//! The two ways in which a job fails: the input is at fault, or we are.

use media::{Refusal, RefusalCode};

/// Why a job gave no result.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The input is not acceptable; the caller must not try again.
    #[error("{}", .0.message)]
    Refused(Refusal),
    /// Something here does not work: a missing plugin, a full disk.
    #[error(transparent)]
    Broken(#[from] anyhow::Error),
}

/// A refusal as a failure.
pub(crate) fn refused(code: RefusalCode, message: impl Into<String>) -> Failure {
    Failure::Refused(Refusal {
        code,
        message: message.into(),
    })
}
