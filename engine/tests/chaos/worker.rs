//! The worker: this test program, started once more as a process of its own, so that it can be killed.

use std::fs::File;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use std::{env, io};

use anyhow::{Context as _, Result, bail};
use engine::{RestateUrls, Worker};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio_util::sync::CancellationToken;

use crate::interpreter::registry;
use crate::ledger::Ledger;
use crate::say;

/// Has the [`Posting`], as JSON.
const POSTING: &str = "FLYWHEEL_CHAOS_WORKER";
/// The test that becomes the worker.
const TEST: &str = "worker_process";
const READY: &str = "the chaos worker is ready";
/// How long a worker may take until Restate knows it.
const PATIENCE: Duration = Duration::from_secs(60);
/// Near zero: a run that waits, however shortly, is suspended and replayed.
const INACTIVITY: Duration = Duration::from_millis(1);
const LOG: &str = "info,restate_sdk=error,restate_sdk_shared_core=error,sqlx=warn";

/// Where a worker works.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Posting {
    /// The same for each one: runs that are open know it.
    pub(crate) address: SocketAddr,
    /// URL of the engine's database.
    pub(crate) database: String,
    pub(crate) ledger: PathBuf,
    pub(crate) ingress: String,
    pub(crate) admin: String,
}

/// What the process does that is the worker; nothing in one that is not. It ends with the process that
/// holds the other end of its standard input.
pub(crate) async fn serve() -> Result<()> {
    let Ok(posting) = env::var(POSTING) else {
        return Ok(());
    };
    let posting: Posting = serde_json::from_str(&posting)?;
    let installed = tracing_subscriber::fmt()
        .with_env_filter(LOG)
        .with_writer(io::stderr)
        .with_ansi(false)
        .try_init();
    drop(installed);
    let stop = CancellationToken::new();
    let stopped = stop.clone();
    // No task: the runtime would wait for it in the end.
    std::thread::spawn(move || {
        let _ = io::copy(&mut io::stdin(), &mut io::sink());
        stopped.cancel();
    });
    let db = schema::connect(&posting.database).await?;
    let ledger = Ledger::open(&posting.ledger).await?;
    let urls = RestateUrls {
        ingress: posting.ingress.parse()?,
        admin: posting.admin.parse()?,
    };
    let worker = Worker::bind(registry(&ledger)?, db, posting.address, urls).await?;
    let worker = worker.inactivity(INACTIVITY);
    Box::pin(worker.run(stop, || say(io::stdout(), READY))).await?;
    Ok(())
}

/// The worker as a process.
pub(crate) struct WorkerProcess {
    posting: String,
    log: PathBuf,
    child: Child,
    /// Kept open, and read no further: what little comes behind it fits into the pipe.
    _output: Lines<BufReader<ChildStdout>>,
}

impl WorkerProcess {
    /// Starts it, and waits until Restate knows it.
    pub(crate) async fn start(posting: &Posting, log: &Path) -> Result<Self> {
        let posting = serde_json::to_string(posting)?;
        let (child, output) = spawn(&posting, log).await?;
        Ok(Self {
            posting,
            log: log.to_owned(),
            child,
            _output: output,
        })
    }

    /// Kills it, and waits until it is gone.
    pub(crate) async fn kill(&mut self) -> Result<()> {
        self.child.kill().await.context("kill the worker")
    }

    /// Starts another one in its place.
    pub(crate) async fn restart(&mut self) -> Result<()> {
        let (child, output) = spawn(&self.posting, &self.log).await?;
        self.child = child;
        self._output = output;
        Ok(())
    }

    pub(crate) fn pid(&self) -> Option<u32> {
        self.child.id()
    }

    /// A worker that ends by itself, or refuses to start, is as bad as a wrong effect.
    pub(crate) fn check(&mut self) -> Result<()> {
        match self.child.try_wait().context("look after the worker")? {
            Some(status) => bail!("the worker ended by itself: {status}"),
            None => Ok(()),
        }
    }

    /// Lets it end by itself, so that all it has noted is written.
    pub(crate) async fn stop(mut self) -> Result<()> {
        drop(self.child.stdin.take());
        let ended = tokio::time::timeout(PATIENCE, self.child.wait()).await;
        let status = ended.context("the worker does not end")??;
        match status.success() {
            true => Ok(()),
            false => bail!("the worker ended badly: {status}"),
        }
    }
}

type Spawned = (Child, Lines<BufReader<ChildStdout>>);

async fn spawn(posting: &str, log: &Path) -> Result<Spawned> {
    let log = File::options().create(true).append(true).open(log)?;
    let mut child = Command::new(env::current_exe()?)
        .args([TEST, "--exact", "--ignored", "--nocapture"])
        .env(POSTING, posting)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(log)
        .kill_on_drop(true)
        .spawn()
        .context("start the worker")?;
    let output = child.stdout.take().context("a child without its stdout")?;
    let mut lines = BufReader::new(output).lines();
    let ready = async {
        while let Some(line) = lines.next_line().await? {
            if line.contains(READY) {
                return Ok(());
            }
        }
        bail!("the worker ended before it was ready")
    };
    tokio::time::timeout(PATIENCE, ready)
        .await
        .context("the worker does not get ready")??;
    Ok((child, lines))
}
