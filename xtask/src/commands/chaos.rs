//! `cargo xtask chaos -- [--programs N] [--seed S] [--json]`: sets up, then runs random programs on
//! the engine while its worker and Restate are killed and stopped at random. The exit code is the
//! test's.
//!
//! What the test says is shown as it comes, except its report: that is one line of JSON, the last one
//! on stdout. A run that broke off has one, too, with the `error` in it.

use std::ffi::OsString;
use std::io::{self, BufRead, BufReader, Write};
use std::process::{ExitCode, ExitStatus, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use clap::Parser;
use serde_json::{Map, Value, json};

use crate::process::{exit_code, line};
use crate::setup::Tools;
use crate::setup::system::{self, Need};
use crate::workspace::cargo;

const TEST: &str = "a_hundred_random_programs_end_as_the_model_says";

/// How much chaos, and what is shown of it.
#[derive(Debug, Parser)]
#[command(
    name = "cargo xtask chaos --",
    bin_name = "cargo xtask chaos --",
    no_binary_name = true
)]
struct Options {
    /// How many programs are run, besides the child runs that they start.
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    programs: u32,
    /// The same seed gives the same programs; without one they are new ones.
    #[arg(long, value_name = "S")]
    seed: Option<u64>,
    /// The line of JSON and nothing else on stdout.
    #[arg(long)]
    json: bool,
}

/// See the module.
pub(crate) fn run(arguments: &[OsString]) -> Result<ExitCode> {
    let options = Options::parse_from(arguments);
    system::install(&[Need::Compiler])?;
    let tools = Tools::install()?;
    let seed = seed(&options)?;

    let mut command = cargo();
    command
        .args(["test", "--package", "engine", "--test", "chaos", "--"])
        .args(["--exact", TEST, "--nocapture"])
        .env("FLYWHEEL_CHAOS_PROGRAMS", options.programs.to_string())
        .env("FLYWHEEL_CHAOS_SEED", seed.to_string());
    tools.tell(&mut command).stdout(Stdio::piped());
    let mut child = command
        .spawn()
        .with_context(|| format!("start `{}`", line(&command)))?;
    let output = child.stdout.take().context("a child without its stdout")?;
    let shown: Box<dyn Write> = match options.json {
        true => Box::new(io::sink()),
        false => Box::new(io::stdout()),
    };
    let report = pass_on(BufReader::new(output), shown);
    let status = child
        .wait()
        .with_context(|| format!("wait for `{}`", line(&command)))?;
    // Also of one that failed: it says how often, or why.
    let (report, is_missing) = match report? {
        Some(report) => (report, false),
        None => (no_report(options.programs, seed, status), true),
    };
    writeln!(io::stdout(), "{report}").context("print the report")?;
    Ok(match is_missing && status.success() {
        true => ExitCode::FAILURE,
        false => exit_code(status),
    })
}

/// Of a test that was not built, or did not come to its end.
fn no_report(programs: u32, seed: u64, status: ExitStatus) -> String {
    let error = format!("the chaos came to no report: {status}");
    json!({ "programs": programs, "seed": seed, "error": error }).to_string()
}

fn seed(options: &Options) -> Result<u64> {
    match options.seed {
        Some(seed) => Ok(seed),
        None => {
            let now = SystemTime::now().duration_since(UNIX_EPOCH);
            let now = now.context("the clock is before 1970")?;
            u64::try_from(now.as_millis()).context("make a seed of the time")
        }
    }
}

/// Shows every line as it comes, but keeps the last one that is an object of JSON.
fn pass_on(output: impl BufRead, mut shown: impl Write) -> Result<Option<String>> {
    let mut report = None;
    for line in output.lines() {
        let line = line.context("read what the test says")?;
        match serde_json::from_str::<Map<String, Value>>(&line) {
            Ok(_) => report = Some(line),
            Err(_) => writeln!(shown, "{line}").context("show what the test says")?,
        }
    }
    Ok(report)
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt as _;

    use super::*;

    #[test]
    fn the_report_is_kept_as_it_is_and_everything_else_is_shown() {
        let output = "running 1 test\n\n{\"programs\":2,\"differences\":0}\ntest … ok\n";
        let mut shown = Vec::new();
        let report = pass_on(output.as_bytes(), &mut shown).unwrap();
        assert_eq!(
            report.as_deref(),
            Some("{\"programs\":2,\"differences\":0}")
        );
        assert_eq!(
            String::from_utf8(shown).unwrap(),
            "running 1 test\n\ntest … ok\n"
        );
        assert_eq!(pass_on("no\n".as_bytes(), io::sink()).unwrap(), None);
    }

    #[test]
    fn a_run_without_a_report_has_one_with_an_error() {
        let line = no_report(2, 7, ExitStatus::from_raw(101 << 8));
        let report: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(
            (&report["programs"], &report["seed"]),
            (&json!(2), &json!(7))
        );
        let error = report["error"].as_str().unwrap();
        assert!(error.ends_with("no report: exit status: 101"), "{error}");
    }

    #[test]
    fn programs_and_seed_are_numbers_and_there_is_at_least_one_program() {
        let options =
            Options::try_parse_from(["--programs", "1000", "--seed", "7", "--json"]).unwrap();
        assert_eq!((options.programs, options.json), (1000, true));
        assert_eq!(seed(&options).unwrap(), 7);
        let plain = Options::try_parse_from(Vec::<OsString>::new()).unwrap();
        assert_eq!((plain.programs, plain.seed, plain.json), (100, None, false));
        for wrong in [["--programs", "0"], ["--seed", "x"]] {
            assert!(Options::try_parse_from(wrong).is_err(), "{wrong:?}");
        }
    }
}
