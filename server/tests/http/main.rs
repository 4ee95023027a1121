//! The server over real HTTP on loopback, with a SQLite file of its own per test. Runs are
//! started through a recorder, which keeps the one promise that the server builds on: the same
//! target has the same run.

#![expect(
    clippy::unwrap_used,
    reason = "the harness is test code, too, which clippy cannot see"
)]

mod bad_values;
mod deliveries;
mod errors;
mod harness;
mod loops;
mod messages;
mod operations;
mod redelivery;
mod signatures;
mod starts;
mod tiktok;
