//! `flywheel sandbox`: the outside world on this machine, until SIGINT, SIGTERM or SIGHUP.

use std::time::Duration;

use anyhow::Context as _;
use engine::worker::stop_signal;
use sandbox::{Sandbox, SandboxConfig, TikTokWebhook};
use secrecy::ExposeSecret as _;
use tokio::net::TcpListener;

use super::Shared;
use crate::data_dir::{Place, Ports};
use crate::output;
use crate::setup::Setup;
use crate::supervise::ready_line;

/// Long enough that a post is really waited for, short enough that nobody minds.
const PROCESSING: Duration = Duration::from_millis(1500);

/// Serves it on loopback.
pub(super) async fn run(shared: &Shared) -> anyhow::Result<()> {
    let setup = shared.setup()?;
    let ports = setup.ports()?;
    let stop = stop_signal()?;
    let app = Setup::sandbox_app();
    let sandbox = Sandbox::open(SandboxConfig {
        data: setup.data.folder(Place::Sandbox)?,
        world_seed: setup.config.sandbox.world_seed,
        time_scale: setup.world.time_scale(&setup.config),
        processing: PROCESSING,
    })?
    .with_tiktok_webhook(TikTokWebhook::new(
        Ports::url(ports.api, "webhooks/tiktok")?.to_string(),
        app.client_key,
        app.client_secret.expose_secret().to_owned(),
    ));
    let address = Ports::address(ports.sandbox);
    let listener = TcpListener::bind(address)
        .await
        .with_context(|| format!("listen on {address}"))?;
    tracing::info!(%address, "The sandbox listens.");
    output::data(ready_line("sandbox"));
    sandbox.serve(listener, stop).await?;
    Ok(())
}
