//! `flywheel worker`: executes runs until SIGINT, SIGTERM or SIGHUP.

use std::net::SocketAddr;

use anyhow::Context as _;
use engine::Worker;
use engine::worker::stop_signal;
use metrics_exporter_prometheus::PrometheusBuilder;
use steps::Steps;

use super::Shared;
use crate::data_dir::Ports;
use crate::output;
use crate::setup::migrate;
use crate::supervise::ready_line;

/// Serves Restate, and says on stdout when Restate knows it.
pub(super) async fn run(shared: &Shared) -> anyhow::Result<()> {
    let setup = shared.setup()?;
    setup.keep_world()?;
    let ports = setup.ports()?;
    let stop = stop_signal()?;
    serve_metrics(Ports::address(ports.worker_metrics))?;
    let db = setup.database().await?;
    migrate(&db).await?;
    let steps = Steps::new(&setup.services(db.clone())?);
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
