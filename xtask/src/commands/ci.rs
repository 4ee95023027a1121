//! `cargo xtask ci`: formatting, lints and documentation. The tests are `cargo xtask test`.

use std::process::ExitCode;

use anyhow::Result;

use crate::process::{self, say};
use crate::setup::system::{self, Need};
use crate::workspace::cargo;

/// Stops at the first check that fails.
pub(crate) fn run() -> Result<ExitCode> {
    say("formatting");
    process::run(cargo().args(["fmt", "--all", "--check"]))?;
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
