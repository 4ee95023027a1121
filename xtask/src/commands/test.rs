//! `cargo xtask test -- ARGS`: sets up, builds, starts a Postgres of its own, and runs every test
//! with cargo-nextest if it is there, else with `cargo test`. The exit code is the runner's.

use std::ffi::OsString;
use std::process::{Command, ExitCode, ExitStatus};

use anyhow::{Context, Result};

use crate::doctests;
use crate::process::{self, exit_code, line, say, succeeds};
use crate::setup::system::{self, Need};
use crate::setup::{PersonNeeded, Tools, postgres, remote_step, vendors};
use crate::signals::Signals;
use crate::throwaway_postgres::ThrowawayPostgres;
use crate::workspace::{self, cargo};

/// See the module.
pub(crate) fn run(arguments: &[OsString]) -> Result<ExitCode> {
    system::install(&[
        Need::Browser,
        Need::Compiler,
        Need::Media,
        Need::Postgres,
        Need::Python,
    ])?;
    let tools = Tools::install()?;
    let python = vendors::python()?;
    let remote_step = remote_step::program()?;
    let programs = postgres::programs().ok_or_else(|| {
        PersonNeeded("no Postgres server of version 14 or newer was found".to_owned())
    })?;
    // The programs too: tests start them. `--tests` in the same call, so that features agree with
    // what the runner builds and nothing is compiled twice.
    say("building");
    process::run(cargo().args(["build", "--workspace", "--bins", "--tests"]))?;

    let signals = Signals::listen()?;
    let server = ThrowawayPostgres::start(&programs)?;
    say("Postgres is up, for these tests only");
    let watched = |command: &mut Command| -> Result<ExitStatus> {
        tools
            .tell(command)
            .env("FLYWHEEL_TEST_POSTGRES_URL", server.url())
            .env(vendors::PYTHON, &python)
            .env(remote_step::PROGRAM, &remote_step);
        let mut child = command
            .spawn()
            .with_context(|| format!("start `{}`", line(command)))?;
        signals.wait(&mut child)
    };

    let nextest = succeeds(cargo().args(["nextest", "--version"]));
    // First, so that the runner's closing line is the last one.
    let mut documentation = None;
    if arguments.is_empty() && doctests::exist_below(&workspace::root()) {
        documentation = Some(watched(cargo().args(["test", "--workspace", "--doc"]))?);
    }
    if let Some(signal) = signals.received() {
        return Ok(ExitCode::from(128_u8.saturating_add(signal as u8)));
    }
    let status = watched(&mut runner(nextest, arguments))?;
    match documentation {
        Some(earlier) if status.success() => Ok(exit_code(earlier)),
        _ => Ok(exit_code(status)),
    }
}

/// All packages, unless the arguments choose some.
fn runner(nextest: bool, arguments: &[OsString]) -> Command {
    let mut command = cargo();
    command.args(if nextest {
        ["nextest", "run"].as_slice()
    } else {
        &["test"]
    });
    let chooses = arguments
        .iter()
        .filter_map(|argument| argument.to_str())
        .any(|argument| {
            argument.starts_with("-p")
                || argument.starts_with("--package")
                || argument == "--workspace"
        });
    if !chooses {
        command.arg("--workspace");
    }
    if arguments.is_empty() {
        // Not the examples: each is compiled into a test that runs it.
        command.args(["--lib", "--bins", "--tests", "--no-fail-fast"]);
    }
    command.args(arguments);
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line_of(nextest: bool, arguments: &[&str]) -> String {
        let arguments: Vec<OsString> = arguments.iter().map(OsString::from).collect();
        let command = runner(nextest, &arguments);
        command
            .get_args()
            .map(|word| word.to_string_lossy())
            .collect::<Vec<_>>()
            .join(" ")
    }

    #[test]
    fn without_arguments_every_test_of_every_package_runs_even_after_a_failure() {
        assert_eq!(
            line_of(true, &[]),
            "nextest run --workspace --lib --bins --tests --no-fail-fast"
        );
        assert_eq!(
            line_of(false, &[]),
            "test --workspace --lib --bins --tests --no-fail-fast"
        );
    }

    #[test]
    fn a_chosen_package_is_not_drowned_in_the_whole_workspace() {
        assert_eq!(line_of(true, &["-p", "engine"]), "nextest run -p engine");
        assert_eq!(line_of(true, &["replay"]), "nextest run --workspace replay");
    }
}
