//! Why settings cannot be used, in words that say where to look.

use std::path::PathBuf;

/// Settings that cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    /// The file cannot be read.
    #[error("could not read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// It is no TOML. The line itself is not repeated: there may be a password in it.
    #[error("{file}:{line}:{column} is not TOML: {message}")]
    Syntax {
        /// The file.
        file: String,
        /// From 1.
        line: usize,
        /// From 1, in characters.
        column: usize,
        /// What the parser says of it.
        message: String,
    },
    /// There is no such setting.
    #[error("{place}: there is no setting `{key}`{suggestion}")]
    UnknownKey {
        /// The file and the line.
        place: String,
        /// Its path.
        key: String,
        /// What may have been meant, as the end of the sentence.
        suggestion: String,
    },
    /// A value is of the wrong kind.
    #[error("{place}: `{key}` cannot be read: {problem}")]
    Value {
        /// The file, and the line if the key stands in it.
        place: String,
        /// Its path.
        key: String,
        /// What was read, and what would be.
        problem: String,
    },
    /// A value makes no sense.
    #[error("{place}: `{key}` {problem}")]
    Senseless {
        /// The file, and the line if the key stands in it.
        place: String,
        /// Its path.
        key: &'static str,
        /// What is wrong with it, as a predicate.
        problem: &'static str,
    },
    /// A step's policy or the rule of a limit cannot be as it is set.
    #[error("{place}: `{key}` {problem}; {fix}")]
    Impossible {
        /// The file, and the line if the key stands in it.
        place: String,
        /// Its path.
        key: String,
        /// What is wrong with it, as a predicate.
        problem: String,
        /// What to do about it.
        fix: String,
    },
    /// `.env` cannot be read.
    #[error("could not read .env: write NAME=value lines, or remove the file")]
    DotEnv,
}
