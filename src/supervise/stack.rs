//! The processes of one data folder: Restate, the sandbox and the browser, then the tables, then worker
//! and API.

use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use tokio::sync::watch;
use tokio::task::{JoinHandle, LocalSet};
use tokio_util::sync::CancellationToken;

use super::keeper::Keeper;
use super::pids::Pids;
use super::{Program, Ready, State};
use crate::cli::NeedsPerson;
use crate::data_dir::{Place, Ports, UpLock};
use crate::restate;
use crate::setup::{Setup, migrate};

/// For everything to be ready at the start. A cold disk and a busy machine are slow.
const PATIENCE: Duration = Duration::from_secs(60);
/// For ports that the processes of a killed `up` still hold for a moment.
const PORTS_FREE: Duration = Duration::from_secs(5);

/// How long processes get to end by themselves.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Stopping {
    /// Steps may come to their end, and Restate may write what it has.
    Calm,
    /// Nothing is kept anyway.
    Quick,
}

impl Stopping {
    fn grace(self) -> Duration {
        match self {
            Self::Calm => Duration::from_secs(13),
            Self::Quick => Duration::from_secs(1),
        }
    }
}

struct Kept {
    program: Program,
    state: watch::Receiver<State>,
    stop: CancellationToken,
    kill: CancellationToken,
    task: JoinHandle<()>,
}

/// Running processes. Dropped without [`Stack::stop`], they are killed.
pub(crate) struct Stack {
    kept: Vec<Kept>,
    pids: Rc<Pids>,
    http: reqwest::Client,
    _lock: UpLock,
}

