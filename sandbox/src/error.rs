//! Why a world could not be opened, kept or served.
//!
//! What a client did wrong is not here: that is an answer in the vendor's own format.

use std::path::PathBuf;

/// A failed operation of the sandbox itself.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// Reading or writing in the data folder failed.
    #[error("could not {operation} {}", path.display())]
    Io {
        /// What was tried, as a verb phrase.
        operation: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// A line of a journal, other than a torn last one, does not read back.
    #[error("could not replay line {line} of {}", path.display())]
    Replay {
        /// The journal.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// The cause.
        #[source]
        source: serde_json::Error,
    },
    /// A record could not be turned into a journal line.
    #[error("could not write a record of {} as JSON", path.display())]
    Record {
        /// The journal.
        path: PathBuf,
        /// The cause.
        #[source]
        source: serde_json::Error,
    },
    /// Another process has the folder open.
    #[error("could not open {}: another sandbox has it open", path.display())]
    InUse {
        /// The data folder.
        path: PathBuf,
    },
    /// The folder holds the world of another seed, whose counts would not fit.
    #[error("could not open the world: the folder holds seed {kept}, asked for {asked}")]
    OtherWorld {
        /// The seed the folder was made with.
        kept: u64,
        /// The seed in the configuration.
        asked: u64,
    },
    /// The time scale is not a positive number.
    #[error("could not open the world: the time scale must be more than 0, not {given}")]
    TimeScale {
        /// What was given.
        given: f64,
    },
    /// The client for what platforms themselves ask could not be made.
    #[error("could not make an HTTP client")]
    Http(#[source] reqwest::Error),
    /// A task that hashed a file ended early.
    #[error("could not finish work on a background thread")]
    Background(#[source] tokio::task::JoinError),
}

impl SandboxError {
    /// For `map_err` on file operations.
    pub(crate) fn io(
        operation: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io {
            operation,
            path,
            source,
        }
    }
}
