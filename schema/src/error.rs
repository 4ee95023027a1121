//! What can go wrong in this crate.
//!
//! Each error names the operation that failed; the database's own words are the source. It must
//! not decide what a step does about it, beyond [`SchemaError::is_transient`].

use std::path::PathBuf;

use sea_orm::DbErr;
use thiserror::Error;

/// A failed operation on the channel's tables.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SchemaError {
    /// The URL is not one this crate can open. It may hold a password, so it is not repeated.
    #[error("the database URL cannot be used: {reason}")]
    Url {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The folder that should hold the SQLite file could not be made.
    #[error("could not create the folder {} for the database file", path.display())]
    CreateFolder {
        /// The folder.
        path: PathBuf,
        /// The operating system's answer.
        #[source]
        source: std::io::Error,
    },
    /// The database refused or could not be reached.
    #[error("could not {operation}")]
    Database {
        /// The operation, as the rest of a sentence that starts with "could not".
        operation: &'static str,
        /// The database's answer.
        #[source]
        source: DbErr,
    },
    /// A row that must exist does not.
    #[error("{table} has no row {id}")]
    NotFound {
        /// The table.
        table: &'static str,
        /// The id that was asked for.
        id: String,
    },
    /// The id belongs to a row about something else: two different things got the same id.
    #[error("{table} uses the id {id} for something else")]
    IdTaken {
        /// The table.
        table: &'static str,
        /// The id.
        id: String,
    },
    /// A platform's post is already linked to another of our posts.
    #[error("{platform} post {platform_post_id} is already linked to another post")]
    PlatformPostLinked {
        /// The platform.
        platform: String,
        /// The platform's id.
        platform_post_id: String,
    },
    /// Not a number, or infinite: neither database keeps it in a way that can be read back.
    #[error("{field} must be a finite number")]
    NotFinite {
        /// The column.
        field: &'static str,
    },
    /// Others kept writing the same category's weights; nothing was written here.
    #[error("the weights of {category} changed too often to be reverted")]
    Contended {
        /// The category.
        category: String,
    },
}

impl SchemaError {
    /// True when the same call may succeed later: the database was busy, full or away. Broken
    /// constraints and wrong arguments stay broken.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Database { source, .. } => source.sql_err().is_none(),
            Self::CreateFolder { .. } | Self::Contended { .. } => true,
            _ => false,
        }
    }
}

/// For `map_err`: wraps the database's error with the operation that met it.
pub(crate) fn failed(operation: &'static str) -> impl FnOnce(DbErr) -> SchemaError {
    move |source| SchemaError::Database { operation, source }
}

/// Refuses what `NULL` (SQLite) and `NaN` (Postgres) would turn into different lies.
pub(crate) fn finite(field: &'static str, value: f64) -> Result<(), SchemaError> {
    if value.is_finite() {
        Ok(())
    } else {
        Err(SchemaError::NotFinite { field })
    }
}
