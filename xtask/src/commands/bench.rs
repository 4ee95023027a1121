//! `cargo xtask bench -- ARGS`: sets up and becomes the benchmark, an optimised build.

use std::ffi::OsString;
use std::process::ExitCode;

use anyhow::Result;

use crate::process::become_command;
use crate::setup::{Tools, system};
use crate::workspace;

/// Runs the benchmark of the engine; its last line on stdout is one line of JSON.
pub(crate) fn run(arguments: &[OsString]) -> Result<ExitCode> {
    system::install(&[system::Need::Compiler])?;
    let tools = Tools::install()?;
    let mut bench = workspace::cargo();
    bench
        .args(["bench", "--package", "engine", "--bench", "engine", "--"])
        .args(arguments);
    become_command(tools.tell(&mut bench))
}