impl Stack {
    /// Starts everything in the folder that `lock` holds, the worker with arguments of its own, and
    /// comes back when all of it is ready. To be called inside a [`LocalSet`] on the main thread.
    ///
    /// # Errors
    /// When a port is taken, or a process does not become ready; then nothing runs.
    pub(crate) async fn start(
        setup: &Setup,
        ports: &Ports,
        lock: UpLock,
        worker: &'static [&'static str],
    ) -> anyhow::Result<Self> {
        free(ports).await?;
        let http = reqwest::Client::builder()
            .no_proxy()
            .build()
            .context("set up an HTTP client")?;
        let pids = Rc::new(Pids::new(setup.data.path(Place::Processes)));
        let mut stack = Self {
            kept: Vec::new(),
            pids,
            http,
            _lock: lock,
        };
        let started = tokio::time::timeout(PATIENCE, stack.start_all(setup, ports, worker)).await;
        let problem = match started {
            Ok(Ok(())) => return Ok(stack),
            Ok(Err(error)) => error,
            Err(_) => stack.not_ready(),
        };
        stack.stop(Stopping::Quick).await;
        Err(problem)
    }

    async fn start_all(
        &mut self,
        setup: &Setup,
        ports: &Ports,
        worker_arguments: &'static [&'static str],
    ) -> anyhow::Result<()> {
        self.keep(restate::program(setup, ports)?);
        if setup.world.needs_sandbox() {
            self.keep(ourselves(setup, "sandbox")?);
        }
        let db = setup.database().await?;
        migrate(&db).await?;
        // Not the pool of this process's life: `up` itself has no use for the tables.
        drop(db);
        self.all_ready().await?;
        let mut worker = ourselves(setup, "worker")?;
        let more = worker_arguments.iter().map(|argument| (*argument).into());
        worker.arguments.extend(more);
        if setup.config.reads_pages() {
            // Nobody waits for its Chromium but the steps that read pages.
            self.keep(ourselves(setup, "browser")?);
            worker.arguments.push("--connect-browser".into());
        }
        self.keep(worker);
        self.keep(ourselves(setup, "api")?);
        self.all_ready().await
    }

    fn keep(&mut self, program: Program) {
        let (state, states) = watch::channel(State::NEVER_UP);
        let (stop, kill) = (CancellationToken::new(), CancellationToken::new());
        let keeper = Keeper {
            program: program.clone(),
            state,
            pids: Rc::clone(&self.pids),
            http: self.http.clone(),
            stop: stop.clone(),
            kill: kill.clone(),
        };
        let task = tokio::task::spawn_local(keeper.keep());
        self.kept.push(Kept {
            program,
            state: states,
            stop,
            kill,
            task,
        });
    }

    /// A process that cannot even start is not waited for for long: it says why in its log. What it says
    /// that a person must change is not changed by another try.
    async fn all_ready(&self) -> anyhow::Result<()> {
        const MOST_DEATHS: u32 = 12;
        const MOST_REFUSALS: u32 = 3;
        for kept in &self.kept {
            let mut state = kept.state.clone();
            let settled = |state: &State| match *state {
                State::Ready { .. } => true,
                State::Down { deaths, refusals } => {
                    deaths >= MOST_DEATHS || refusals >= MOST_REFUSALS
                }
            };
            let settled = state.wait_for(settled).await.map(|state| *state);
            let refusals = match settled {
                Ok(State::Ready { .. }) => continue,
                Ok(State::Down { refusals, .. }) => refusals,
                Err(_) => 0,
            };
            let problem = format!(
                "{} does not start; its last words:\n{}",
                kept.program.name,
                last_words(&kept.program.log)
            );
            return Err(match refusals >= MOST_REFUSALS {
                true => NeedsPerson(problem).into(),
                false => anyhow!(problem),
            });
        }
        Ok(())
    }

    fn not_ready(&self) -> anyhow::Error {
        let missing = self
            .kept
            .iter()
            .filter(|kept| !matches!(*kept.state.borrow(), State::Ready { .. }));
        let words: Vec<String> = missing
            .map(|kept| {
                format!(
                    "{}; its last words:\n{}",
                    kept.program.name,
                    last_words(&kept.program.log)
                )
            })
            .collect();
        anyhow::anyhow!(
            "not ready after {} s: {}",
            PATIENCE.as_secs(),
            words.join("\n")
        )
    }

    /// What the process of this name is doing, now and later.
    pub(crate) fn watch(&self, name: &str) -> Option<watch::Receiver<State>> {
        self.kept
            .iter()
            .find(|kept| kept.program.name == name)
            .map(|kept| kept.state.clone())
    }

    /// Ends everything: first what works, then what it works with. Comes back when all is gone.
    pub(crate) async fn stop(mut self, stopping: Stopping) {
        let is_ours = |kept: &Kept| matches!(kept.program.name, "worker" | "api");
        let (first, last): (Vec<_>, Vec<_>) = std::mem::take(&mut self.kept)
            .into_iter()
            .partition(is_ours);
        for group in [first, last] {
            for kept in &group {
                kept.stop.cancel();
            }
            let kills: Vec<_> = group.iter().map(|kept| kept.kill.clone()).collect();
            let gone = futures::future::join_all(group.into_iter().map(|kept| kept.task));
            let mut gone = std::pin::pin!(gone);
            if tokio::time::timeout(stopping.grace(), &mut gone)
                .await
                .is_err()
            {
                kills.iter().for_each(CancellationToken::cancel);
                gone.await;
            }
        }
        self.pids.set("up", None);
    }

    /// The set that a stack lives in.
    pub(crate) fn local_set() -> LocalSet {
        LocalSet::new()
    }
}

/// One of our own verbs, as a process with the same folder and settings.
fn ourselves(setup: &Setup, verb: &'static str) -> anyhow::Result<Program> {
    let mut arguments = vec![verb.into(), "--data".into(), setup.data.root().into()];
    if let Some(file) = &setup.config_file {
        arguments.extend(["--config".into(), file.into()]);
    }
    Ok(Program {
        name: verb,
        path: std::env::current_exe().context("find this program")?,
        arguments,
        environment: setup.child_environment()?,
        ready: Ready::Line,
        log: setup.data.log(verb)?,
    })
}

async fn free(ports: &Ports) -> anyhow::Result<()> {
    let deadline = tokio::time::Instant::now() + PORTS_FREE;
    loop {
        let taken = ports.taken();
        if taken.is_empty() {
            return Ok(());
        }
        if tokio::time::Instant::now() > deadline {
            let taken: Vec<String> = taken
                .iter()
                .map(|(name, port)| format!("{port} ({name})"))
                .collect();
            return Err(NeedsPerson(format!(
                "in use by another program: port {}. Stop it, or change ports.json in the data folder",
                taken.join(", ")
            ))
            .into());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// The end of a log, for a message.
fn last_words(log: &Path) -> String {
    const LINES: usize = 8;
    let text = std::fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().collect();
    let last = lines.len().saturating_sub(LINES);
    format!(
        "{}\n({})",
        lines.get(last..).unwrap_or_default().join("\n"),
        log.display()
    )
}
