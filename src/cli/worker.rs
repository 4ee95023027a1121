//! `flywheel worker`: executes runs until SIGINT, SIGTERM or SIGHUP.

use std::net::SocketAddr;

use anyhow::Context as _;
use engine::Worker;
use engine::worker::stop_signal;
use metrics_exporter_prometheus::PrometheusBuilder;
use platforms::browser::Browser;
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
    let clients = setup.clients()?;
    let warm = tokio::spawn(warm_up(clients.browser.clone()));
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
    warm.await?;
    worker
        .run(stop, || output::data(ready_line("worker")))
        .await?;
    Ok(())
}

/// Starts Chromium before the first page is asked for. A worker without one still does all that needs
/// no page, and the steps that do say what is missing.
async fn warm_up(browser: Browser) {
    if let Err(error) = browser.start().await {
        tracing::warn!(
            error = &error as &dyn std::error::Error,
            "The browser does not start."
        );
    }
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
