//! `cargo xtask bench -- [--only NAME] [--json] [-- ARGS]`: sets up and runs the benchmarks one after
//! the other, each an optimised build. It fails if one of them does.
//!
//! What they say is shown as it comes, except their results: these are one line of JSON together,
//! the last one on stdout.

mod peers;

use std::ffi::OsString;
use std::io::{self, BufRead, BufReader, Write};
use std::process::{Command, ExitCode, ExitStatus, Stdio};
use std::thread;

use anyhow::{Context, Result, anyhow, bail, ensure};
use clap::Parser;
use clap::builder::PossibleValuesParser;
use serde_json::{Map, Value};

use crate::process::{exit_code, line, say};
use crate::setup::system::{self, Need};
use crate::setup::{PersonNeeded, Tools, postgres};
use crate::signals::Signals;
use crate::throwaway_postgres::ThrowawayPostgres;
use crate::workspace::cargo;

/// Names the Postgres that a benchmark may fill.
const POSTGRES: &str = "FLYWHEEL_BENCH_POSTGRES";

/// A benchmark. It says one line of JSON, `{"NAME":{…}}`.
#[derive(Debug)]
struct Bench {
    name: &'static str,
    program: Program,
    needs: &'static [Need],
}

/// What a benchmark runs.
#[derive(Debug, Clone, Copy)]
enum Program {
    /// The target of its name in this package.
    Target(&'static str),
    /// The same work on other engines, each with a program of its own.
    Peers,
}

/// All of them, in the order in which they run.
const BENCHES: &[Bench] = &[
    Bench {
        name: "engine",
        program: Program::Target("engine"),
        needs: &[Need::Compiler],
    },
    Bench {
        name: "pages",
        program: Program::Target("platforms"),
        needs: &[Need::Browser, Need::Compiler],
    },
    Bench {
        name: "runs",
        program: Program::Target("engine"),
        needs: &[Need::Compiler, Need::Postgres],
    },
    Bench {
        name: "waiting",
        program: Program::Target("engine"),
        needs: &[Need::Compiler],
    },
    Bench {
        name: "peers",
        program: Program::Peers,
        needs: &[Need::Compiler, Need::Postgres],
    },
];

/// What of a benchmark's output is its result.
type Results = Map<String, Value>;

/// Which benchmarks run, and what is shown of them.
#[derive(Debug, Parser)]
#[command(
    name = "cargo xtask bench --",
    bin_name = "cargo xtask bench --",
    no_binary_name = true
)]
struct Options {
    /// Only the benchmark of this name.
    #[arg(long, value_name = "NAME", value_parser = PossibleValuesParser::new(names()))]
    only: Option<String>,
    /// The line of JSON and nothing else.
    #[arg(long)]
    json: bool,
    /// What the benchmark itself takes, for one `--runs 1000`.
    #[arg(last = true, value_name = "ARGS", requires = "only")]
    rest: Vec<OsString>,
}

fn names() -> impl Iterator<Item = &'static str> {
    BENCHES.iter().map(|bench| bench.name)
}

/// See the module.
pub(crate) fn run(arguments: &[OsString]) -> Result<ExitCode> {
    let options = Options::parse_from(arguments);
    let is_chosen = |bench: &&Bench| options.only.as_ref().is_none_or(|only| only == bench.name);
    let chosen: Vec<&Bench> = BENCHES.iter().filter(is_chosen).collect();
    let needs: Vec<Need> = chosen
        .iter()
        .flat_map(|bench| bench.needs)
        .copied()
        .collect();
    system::install(&needs)?;
    let tools = Tools::install()?;
    // From here on there may be a server to stop, and its folder to remove.
    let signals = Signals::listen()?;

    let mut all = Results::new();
    let mut ended = ExitCode::SUCCESS;
    for bench in chosen {
        let (status, results) = bench.run(&tools, &options, &signals)?;
        if let Some(signal) = signals.received() {
            return Ok(ExitCode::from(128_u8.saturating_add(signal as u8)));
        }
        if let Some(failed) = status {
            say(&format!("the benchmark {} failed: {failed}", bench.name));
            ended = exit_code(failed);
        } else if results.is_empty() {
            bail!("the benchmark {} came to no result", bench.name);
        }
        // Also of one that failed: it says by how much.
        all.extend(results);
    }
    writeln!(io::stdout(), "{}", Value::Object(all)).context("print the results")?;
    Ok(ended)
}

