//! Starting one process, tethered to this one.

use std::fs::File;
use std::process::Stdio;

use anyhow::Context as _;
use tokio::process::{Child, Command};

use super::{Program, Ready};

/// Starts `program`. Its log is appended to.
pub(super) fn start(program: &Program) -> anyhow::Result<Child> {
    let log = File::options()
        .create(true)
        .append(true)
        .open(&program.log)
        .with_context(|| format!("open the log {}", program.log.display()))?;
    let stdout = match program.ready {
        Ready::Line => Stdio::piped(),
        Ready::Http(_) => Stdio::from(log.try_clone().context("share the log")?),
    };
    let mut command = tethered(program)?;
    command
        .args(&program.arguments)
        .envs(
            program
                .environment
                .iter()
                .map(|(name, value)| (name, value)),
        )
        .stdin(Stdio::null())
        .stdout(stdout)
        .stderr(log)
        // Ctrl-C at the terminal goes to us alone, and we end the others in order.
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
        .with_context(|| format!("start {}", program.path.display()))
}

#[cfg(target_os = "linux")]
fn tethered(program: &Program) -> anyhow::Result<Command> {
    let ourselves = std::env::current_exe().context("find this program")?;
    let mut command = Command::new(ourselves);
    command
        .args(["tether", "--parent", &std::process::id().to_string(), "--"])
        .arg(&program.path);
    Ok(command)
}

#[cfg(not(target_os = "linux"))]
#[expect(clippy::unnecessary_wraps, reason = "as on Linux")]
fn tethered(program: &Program) -> anyhow::Result<Command> {
    Ok(Command::new(&program.path))
}
