//! `flywheel api`: what the world calls, the reconciler and the schedules' ticker, until SIGINT,
//! SIGTERM or SIGHUP.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use engine::reconciler::Reconciler;
use engine::schedules::Ticker;
use engine::worker::stop_signal;
use metrics_exporter_prometheus::PrometheusBuilder;
use server::{Server, ServerConfig};
use tokio::net::TcpListener;

use super::Shared;
use crate::data_dir::{Ports, webhook_secrets};
use crate::output;
use crate::setup::migrate;
use crate::supervise::ready_line;

/// How often open runs are compared with Restate.
const RECONCILE_EVERY: Duration = Duration::from_secs(3);
/// How often schedules are looked through for ticks that have come.
const TICK_EVERY: Duration = Duration::from_secs(1);

/// Serves it on loopback.
pub(super) async fn run(shared: &Shared) -> anyhow::Result<()> {
    let setup = shared.setup()?;
    setup.keep_world()?;
    let ports = setup.ports()?;
    let stop = stop_signal()?;
    let prometheus = PrometheusBuilder::new()
        .install_recorder()
        .context("set up metrics")?;
    let db = setup.database().await?;
    migrate(&db).await?;
    let client = setup.client(db.clone())?;
    let reconciler = Reconciler::new(
        db.clone(),
        Ports::url(ports.restate_admin, "")?,
        client.clone(),
    )?;
    let ticker = Ticker::new(db.clone(), client.clone());
    let config = ServerConfig {
        tiktok: setup.tiktok_webhook()?,
        ..ServerConfig::new(webhook_secrets(&setup.data, &setup.environment)?)
    };
    let server = Server::new(db, Arc::new(client), prometheus, config)?;
    let address = Ports::address(ports.api);
    let listener = TcpListener::bind(address)
        .await
        .with_context(|| format!("listen on {address}"))?;
    tracing::info!(%address, "The API listens.");
    output::data(ready_line("api"));
    let serving = async {
        let served = server.serve(listener, stop.clone()).await;
        stop.cancel();
        served
    };
    let (served, (), ()) = tokio::join!(
        serving,
        reconciler.run(RECONCILE_EVERY, stop.clone()),
        ticker.run(TICK_EVERY, stop.clone()),
    );
    Ok(served?)
}
