//! `cargo xtask demo -- ARGS`: sets up, builds, and becomes `flywheel demo ARGS`.

use std::ffi::OsString;
use std::process::{Command, ExitCode};

use anyhow::Result;

use crate::process::{self, become_command, say};
use crate::setup::Tools;
use crate::setup::system::{self, Need};
use crate::workspace;

/// Runs the demo in the caller's terminal and working directory; the exit code is the demo's own.
pub(crate) fn run(arguments: &[OsString]) -> Result<ExitCode> {
    system::install(&[Need::Browser, Need::Compiler, Need::Media])?;
    let tools = Tools::install()?;
    say("building");
    process::run(workspace::cargo().args([
        "build",
        "--package",
        "flywheel",
        "--package",
        "media-helper",
        "--bins",
    ]))?;
    let mut demo = Command::new(workspace::debug_binary("flywheel")?);
    become_command(tools.tell(&mut demo).arg("demo").args(arguments))
}
