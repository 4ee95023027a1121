//! The processes that this program has started, as the kernel lists them. `benches/pages.rs` looks
//! at them too.

use std::collections::HashMap;
use std::error::Error;
use std::fs;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::time::{Instant, sleep};

/// All processes below this one.
pub(crate) fn descendants() -> Vec<i32> {
    let parents: HashMap<i32, i32> = processes()
        .into_iter()
        .filter_map(|pid| Some((pid, parent_of(pid)?)))
        .collect();
    let own = i32::try_from(std::process::id()).unwrap_or_default();
    let is_below = |pid: i32| {
        let mut ancestors = std::iter::successors(Some(pid), |pid| parents.get(pid).copied());
        ancestors.any(|ancestor| ancestor == own)
    };
    parents
        .keys()
        .copied()
        .filter(|pid| *pid != own && is_below(*pid))
        .collect()
}

/// The main processes of the Chromiums among them; a script that started one is none.
pub(crate) fn chromiums() -> Vec<i32> {
    let is_chromium = |pid: &i32| {
        let program = fs::read_link(format!("/proc/{pid}/exe")).unwrap_or_default();
        let name = program.file_name().unwrap_or_default().to_string_lossy();
        let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line);
        name.starts_with("chrom") && line.contains("--user-data-dir=") && !line.contains("--type=")
    };
    descendants().into_iter().filter(is_chromium).collect()
}

/// Kills a process, as a crash would.
pub(crate) fn crash(pid: i32) -> nix::Result<()> {
    kill(Pid::from_raw(pid), Signal::SIGKILL)
}

/// Waits until `is_so`, for half a minute at most.
pub(crate) async fn until(what: &str, is_so: impl Fn() -> bool) -> Result<(), Box<dyn Error>> {
    let limit = Instant::now() + Duration::from_secs(30);
    while !is_so() {
        if Instant::now() > limit {
            return Err(format!("not so after half a minute: {what}").into());
        }
        sleep(Duration::from_millis(100)).await;
    }
    Ok(())
}

fn processes() -> Vec<i32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .collect()
}

/// Reads `PID (NAME) STATE PARENT …`; the name may hold anything.
fn parent_of(pid: i32) -> Option<i32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, rest) = stat.rsplit_once(')')?;
    rest.split_whitespace().nth(1)?.parse().ok()
}
