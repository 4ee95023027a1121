//! `cargo xtask ci`: formatting, lints and documentation. The tests are `cargo xtask test`.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};

use crate::process::{self, say};
use crate::setup::system::{self, Need};
use crate::workspace::{cargo, root};

/// Stops at the first check that fails.
pub(crate) fn run() -> Result<ExitCode> {
    say("formatting");
    process::run(
        cargo()
            .args(["fmt", "--all", "--check", "--"])
            .args(steps()?),
    )?;
    system::install(&[Need::Compiler, Need::Media])?;
    say("lints");
    process::run(cargo().args([
        "clippy",
        "--workspace",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ]))?;
    say("documentation");
    process::run(cargo().env("RUSTDOCFLAGS", "-D warnings").args([
        "doc",
        "--workspace",
        "--no-deps",
    ]))?;
    Ok(ExitCode::SUCCESS)
}

/// The files of steps: a macro declares them, and `cargo fmt` finds no such files by itself.
fn steps() -> Result<Vec<PathBuf>> {
    let folder = root().join("steps/src");
    let entries = fs::read_dir(&folder).with_context(|| format!("read {}", folder.display()))?;
    let paths = entries.map(|entry| entry.map(|entry| entry.path()));
    let mut paths: Vec<PathBuf> = paths.collect::<Result<_, _>>()?;
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "rs"));
    Ok(paths)
}
