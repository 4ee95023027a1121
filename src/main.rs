//! The program `flywheel`: settings, wiring, the supervisor, and one file per verb in `cli/`.
//!
//! Nothing of the loop itself lives here: steps are in `steps/`, their order in `workflows/`, what
//! the world calls in `server/`.

mod backup;
mod cli;
mod clients;
mod config;
mod data_dir;
mod demo;
mod first_schedules;
mod logging;
mod output;
mod parked;
mod restate;
mod setup;
mod supervise;
mod tether;
mod video_ready;

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    cli::Cli::parse().run()
}
