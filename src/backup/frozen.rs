//! A process that does nothing for a while, and goes on whatever becomes of us.

use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// What lets the process go on when we cannot any more: it reads until we are gone.
const WATCHDOG: &str = "read -r _; kill -CONT \"$0\"";
/// A thread in the middle of writing to the disk stops behind that.
const PATIENCE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(20);

/// Frozen until this is dropped, or this program ends in any way.
pub(super) struct Frozen {
    pid: Pid,
    /// A killed program drops nothing, but its end of a pipe is closed.
    watchdog: Child,
}

impl Frozen {
    /// Comes back when no thread of the process runs any more.
    pub(super) async fn freeze(pid: u32) -> anyhow::Result<Self> {
        let id = i32::try_from(pid).context("read the process' id")?;
        let watchdog = Command::new("sh")
            .args(["-c", WATCHDOG, &pid.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // Ctrl-C at the terminal is not for it.
            .process_group(0)
            .spawn()
            .context("start sh, which lets the frozen process go on if this one is killed")?;
        let frozen = Self {
            pid: Pid::from_raw(id),
            watchdog,
        };
        kill(frozen.pid, Signal::SIGSTOP).with_context(|| format!("freeze the process {pid}"))?;
        let since = Instant::now();
        loop {
            tokio::time::sleep(PAUSE).await;
            if frozen.is_still() {
                return Ok(frozen);
            }
            if since.elapsed() > PATIENCE {
                bail!("the process {pid} does not stop");
            }
        }
    }

    /// The process.
    pub(super) fn pid(&self) -> i32 {
        self.pid.as_raw()
    }

    /// Whether the process is there, and nothing of it runs.
    pub(super) fn is_still(&self) -> bool {
        is_still(self.pid)
    }
}

impl Drop for Frozen {
    fn drop(&mut self) {
        // If it is gone, nobody has to go on.
        let _ = kill(self.pid, Signal::SIGCONT);
        drop(self.watchdog.stdin.take());
        let _ = self.watchdog.wait();
    }
}

/// As `/proc` has every thread.
#[cfg(target_os = "linux")]
fn is_still(pid: Pid) -> bool {
    let Ok(threads) = std::fs::read_dir(format!("/proc/{pid}/task")) else {
        return false;
    };
    // One that is gone by now says nothing.
    let states = threads.flatten().filter_map(|thread| {
        let stat = std::fs::read_to_string(thread.path().join("stat")).ok()?;
        // Behind the name, which stands in brackets and may have some of its own.
        let (_, behind) = stat.rsplit_once(')')?;
        behind.trim_start().chars().next()
    });
    let states: Vec<char> = states.collect();
    !states.is_empty() && states.iter().all(|state| matches!(state, 'T' | 't'))
}

/// Nobody says more here than whether it is there.
#[cfg(not(target_os = "linux"))]
fn is_still(pid: Pid) -> bool {
    kill(pid, None).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The state of a process' first thread.
    fn state(child: &Child) -> char {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", child.id())).unwrap();
        let (_, behind) = stat.rsplit_once(')').unwrap();
        behind.trim_start().chars().next().unwrap()
    }

    fn becomes(child: &Child, wanted: impl Fn(char) -> bool) {
        let since = Instant::now();
        while !wanted(state(child)) {
            assert!(since.elapsed() < PATIENCE, "{}", state(child));
            std::thread::sleep(PAUSE);
        }
    }

    #[tokio::test]
    async fn a_frozen_process_goes_on_when_the_guard_is_dropped() {
        let mut child = Command::new("sleep").arg("60").spawn().unwrap();
        let frozen = Frozen::freeze(child.id()).await.unwrap();
        assert!(frozen.is_still());
        assert_eq!(state(&child), 'T');
        drop(frozen);
        becomes(&child, |state| state != 'T');
        child.kill().unwrap();
        child.wait().unwrap();
    }

    #[tokio::test]
    async fn the_watchdog_lets_it_go_on_when_nobody_drops_the_guard() {
        let mut child = Command::new("sleep").arg("60").spawn().unwrap();
        let mut frozen = Frozen::freeze(child.id()).await.unwrap();
        // All that is left of a killed program: its pipe is closed.
        drop(frozen.watchdog.stdin.take());
        becomes(&child, |state| state != 'T');
        drop(frozen);
        child.kill().unwrap();
        child.wait().unwrap();
    }

    #[tokio::test]
    async fn a_process_that_is_gone_cannot_be_frozen() {
        let mut child = Command::new("true").spawn().unwrap();
        child.wait().unwrap();
        assert!(Frozen::freeze(child.id()).await.is_err());
    }
}
