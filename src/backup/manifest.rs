//! `manifest.json`: what a backup is of, and what is in it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The last part of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Manifest {
    /// See [`super::FORMAT`].
    pub(super) format: u64,
    /// The version of the program that took it.
    pub(super) program: String,
    /// Of what it is the state.
    pub(crate) taken_at: Timestamp,
    /// The kind of the database.
    pub(crate) database: Kind,
    /// The migrations of the engine's tables that the database had.
    pub(super) engine_migrations: Vec<String>,
    /// The same of the channel's tables.
    pub(super) channel_migrations: Vec<String>,
    /// Whether the videos are in it.
    pub(crate) videos: bool,
    /// Everything else in the file, in its order.
    pub(crate) parts: Vec<Part>,
}

/// Where the rows were.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    /// In a file.
    Sqlite,
    /// On a server.
    Postgres,
}

/// One file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Part {
    /// Its path in the backup, as below the data folder.
    pub(super) path: String,
    /// Its size.
    pub(super) bytes: u64,
    /// Of its content, lower-case hex.
    pub(super) sha256: String,
}
