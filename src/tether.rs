//! `flywheel tether --parent PID -- PROGRAM ARGS…`: becomes PROGRAM, and dies with its parent.
//!
//! A supervisor that is killed with SIGKILL can end nobody. So each child asks the kernel for a
//! SIGKILL of its own for the moment its parent is gone (`PR_SET_PDEATHSIG`, kept over `exec`).
//! The kernel means the parent's *thread*: children are started from the main thread only.
//! Where there is no such call (macOS), a killed supervisor leaves its children behind.

use std::ffi::OsString;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

use anyhow::{Context as _, bail};
use clap::Args;
use nix::unistd::getppid;

/// The hidden verb's arguments.
#[derive(Debug, Args)]
pub(crate) struct Tether {
    /// The process to die with.
    #[arg(long)]
    parent: i32,
    /// What to become.
    #[arg(last = true, required = true)]
    command: Vec<OsString>,
}

impl Tether {
    /// Never comes back when all is well.
    pub(crate) fn run(&self) -> anyhow::Result<()> {
        #[cfg(target_os = "linux")]
        nix::sys::prctl::set_pdeathsig(nix::sys::signal::Signal::SIGKILL)
            .context("ask for the parent's death signal")?;
        // It may have died before the kernel knew that we care.
        if getppid().as_raw() != self.parent {
            bail!("the process {} is gone already", self.parent);
        }
        let Some((program, arguments)) = self.command.split_first() else {
            bail!("no program was named");
        };
        let error = Command::new(program).args(arguments).exec();
        Err(error).with_context(|| format!("start {}", program.display()))
    }
}
