//! The engine on a real Restate server. Needs its binary: `RESTATE_SERVER_BIN`, or `npm ci` in
//! `tools/restate`.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "helpers are test code, too, which clippy cannot see"
)]

mod events;
mod limits;
mod people;
mod placement;
mod real;
mod real_server;
mod replay;
mod schedules_real;
