//! A Postgres server for one test run: a fresh folder, a free port on loopback, gone afterwards.
//!
//! It must never touch a server or a database that was there before, and must never outlive the
//! run: it is stopped on drop, and on Linux the kernel stops it even when this program is killed
//! (its folder then stays behind, in the folder for temporary files).

mod cluster;

use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::Child;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

use self::cluster::Cluster;

/// How long it may take to stop before it is killed.
const STOP_LIMIT: Duration = Duration::from_secs(10);
/// Another program may take the free port between our look and the server's start.
const PORT_TRIES: usize = 3;

/// A running server; stopped, and its folder removed, on drop.
#[derive(Debug)]
pub(crate) struct ThrowawayPostgres {
    server: Child,
    url: String,
    /// Removed by its own drop, after the server has stopped.
    _folder: TempDir,
}

impl ThrowawayPostgres {
    /// Makes a cluster with the programs in `programs` and starts a server on it.
    pub(crate) fn start(programs: &Path) -> Result<Self> {
        let cluster = Cluster::create(programs)?;
        let mut tries = 0;
        loop {
            tries += 1;
            let port = free_port()?;
            let mut server = cluster.spawn(port)?;
            match cluster.wait_until_ready(&mut server, port) {
                Ok(()) => {
                    let url = format!(
                        "postgres://postgres:{}@127.0.0.1:{port}/postgres",
                        cluster.password
                    );
                    return Ok(Self {
                        server,
                        url,
                        _folder: cluster.folder,
                    });
                }
                Err(error) => {
                    stop(&mut server);
                    if tries == PORT_TRIES {
                        return Err(error);
                    }
                }
            }
        }
    }

    /// Where it is, with the user and the password.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for ThrowawayPostgres {
    fn drop(&mut self) {
        stop(&mut self.server);
    }
}

fn free_port() -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("find a free port")?;
    Ok(listener.local_addr().context("find a free port")?.port())
}

/// Postgres' immediate shutdown: its children go with it, and nobody needs its data any more.
fn stop(server: &mut Child) {
    if let Ok(None) = server.try_wait() {
        if let Ok(id) = i32::try_from(server.id()) {
            let _ = kill(Pid::from_raw(id), Signal::SIGQUIT);
        }
        let asked = Instant::now();
        while asked.elapsed() < STOP_LIMIT {
            if !matches!(server.try_wait(), Ok(None)) {
                return;
            }
            sleep(Duration::from_millis(20));
        }
        let _ = server.kill();
        let _ = server.wait();
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;
    use crate::process::succeeds;
    use crate::setup::postgres::programs;

    #[test]
    fn it_answers_with_its_password_only_and_leaves_nothing_behind() {
        let Some(programs) = programs() else {
            panic!("no Postgres server here: `cargo xtask test` installs one");
        };
        let postgres = ThrowawayPostgres::start(&programs).unwrap();
        let folder = postgres._folder.path().to_path_buf();
        let id = postgres.server.id();
        let ask = |url: &str| {
            succeeds(Command::new(programs.join("psql")).args(["-w", "-c", "select 1", url]))
        };
        assert!(ask(postgres.url()));
        let (start, end) = postgres.url().split_once('@').unwrap();
        let wrong = format!("{start}x@{end}");
        assert!(!ask(&wrong));

        drop(postgres);

        assert!(!folder.exists());
        let gone = kill(Pid::from_raw(i32::try_from(id).unwrap()), None);
        assert_eq!(gone, Err(nix::errno::Errno::ESRCH));
    }
}
