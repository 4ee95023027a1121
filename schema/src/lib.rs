//! The channel's tables: what was published, what was measured, what was learned from it.
//!
//! One file per table: the SeaORM entity and, beside it, every query that touches the table.
//! SQLite is the default and Postgres runs the same migrations, queries and tests. Several
//! processes use one SQLite file at once, so a write here is one statement (an insert that gives
//! way to an existing row, or an update that names the states it may start from), never a read
//! followed by a write in one transaction.
//!
//! Ids are given by the caller and derived from what the row is about; writing a row twice is
//! therefore harmless. Instants are unix milliseconds in columns ending in `_at_ms`. A value that
//! is not known is `NULL`, never 0.
//!
//! This crate must not know the engine's tables (same database, own migrations), read the clock
//! for a row that the caller dates, or talk to a platform.

pub mod connection;
pub mod error;
pub mod instant;
pub mod json;
pub mod migrations;

pub mod account_tokens;
pub mod accounts;
pub mod analytics_snapshots;
pub mod concepts;
pub mod critiques;
pub mod events;
pub mod made_once;
pub mod performance_feedback;
pub mod posts;
pub mod predictions;
pub mod reading_turns;
pub mod scoring_weights;
pub mod video_analyses;
pub mod videos;

mod insert;
mod post_moves;

pub use connection::{connect, sqlite_url};
pub use error::SchemaError;
pub use json::{FeatureMap, StringList};
pub use migrations::{migrate, pending_migrations};
pub use sea_orm::{ConnectionTrait, DatabaseConnection};
