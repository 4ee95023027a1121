//! The engine on a real Restate server. Needs its binary: `RESTATE_SERVER_BIN`, or `npm ci` in
//! `tools/restate`. What is about databases runs on SQLite and, when `FLYWHEEL_TEST_POSTGRES_URL` names
//! a server, on Postgres.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "helpers are test code, too, which clippy cannot see"
)]

mod cancels;
mod children;
#[path = "../on_database/database.rs"]
mod database;
mod diverging;
mod door;
mod events;
mod limits;
mod people;
mod permits;
mod placement;
mod real;
mod real_server;
mod replay;
mod schedules_real;
mod shop;
mod stopping;
