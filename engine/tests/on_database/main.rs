//! The engine's tables, on SQLite and, when `FLYWHEEL_TEST_POSTGRES_URL` names a server, on Postgres.

#![expect(
    clippy::unwrap_used,
    reason = "helpers are test code, too, which clippy cannot see"
)]

mod database;
mod events;
mod history;
mod operations;
mod outcomes;
mod prune;
mod reconciler_passes;
mod recorder;
mod recovered;
mod run_search;
mod schedules;
mod schedules_year;
mod stub;
