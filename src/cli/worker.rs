//! `flywheel worker`: executes runs until SIGINT, SIGTERM or SIGHUP.

use std::net::SocketAddr;
use std::path::Path;

use anyhow::Context as _;
use clap::Args;
use engine::Worker;
use engine::worker::stop_signal;
use metrics_exporter_prometheus::PrometheusBuilder;
use steps::Steps;

use super::Shared;
use crate::data_dir::{Place, Ports};
use crate::output;
use crate::setup::migrate;
use crate::supervise::ready_line;

/// Arguments of `worker`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Read pages in the Chromium of `flywheel browser`, which outlives this worker
    #[arg(long)]
    connect_browser: bool,
}

impl Arguments {
    pub(super) async fn run(self, shared: &Shared) -> anyhow::Result<()> {
        run(shared, self.connect_browser).await
    }
}

/// Serves Restate, and says on stdout when Restate knows it.
async fn run(shared: &Shared, connect_browser: bool) -> anyhow::Result<()> {
    let setup = shared.setup()?;
    setup.keep_world()?;
    let ports = setup.ports()?;
    let stop = stop_signal()?;
    serve_metrics(Ports::address(ports.worker_metrics))?;
    let clients = setup.clients(setup.browser(connect_browser)?)?;
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
    // Ours is the only worker of the folder: it has the port.
    for place in [Place::Fetched, Place::Converted] {
        remove_unfinished(&setup.data.folder(place)?);
    }
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

/// Removes what a killed worker was fetching or transcoding: until it is complete, its name begins
/// with a dot.
fn remove_unfinished(folder: &Path) {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let unfinished = entries.filter(|entry| entry.file_name().as_encoded_bytes().starts_with(b"."));
    for path in unfinished.map(|entry| entry.path()) {
        let removed = match path.is_dir() {
            true => std::fs::remove_dir_all(&path),
            false => std::fs::remove_file(&path),
        };
        if let Err(error) = removed {
            tracing::warn!(%error, path = %path.display(), "An unfinished file could not be removed.");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_not_complete_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join(".transcoding-x")).unwrap();
        for name in [".transcoding-x/video.mp4", ".fetching-y.part", "whole.mp4"] {
            std::fs::write(folder.path().join(name), "x").unwrap();
        }
        remove_unfinished(folder.path());
        let left: Vec<_> = std::fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        assert_eq!(left, ["whole.mp4"]);
    }
}
