//! The worker: the process that executes runs.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use reqwest::Url;
use sea_orm::DatabaseConnection;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::attempts::SERVICE;
use crate::context::Means;
use crate::controls::DatabaseControls;
use crate::error::EngineError;
use crate::history::{History, HistoryWriter};
use crate::operations;
use crate::registry::{NamedService, NamedWorkflow, Registry};
use crate::replay;
use crate::restate::admin::Admin;
use crate::restate::binding;
use crate::restate::diverging::Diverging;
use crate::restate::ingress::Ingress;

/// The worker's accept loop. Public for the benchmark, which puts the bare SDK behind the same one.
#[doc(hidden)]
pub use crate::restate::serve::serve;

/// Time for attempts to end after a stop was asked for.
const GRACE: Duration = Duration::from_secs(10);
const REGISTER_PAUSE: Duration = Duration::from_millis(100);

/// Where Restate is.
#[derive(Debug, Clone)]
pub struct RestateUrls {
    /// The base URL of its ingress.
    pub ingress: Url,
    /// The base URL of its admin API.
    pub admin: Url,
}

/// A worker that listens and is not yet known to Restate.
pub struct Worker {
    registry: Registry,
    db: DatabaseConnection,
    listener: TcpListener,
    restate: RestateUrls,
    name: String,
    hold_diverging: bool,
    /// The steps to serve, and nothing else, if only those.
    only: Option<Vec<String>>,
    inactivity: Duration,
}

impl Worker {
    /// Listens on `address`.
    ///
    /// # Errors
    /// [`EngineError::Listen`], or [`EngineError::DuplicateName`] or [`EngineError::ReservedName`]
    /// for a registry that cannot be served.
    pub async fn bind(
        registry: Registry,
        db: DatabaseConnection,
        address: SocketAddr,
        restate: RestateUrls,
    ) -> Result<Self, EngineError> {
        registry.check()?;
        let listener = TcpListener::bind(address)
            .await
            .map_err(|source| EngineError::Listen {
                address: address.to_string(),
                source,
            })?;
        Ok(Self {
            registry,
            db,
            listener,
            restate,
            name: format!("worker-{}", std::process::id()),
            hold_diverging: false,
            only: None,
            inactivity: binding::INACTIVITY,
        })
    }

    /// Holds the open runs that would do something else with this code, and executes nothing of them,
    /// instead of refusing to start.
    #[must_use]
    pub fn hold_diverging(self, hold: bool) -> Self {
        Self {
            hold_diverging: hold,
            ..self
        }
    }

    /// Serves these steps to the runs of other workers, and no workflows.
    ///
    /// # Errors
    /// [`EngineError::NotServed`] for a step that this program does not have, or that must not act
    /// twice.
    pub fn only(self, steps: Vec<String>) -> Result<Self, EngineError> {
        self.registry.served(&steps)?;
        Ok(Self {
            only: Some(steps),
            ..self
        })
    }

    /// What this worker executes: workflows, and steps as services.
    async fn offer(&self, address: SocketAddr) -> Result<Offer, EngineError> {
        if let Some(names) = &self.only {
            let steps = self.registry.served(names)?;
            return Ok((Vec::new(), steps));
        }
        let workflows = self.registry.workflows();
        let workflows = workflows
            .map(|(name, workflow)| (name, workflow.clone()))
            .collect();
        let admin = Admin::new(self.restate.admin.clone())?;
        let own = url_of(address);
        let mut steps = Vec::new();
        for (name, step) in self.registry.services() {
            // Whoever was told to serve it keeps it.
            match served_by(&admin, name).await? {
                Some(other) if other != own => {
                    tracing::info!(step = name, %other, "Step is served elsewhere.");
                }
                _ => steps.push((name, step.clone())),
            }
        }
        Ok((workflows, steps))
    }

    /// How long a waiting run keeps its connection; a second by default. For tests that want runs to be
    /// suspended at every wait.
    #[doc(hidden)]
    #[must_use]
    pub fn inactivity(self, inactivity: Duration) -> Self {
        Self { inactivity, ..self }
    }

    /// Compares the open runs with this code, before any of them goes on, and gives those that it is not
    /// to execute.
    async fn check_open_runs(&self) -> Result<Diverging, EngineError> {
        let runs = replay::diverging(&self.db, &self.registry).await?;
        for run in &runs {
            tracing::error!(run.id = run.run_id, "Run would diverge: {run}.");
        }
        if !runs.is_empty() && !self.hold_diverging {
            return Err(EngineError::OpenRunsDiverge { runs });
        }
        operations::hold_all(&self.db, &runs).await?;
        Ok(Diverging::new(runs))
    }

