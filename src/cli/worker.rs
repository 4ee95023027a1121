//! `flywheel worker`: executes runs until SIGINT, SIGTERM or SIGHUP.

use std::net::SocketAddr;

use anyhow::Context as _;
use clap::Args;
use engine::Worker;
use engine::worker::stop_signal;
use metrics_exporter_prometheus::PrometheusBuilder;
use steps::Steps;

use super::Shared;
use crate::data_dir::Ports;
use crate::output;
use crate::setup::migrate;
use crate::supervise::ready_line;

/// Arguments of `worker`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Read pages in the Chromium of `flywheel browser`, which outlives this worker
    #[arg(long)]
    hosted_browser: bool,
}

impl Arguments {
    pub(super) async fn run(self, shared: &Shared) -> anyhow::Result<()> {
        run(shared, self.hosted_browser).await
    }
}

/// Serves Restate, and says on stdout when Restate knows it.
async fn run(shared: &Shared, hosted_browser: bool) -> anyhow::Result<()> {
    let setup = shared.setup()?;
    setup.keep_world()?;
    let ports = setup.ports()?;
    let stop = stop_signal()?;
    serve_metrics(Ports::address(ports.worker_metrics))?;
    let clients = setup.clients(setup.browser(hosted_browser)?)?;
    let db = setup.database().await?;
    migrate(&db).await?;
    let steps = Steps::new(&setup.services(&clients, db.clone())?);
    let wait = setup
        .config
        .wall_wait(setup.world.time_scale(&setup.config));
    for line in setup.world.lines() {
        tracing::info!("{line}");
    }
    let admin = Ports::url(ports.restate_admin, "")?;
    let worker = Worker::bind(
        workflows::registry(&steps, wait),
        db,
        Ports::address(ports.worker),
        admin,
    )
    .await?;
    worker
        .run(stop, || output::data(ready_line("worker")))
        .await?;
    Ok(())
}

/// Serves what this process counts (attempts, costs, ended runs, lost history), at any path. The
/// API's page cannot have it: a counter lives where it is counted.
fn serve_metrics(address: SocketAddr) -> anyhow::Result<()> {
    PrometheusBuilder::new()
        .with_http_listener(address)
        .install()
        .with_context(|| format!("serve the worker's metrics on {address}"))?;
    engine::metrics::describe();
    Ok(())
}
