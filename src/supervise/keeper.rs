//! Keeps one process alive until it is told to let it end.

use std::cell::Cell;
use std::process::ExitStatus;
use std::rc::Rc;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use reqwest::Client;
use tokio::process::Child;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::pids::Pids;
use super::{Program, Ready, child, ready};
use crate::cli::NeedsPerson;

/// Pauses before the first, second, … restart in a row; the last one stays.
const PAUSES_MS: [u64; 6] = [0, 50, 100, 250, 500, 1000];
/// Who did its work this long did not die of its start.
const SOUND: Duration = Duration::from_secs(1);
/// Which restart in a row is worth a warning.
const WORRYING: usize = 4;

/// What a process is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// Not there, or not ready yet; it has died this often so far.
    Down {
        /// Deaths.
        deaths: u32,
        /// With how many of them it said that a person must change something first.
        refusals: u32,
    },
    /// Doing its work.
    Ready {
        /// Its id.
        pid: u32,
    },
}

impl State {
    /// Before its first start.
    pub(super) const NEVER_UP: Self = Self::Down {
        deaths: 0,
        refusals: 0,
    };
}

/// One process, for as long as the supervisor runs.
pub(super) struct Keeper {
    pub(super) program: Program,
    pub(super) state: watch::Sender<State>,
    pub(super) pids: Rc<Pids>,
    pub(super) http: Client,
    /// Let it end.
    pub(super) stop: CancellationToken,
    /// Let it end now.
    pub(super) kill: CancellationToken,
}

impl Keeper {
    /// Starts it, and starts it again, until `stop`; comes back when it is gone.
    pub(super) async fn keep(self) {
        let (mut deaths, mut refusals) = (0, 0);
        let mut in_a_row = 0_usize;
        while !self.stop.is_cancelled() {
            let (ready_since, ended) = self.live().await;
            self.pids.set(self.program.name, None);
            if self.stop.is_cancelled() {
                break;
            }
            deaths += 1;
            refusals += u32::from(self.refuses(ended));
            self.state.send_replace(State::Down { deaths, refusals });
            in_a_row = deaths_in_a_row(in_a_row, ready_since.map(|ready| ready.elapsed()));
            let pause = PAUSES_MS
                .get(in_a_row.saturating_sub(1))
                .or(PAUSES_MS.last())
                .copied()
                .unwrap_or(0);
            self.stop
                .run_until_cancelled(tokio::time::sleep(Duration::from_millis(pause)))
                .await;
            if in_a_row >= WORRYING {
                tracing::warn!(process = self.program.name, in_a_row, log = %self.program.log.display(), "It keeps dying.");
            }
        }
    }

    /// One life: since when it did its work, if it got that far, and how it ended, if it did so by itself.
    async fn live(&self) -> (Option<Instant>, Option<ExitStatus>) {
        let mut child = match child::start(&self.program) {
            Ok(child) => child,
            Err(error) => {
                tracing::error!(
                    process = self.program.name,
                    error = format!("{error:#}"),
                    "It cannot be started."
                );
                return (None, None);
            }
        };
        let pid = child.id();
        self.pids.set(self.program.name, pid);
        let stdout = child.stdout.take();
        let ready_since = Cell::new(None);
        let becoming_ready = async {
            let rest = match (&self.program.ready, stdout) {
                (Ready::Line, Some(stdout)) => Some(ready::line(stdout).await),
                (Ready::Line, None) => None,
                (Ready::Http(urls), _) => {
                    ready::answering(&self.http, urls).await;
                    None
                }
            };
            ready_since.set(Some(Instant::now()));
            if let Some(pid) = pid {
                self.state.send_replace(State::Ready { pid });
            }
            // What else it says is nobody's business, but a full pipe would stop it.
            if let Some(mut lines) = rest {
                while let Ok(Some(_)) = lines.next_line().await {}
            }
            std::future::pending::<()>().await;
        };
        let ended = tokio::select! {
            ended = child.wait() => Some(ended),
            () = becoming_ready => None,
            () = self.stop.cancelled() => None,
        };
        let Some(ended) = ended else {
            self.end(&mut child).await;
            return (ready_since.get(), None);
        };
        let ended = ended.ok();
        self.report(ended);
        (ready_since.get(), ended)
    }

    /// Whether it ended with the word that a person must change something first, which only our own
    /// processes have.
    fn refuses(&self, ended: Option<ExitStatus>) -> bool {
        let code = ended.and_then(|status| status.code());
        matches!(self.program.ready, Ready::Line) && code == Some(NeedsPerson::CODE.into())
    }

    /// Asks it to end, and makes it end when there is no more time.
    async fn end(&self, child: &mut Child) {
        if let Some(pid) = child.id().and_then(|pid| i32::try_from(pid).ok()) {
            // It may be gone by now, which is what is wanted.
            let _ = kill(Pid::from_raw(pid), Signal::SIGTERM);
        }
        if self.kill.run_until_cancelled(child.wait()).await.is_none()
            && let Err(error) = child.kill().await
        {
            tracing::warn!(process = self.program.name, %error, "It could not be killed.");
        }
    }

    fn report(&self, ended: Option<ExitStatus>) {
        let status = ended.map_or_else(
            || "in an unknown way".to_owned(),
            |status| status.to_string(),
        );
        tracing::info!(
            process = self.program.name,
            status,
            "It ended, and is started again."
        );
    }
}

/// One more death, unless the process had done its work for a while: then nothing follows from
/// those before. How long it took to get that far says nothing.
fn deaths_in_a_row(so_far: usize, did_its_work: Option<Duration>) -> usize {
    match did_its_work {
        Some(time) if time > SOUND => 0,
        _ => so_far + 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_life_that_got_to_work_ends_a_row_of_deaths() {
        let short = SOUND / 2;
        let long = SOUND * 2;
        assert_eq!(deaths_in_a_row(3, None), 4);
        assert_eq!(deaths_in_a_row(3, Some(short)), 4);
        assert_eq!(deaths_in_a_row(3, Some(long)), 0);
    }
}