impl Bench {
    /// Builds and runs it: how it failed if it did, and what it came to.
    fn run(
        &self,
        tools: &Tools,
        options: &Options,
        signals: &Signals,
    ) -> Result<(Option<ExitStatus>, Results)> {
        let postgres = match self.needs.contains(&Need::Postgres) {
            true => Some(throwaway_postgres()?),
            false => None,
        };
        let url = postgres.as_ref().map(ThrowawayPostgres::url);
        match self.program {
            Program::Peers => {
                ensure!(
                    options.rest.is_empty(),
                    "the benchmark {} takes no arguments of its own",
                    self.name
                );
                peers::run(url, signals)
            }
            Program::Target(package) => {
                let mut command = cargo();
                command.args(["bench", "--package", package, "--bench", self.name, "--"]);
                if options.json {
                    command.arg("--json");
                }
                tools.tell(&mut command).args(&options.rest);
                if let Some(url) = url {
                    command.env(POSTGRES, url);
                }
                let (status, results) = run_to_its_end(&mut command, signals)?;
                Ok(((!status.success()).then_some(status), results))
            }
        }
    }
}

/// A server for one benchmark, gone with all that it was filled with.
fn throwaway_postgres() -> Result<ThrowawayPostgres> {
    let programs = postgres::programs().ok_or_else(|| {
        PersonNeeded("no Postgres server of version 14 or newer was found".to_owned())
    })?;
    ThrowawayPostgres::start(&programs)
}

/// Runs a command: how it ended, and its results.
fn run_to_its_end(command: &mut Command, signals: &Signals) -> Result<(ExitStatus, Results)> {
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("start `{}`", line(command)))?;
    let output = child.stdout.take().context("a child without its stdout")?;
    let reading = thread::spawn(|| pass_on(BufReader::new(output), io::stdout()));
    let status = signals.wait(&mut child)?;
    if signals.received().is_some() {
        // Something that it started may still have its stdout.
        return Ok((status, Results::new()));
    }
    let results = reading
        .join()
        .map_err(|_| anyhow!("reading what `{}` says went wrong", line(command)))?;
    Ok((status, results?))
}

/// Shows every line as it comes, but keeps those that are objects of JSON.
fn pass_on(output: impl BufRead, mut shown: impl Write) -> Result<Results> {
    let mut results = Results::new();
    for line in output.lines() {
        let line = line.context("read what a benchmark says")?;
        match serde_json::from_str::<Results>(&line) {
            Ok(result) => results.extend(result),
            Err(_) => writeln!(shown, "{line}").context("show what a benchmark says")?,
        }
    }
    Ok(results)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn results_are_kept_and_everything_else_is_shown() {
        let output = "warming up\n{\"pages\":{\"lost\":0}}\n50 of 50\n[1]\n";
        let mut shown = Vec::new();
        let mut results = pass_on(output.as_bytes(), &mut shown).unwrap();
        assert_eq!(shown, b"warming up\n50 of 50\n[1]\n");
        results.extend(pass_on("{\"engine\":{}}".as_bytes(), io::sink()).unwrap());
        assert_eq!(
            Value::Object(results),
            json!({"engine": {}, "pages": {"lost": 0}})
        );
    }

    #[test]
    fn an_unknown_name_is_refused_with_those_that_are_known() {
        let error = Options::try_parse_from(["--only", "paces"]).unwrap_err();
        assert!(error.to_string().contains("engine, pages"), "{error}");
        for name in names() {
            let options = Options::try_parse_from(["--only", name, "--json"]).unwrap();
            assert_eq!((options.only.as_deref(), options.json), (Some(name), true));
        }
    }

    #[test]
    fn what_stands_behind_the_dashes_is_for_the_one_benchmark_that_runs() {
        let words = ["--only", "waiting", "--json", "--", "--runs", "10"];
        let options = Options::try_parse_from(words).unwrap();
        assert_eq!(options.rest, ["--runs", "10"]);
        assert!(options.json);
        assert!(Options::try_parse_from(["--", "--runs", "10"]).is_err());
    }

    #[test]
    fn results_and_the_end_of_a_command_come_together() {
        let signals = Signals::listen().unwrap();
        let mut command = Command::new("/bin/sh");
        command.args(["-c", r#"echo '{"runs":{"n":1}}'; exit 3"#]);
        let (status, results) = run_to_its_end(&mut command, &signals).unwrap();
        assert_eq!(status.code(), Some(3));
        assert_eq!(Value::Object(results), json!({"runs": {"n": 1}}));
    }
}
