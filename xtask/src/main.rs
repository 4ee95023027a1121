//! `cargo xtask`: sets a bare machine up, then runs the demo, the tests, the benchmarks or the
//! checks of CI; and writes new steps.
//!
//! Nothing of Flywheel is linked here: this compiles in seconds on a machine that has nothing but
//! Rust, Node.js and git, and is the only program that installs anything.
//!
//! Exit codes: those of the program that was run; 1 when a set-up step failed; 2 when a person has
//! to do something first (the message says what).

mod commands;
mod doctests;
mod process;
mod setup;
mod signals;
mod throwaway_postgres;
mod workspace;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::process::say;
use crate::setup::PersonNeeded;

/// Set-up, demo, tests, benchmarks and CI of Flywheel.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Sets the machine up, builds, and runs `flywheel demo`.
    Demo(Arguments),
    /// Sets the machine up, starts a Postgres of its own, and runs every test.
    Test(Arguments),
    /// Sets the machine up and runs the benchmarks; the last line is one line of JSON.
    Bench(Arguments),
    /// Sets the machine up and runs random programs on the engine while everything is killed.
    Chaos(Arguments),
    /// Formatting, lints and documentation, with warnings as errors.
    Ci,
    /// Writes a new step with its test, and puts it on the list.
    NewStep(commands::new_step::NewStep),
}

/// What stands after `--`: handed on to the program that is run.
#[derive(Debug, clap::Args)]
struct Arguments {
    #[arg(
        trailing_var_arg = true,
        allow_hyphen_values = true,
        value_name = "ARGS"
    )]
    rest: Vec<OsString>,
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Demo(arguments) => commands::demo::run(&arguments.rest),
        Command::Test(arguments) => commands::test::run(&arguments.rest),
        Command::Bench(arguments) => commands::bench::run(&arguments.rest),
        Command::Chaos(arguments) => commands::chaos::run(&arguments.rest),
        Command::Ci => commands::ci::run(),
        Command::NewStep(asked) => commands::new_step::run(&asked).map(|()| ExitCode::SUCCESS),
    };
    match outcome {
        Ok(code) => code,
        Err(error) => {
            say(&format!("{error:#}"));
            if error.is::<PersonNeeded>() {
                ExitCode::from(2)
            } else {
                ExitCode::FAILURE
            }
        }
    }
}
