//! Chaos: random programs while worker and Restate are killed and stopped at random, and a run that
//! waits is suspended at once. Whatever happens, everything ends as the model says: each effect as
//! often as it must be, no run left open, no attempt missing or doubled.
//!
//! Needs the server's binary: `RESTATE_SERVER_BIN`, or `npm ci` in `tools/restate`. How many programs,
//! and which: `FLYWHEEL_CHAOS_PROGRAMS` and `FLYWHEEL_CHAOS_SEED`, or `cargo xtask chaos`.

mod act;
mod chaos;
mod check;
mod check_output;
mod check_rows;
mod found;
mod generate;
mod interpreter;
mod ledger;
mod model;
mod monkey;
mod people;
mod program;
mod step;
mod watch;
mod worker;
mod world;

use std::fmt::Display;
use std::io::{self, Write};

use anyhow::{Result, ensure};

/// A line of its own, whatever stands before it.
pub(crate) fn say(mut to: impl Write, line: impl Display) {
    // Nobody may be there to read it.
    let _ = writeln!(to, "\n{line}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_random_programs_end_as_the_model_says() -> Result<()> {
    let options = chaos::Options::from_environment()?;
    let report = match Box::pin(chaos::run(options)).await {
        Ok(report) => report,
        Err(error) => {
            let broken = chaos::Broken::new(options, &error);
            say(io::stdout(), serde_json::to_string(&broken)?);
            return Err(error);
        }
    };
    say(io::stdout(), serde_json::to_string(&report)?);
    ensure!(report.differences == 0, "not everything ended as it must");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "no test: the worker of the chaos, which starts this in a process of its own"]
async fn worker_process() -> Result<()> {
    worker::serve().await
}
