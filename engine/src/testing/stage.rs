//! Runs on a real Restate server, with a worker in the test's own process.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use sea_orm::DatabaseConnection;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::RestateServer;
use crate::client::Client;
use crate::error::EngineError;
use crate::registry::Registry;
use crate::runs::{self, Details};
use crate::tables::RunStatus;
use crate::tables::runs as run_rows;
use crate::worker::{RestateUrls, Worker};
use crate::workflow::Workflow;

/// How long a run may take until it is as a test wants it.
const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(50);

/// The [`Lab`](super::Lab)'s counterpart: the same workflows on a real server and a real database,
/// where time does not skip.
pub struct Stage {
    /// The server that the runs are on.
    pub restate: RestateServer,
    /// Starts runs.
    pub client: Client,
    /// Where the engine's tables are.
    pub db: DatabaseConnection,
    worker: JoinHandle<Result<(), EngineError>>,
    stop: CancellationToken,
}

/// Why a run on a [`Stage`] has no output.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StageError {
    /// The system does not let us.
    #[error("could not {operation}")]
    Io {
        /// What was tried.
        operation: &'static str,
        /// Why it failed.
        #[source]
        source: io::Error,
    },
    /// The server was started and does not answer.
    #[error("the Restate server does not answer; its log is {}", log.display())]
    NotReady {
        /// The server's log.
        log: PathBuf,
    },
    /// The machinery failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The worker is gone.
    #[error("the worker ended before its time")]
    WorkerEnded,
    /// The run did not get there in a minute.
    #[error("run {run_id} did not get there within a minute; it is {status:?}")]
    Late {
        /// The run.
        run_id: String,
        /// As it is now; nothing if there is no such run.
        status: Option<RunStatus>,
    },
    /// The run came to another end than completed.
    #[error("run {} is {:?}: {}", .0.id, .0.status, .0.error_message.as_deref().unwrap_or("no reason"))]
    Failed(Box<run_rows::Model>),
    /// The output is not what its workflow gives.
    #[error("the output does not survive JSON")]
    Json(#[source] serde_json::Error),
}

impl StageError {
    pub(super) fn io(operation: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { operation, source }
    }
}

impl Stage {
    /// Makes the engine's tables in `db`, and serves these workflows until [`Stage::stop`].
    ///
    /// # Errors
    /// [`StageError`] when the worker does not get ready.
    pub async fn start(
        registry: Registry,
        db: DatabaseConnection,
        restate: RestateServer,
    ) -> Result<Self, StageError> {
        crate::migrate(&db).await?;
        let client = Client::new(db.clone(), restate.ingress().clone())?
            .with_triggers(registry.all_triggers())
            .with_services(registry.placed_as_services());
        let address = (std::net::Ipv4Addr::LOCALHOST, 0).into();
        let urls = RestateUrls {
            ingress: restate.ingress().clone(),
            admin: restate.admin().clone(),
        };
        let worker = Worker::bind(registry, db.clone(), address, urls).await?;
        let stop = CancellationToken::new();
        let (ready, is_ready) = oneshot::channel();
        let stopped = stop.clone();
        let worker = tokio::spawn(async move {
            let say_so = || {
                // Whoever waited has given up.
                let _ = ready.send(());
            };
            worker.run(stopped, say_so).await
        });
        is_ready.await.map_err(|_| StageError::WorkerEnded)?;
        Ok(Self {
            restate,
            client,
            db,
            worker,
            stop,
        })
    }

    /// Runs a workflow to its end, under a key of its own.
    ///
    /// # Errors
    /// [`StageError::Failed`] with the run's row, or what kept it from ending.
    pub async fn run<W: Workflow>(
        &self,
        key: &str,
        input: &W::Input,
    ) -> Result<W::Output, StageError> {
        let started = self.client.start::<W>(key, input).await?;
        let run = self.ended(&started.run_id).await?.run;
        match (run.status, &run.output) {
            (RunStatus::Completed, Some(output)) => {
                serde_json::from_str(output).map_err(StageError::Json)
            }
            _ => Err(StageError::Failed(Box::new(run))),
        }
    }

    /// Waits until the run has ended, and gives all there is to know of it.
    ///
    /// # Errors
    /// [`StageError::Late`] after a minute.
    pub async fn ended(&self, run_id: &str) -> Result<Details, StageError> {
        self.until(run_id, |run| !run.status.is_open()).await
    }

    /// Waits until the run's row is as wanted.
    ///
    /// # Errors
    /// [`StageError::Late`] after a minute.
    pub async fn until(
        &self,
        run_id: &str,
        is_wanted: impl Fn(&run_rows::Model) -> bool,
    ) -> Result<Details, StageError> {
        let waiting = async {
            loop {
                match runs::show(&self.db, run_id).await? {
                    Some(details) if is_wanted(&details.run) => return Ok(details),
                    _ => tokio::time::sleep(PAUSE).await,
                }
            }
        };
        match tokio::time::timeout(PATIENCE, waiting).await {
            Ok(details) => details,
            Err(_elapsed) => {
                let now = runs::show(&self.db, run_id).await?;
                Err(StageError::Late {
                    run_id: run_id.to_owned(),
                    status: now.map(|details| details.run.status),
                })
            }
        }
    }

    /// Stops the worker as a signal would, then kills the server.
    ///
    /// # Errors
    /// [`StageError`] when either does not end well.
    pub async fn stop(mut self) -> Result<(), StageError> {
        self.stop.cancel();
        self.worker.await.map_err(|_| StageError::WorkerEnded)??;
        self.restate.kill().await
    }
}