    /// Serves runs until `stop`; then begins no attempt, lets those under way end, for ten seconds at
    /// most, and keeps their rows. `ready` is called once Restate knows the worker.
    ///
    /// # Errors
    /// [`EngineError`] when the worker cannot be bound, Restate refuses it, or open runs would do
    /// something else with its code ([`EngineError::OpenRunsDiverge`]).
    pub async fn run(
        self,
        stop: CancellationToken,
        ready: impl FnOnce(),
    ) -> Result<(), EngineError> {
        // A worker that Restate refuses stops itself, and not whoever else waits for the caller's token.
        let stop = stop.child_token();
        let diverging = match self.only {
            Some(_) => Diverging::default(),
            None => self.check_open_runs().await?,
        };
        let address = self
            .listener
            .local_addr()
            .map_err(|source| EngineError::Listen {
                address: "the worker".to_owned(),
                source,
            })?;
        let Some(offer) = stop.run_until_cancelled(self.offer(address)).await else {
            return Ok(());
        };
        let (workflows, steps) = offer?;
        let (history, writing) = HistoryWriter::start(self.db.clone(), self.name.clone());
        let history: Arc<dyn History> = history;
        let ingress = Ingress::new(self.restate.ingress)?;
        let under_way = TaskTracker::new();
        let means = Means {
            history,
            controls: Arc::new(DatabaseControls::new(self.db, ingress)),
            settings: Arc::new(self.registry.settings()),
            stop: stop.clone(),
            under_way: under_way.clone(),
        };
        let endpoint = binding::endpoint(
            &workflows,
            &steps,
            &means,
            &self.name,
            &diverging,
            self.inactivity,
        )?;
        let serving = serve(endpoint, self.listener, stop.clone(), under_way, GRACE);
        let serving = tokio::spawn(serving);
        let registered = stop
            .run_until_cancelled(register(self.restate.admin, address))
            .await;
        match registered {
            Some(Ok(())) => {
                tracing::info!(worker = self.name, %address, "Worker is ready.");
                ready();
            }
            Some(Err(error)) => {
                stop.cancel();
                let _ = serving.await;
                return Err(error);
            }
            None => {}
        }
        if let Err(error) = serving.await {
            tracing::error!(%error, "The worker's accept loop ended badly.");
        }
        drop(means);
        // What was noted is written before the process ends; attempts that outlived the grace hold
        // the writer open, and are executed again anyway.
        if tokio::time::timeout(Duration::from_secs(2), writing)
            .await
            .is_err()
        {
            tracing::warn!("Some history may be missing for attempts that were cut off.");
        }
        Ok(())
    }
}

/// Workflows, and steps as services.
type Offer = (Vec<NamedWorkflow>, Vec<NamedService>);

fn url_of(address: SocketAddr) -> String {
    format!("http://{address}/")
}

/// Where the step's service is served now, once Restate is there to say so.
async fn served_by(admin: &Admin, step: &str) -> Result<Option<String>, EngineError> {
    loop {
        match admin.served_by(&format!("{SERVICE}{step}")).await {
            Err(EngineError::Http { .. }) => tokio::time::sleep(REGISTER_PAUSE).await,
            answer => return answer,
        }
    }
}

/// Tells Restate about the worker, again and again while Restate is not there yet.
async fn register(admin: Url, address: SocketAddr) -> Result<(), EngineError> {
    let admin = Admin::new(admin)?;
    let uri = url_of(address);
    loop {
        match admin.register(&uri).await {
            Ok(()) => return Ok(()),
            Err(
                error @ EngineError::Refused {
                    status: 400..=499, ..
                },
            ) => return Err(error),
            Err(error) => {
                tracing::debug!(
                    error = &error as &dyn std::error::Error,
                    "Restate does not take the worker yet."
                );
                tokio::time::sleep(REGISTER_PAUSE).await;
            }
        }
    }
}

/// Cancelled by SIGINT, by SIGTERM, and by SIGHUP, which a closed terminal sends.
///
/// # Errors
/// [`std::io::Error`] if no signal handler can be installed.
pub fn stop_signal() -> std::io::Result<CancellationToken> {
    let stop = CancellationToken::new();
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    let stopped = stop.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hang_up.recv() => {}
        }
        stopped.cancel();
    });
    Ok(stop)
}
