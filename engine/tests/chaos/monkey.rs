//! Kills and stops the worker and Restate, at random, until it is told that it is enough.

use std::ops::RangeInclusive;
use std::time::Duration;

use anyhow::{Context as _, Result};
use engine::testing::RestateServer;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use serde::Serialize;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::worker::WorkerProcess;

/// How long all is well between two deeds, milliseconds.
const PEACE_MS: RangeInclusive<u64> = 300..=2_500;
/// How long a process is stopped, milliseconds.
const STOP_MS: RangeInclusive<u64> = 200..=2_000;
/// Whatever the seed is: these come first, so that a short run has each of them, too.
const FIRST: [Deed; 4] = [
    Deed::KillWorker,
    Deed::StopRestate,
    Deed::KillRestate,
    Deed::StopWorker,
];

/// What was done to whom, and how often.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub(crate) struct Kills {
    pub(crate) worker_kills: u32,
    pub(crate) worker_stops: u32,
    pub(crate) restate_kills: u32,
    pub(crate) restate_stops: u32,
}

impl Kills {
    /// Whether it proves anything that all went well.
    pub(crate) fn prove_something(&self) -> bool {
        let Self {
            worker_kills,
            worker_stops,
            restate_kills,
            restate_stops,
        } = *self;
        ![worker_kills, worker_stops, restate_kills, restate_stops].contains(&0)
    }
}

#[derive(Debug, Clone, Copy)]
enum Deed {
    KillWorker,
    StopWorker,
    KillRestate,
    StopRestate,
    KillBoth,
}

/// Whoever does it has both in its hands, and gives them back.
pub(crate) struct Monkey {
    random: StdRng,
    pub(crate) worker: WorkerProcess,
    pub(crate) restate: RestateServer,
    pub(crate) kills: Kills,
}

impl Monkey {
    pub(crate) fn new(seed: u64, worker: WorkerProcess, restate: RestateServer) -> Self {
        Self {
            // The programs have the seed itself.
            random: StdRng::seed_from_u64(!seed),
            worker,
            restate,
            kills: Kills::default(),
        }
    }

    /// Goes on until `stop`; then both are there again.
    pub(crate) async fn run(mut self, stop: CancellationToken) -> Result<Self> {
        let mut first = FIRST.into_iter();
        loop {
            let peace = Duration::from_millis(self.random.random_range(PEACE_MS));
            if stop.run_until_cancelled(sleep(peace)).await.is_none() {
                return Ok(self);
            }
            self.worker.check()?;
            let deed = match first.next() {
                Some(deed) => deed,
                None => self.choose(),
            };
            self.perform(deed).await?;
        }
    }

    fn choose(&mut self) -> Deed {
        match self.random.random_range(0..8_u32) {
            0..=2 => Deed::KillWorker,
            3 | 4 => Deed::StopWorker,
            5 => Deed::KillRestate,
            6 => Deed::StopRestate,
            _ => Deed::KillBoth,
        }
    }

    async fn perform(&mut self, deed: Deed) -> Result<()> {
        match deed {
            Deed::KillWorker => {
                self.kills.worker_kills += 1;
                self.worker.kill().await?;
                self.worker.restart().await
            }
            Deed::KillRestate => {
                self.kills.restate_kills += 1;
                Ok(self.restate.crash_and_restart().await?)
            }
            Deed::KillBoth => {
                self.kills.worker_kills += 1;
                self.kills.restate_kills += 1;
                self.worker.kill().await?;
                self.restate.crash_and_restart().await?;
                self.worker.restart().await
            }
            Deed::StopWorker => {
                self.kills.worker_stops += 1;
                let pid = self.worker.pid();
                self.stop_and_continue(pid).await
            }
            Deed::StopRestate => {
                self.kills.restate_stops += 1;
                let pid = self.restate.pid();
                self.stop_and_continue(pid).await
            }
        }
    }

    async fn stop_and_continue(&mut self, pid: Option<u32>) -> Result<()> {
        let pid = pid.context("the process has ended by itself")?;
        let pid = Pid::from_raw(i32::try_from(pid)?);
        kill(pid, Signal::SIGSTOP).context("stop a process")?;
        let while_stopped = Duration::from_millis(self.random.random_range(STOP_MS));
        sleep(while_stopped).await;
        kill(pid, Signal::SIGCONT).context("let a process go on")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_proves_nothing_if_one_of_the_two_was_never_killed_or_never_stopped() {
        let cases = [
            ([1, 1, 1, 1], true),
            ([0, 9, 9, 9], false),
            ([9, 0, 9, 9], false),
            ([9, 9, 0, 9], false),
            ([9, 9, 9, 0], false),
        ];
        for ([worker_kills, worker_stops, restate_kills, restate_stops], proves) in cases {
            let kills = Kills {
                worker_kills,
                worker_stops,
                restate_kills,
                restate_stops,
            };
            assert_eq!(kills.prove_something(), proves, "{kills:?}");
        }
    }
}
