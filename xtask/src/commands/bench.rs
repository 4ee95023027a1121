//! `cargo xtask bench -- [--only NAME] [--json]`: sets up and runs the benchmarks one after the
//! other, each an optimised build. It fails if one of them does.
//!
//! What they say is shown as it comes, except their results: these are one line of JSON together,
//! the last one on stdout.

use std::ffi::OsString;
use std::io::{self, BufRead, BufReader, Write};
use std::process::{ExitCode, ExitStatus, Stdio};

use anyhow::{Context, Result, bail};
use clap::Parser;
use clap::builder::PossibleValuesParser;
use serde_json::{Map, Value};

use crate::process::{exit_code, line, say};
use crate::setup::Tools;
use crate::setup::system::{self, Need};
use crate::workspace::cargo;

/// A benchmark: the target of this name in a package. It says one line of JSON, `{"NAME":{…}}`.
#[derive(Debug)]
struct Bench {
    name: &'static str,
    package: &'static str,
    needs: &'static [Need],
}

/// All of them, in the order in which they run.
const BENCHES: &[Bench] = &[
    Bench {
        name: "engine",
        package: "engine",
        needs: &[Need::Compiler],
    },
    Bench {
        name: "pages",
        package: "platforms",
        needs: &[Need::Browser, Need::Compiler],
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

    let mut all = Results::new();
    let mut ended = ExitCode::SUCCESS;
    for bench in chosen {
        let (status, results) = bench.run(&tools, options.json)?;
        if !status.success() {
            say(&format!("the benchmark {} failed: {status}", bench.name));
            ended = exit_code(status);
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
    /// Builds and runs it: how it ended, and what it came to.
    fn run(&self, tools: &Tools, json: bool) -> Result<(ExitStatus, Results)> {
        let mut command = cargo();
        command.args(["bench", "--package", self.package, "--bench", self.name]);
        if json {
            command.args(["--", "--json"]);
        }
        tools.tell(&mut command).stdout(Stdio::piped());
        let mut child = command
            .spawn()
            .with_context(|| format!("start `{}`", line(&command)))?;
        let output = child.stdout.take().context("a child without its stdout")?;
        let results = pass_on(BufReader::new(output), io::stdout());
        let status = child
            .wait()
            .with_context(|| format!("wait for `{}`", line(&command)))?;
        Ok((status, results?))
    }
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
}
