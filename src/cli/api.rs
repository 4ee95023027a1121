//! `flywheel api`: what the world calls, and the reconciler, until SIGINT, SIGTERM or SIGHUP.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use engine::reconciler::Reconciler;
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
    let client = engine::Client::new(db.clone(), Ports::url(ports.restate_ingress, "")?)?;
    let reconciler = Reconciler::new(
        db.clone(),
        Ports::url(ports.restate_admin, "")?,
        client.clone(),
    )?;
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
    let (served, ()) = tokio::join!(serving, reconciler.run(RECONCILE_EVERY, stop.clone()));
    Ok(served?)
}
