//! `flywheel worker`: executes runs until SIGINT, SIGTERM or SIGHUP.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use anyhow::Context as _;
use clap::Args;
use engine::worker::stop_signal;
use engine::{EngineError, RestateUrls, Worker};
use metrics_exporter_prometheus::PrometheusBuilder;
use reqwest::Url;

use super::{NeedsPerson, Shared};
use crate::data_dir::{Place, Ports};
use crate::first_schedules;
use crate::output;
use crate::setup::migrate;
use crate::supervise::ready_line;

/// Arguments of `worker`.
#[derive(Debug, Args)]
#[command(
    after_help = "Example, after a change of code that not all open runs can follow:\n  \
flywheel worker --hold-diverging"
)]
pub(super) struct Arguments {
    /// Read pages in the Chromium of `flywheel browser`, which outlives this worker
    #[arg(long)]
    connect_browser: bool,
    /// Hold the open runs that would do something else with this code, and start; without it, such runs
    /// keep the worker from starting
    #[arg(long)]
    hold_diverging: bool,
    /// Execute only these steps, for the runs of other workers, and no workflows; the steps need
    /// `placement = "service"` there
    #[arg(
        long,
        value_name = "STEP,…",
        value_delimiter = ',',
        conflicts_with = "hold_diverging"
    )]
    only: Option<Vec<String>>,
    /// Where Restate reaches this worker, with --only [default: a free port of 127.0.0.1]
    #[arg(long, value_name = "ADDRESS", requires = "only")]
    listen: Option<SocketAddr>,
    /// Restate's admin API, with --only [default: that of the data folder's `up`]
    #[arg(long, value_name = "URL", requires = "only")]
    restate_admin: Option<Url>,
}

impl Arguments {
    pub(super) async fn run(self, shared: &Shared) -> anyhow::Result<()> {
        match &self.only {
            Some(steps) => only(shared, &self, steps).await,
            None => run(shared, &self).await,
        }
    }
}

/// Serves Restate, and says on stdout when Restate knows it.
async fn run(shared: &Shared, arguments: &Arguments) -> anyhow::Result<()> {
    let setup = shared.setup()?;
    setup.keep_world()?;
    let ports = setup.ports()?;
    let stop = stop_signal()?;
    serve_metrics(Ports::address(ports.worker_metrics))?;
    let browser = setup.browser(arguments.connect_browser)?;
    let db = setup.database().await?;
    migrate(&db).await?;
    let registry = setup.registry(browser, db.clone())?;
    if setup.config.batch.scheduled {
        first_schedules::make(&db, &registry).await?;
    }
    for line in setup.world.lines() {
        tracing::info!("{line}");
    }
    let restate = RestateUrls {
        ingress: Ports::url(ports.restate_ingress, "")?,
        admin: Ports::url(ports.restate_admin, "")?,
    };
    let worker = Worker::bind(registry, db, Ports::address(ports.worker), restate)
        .await?
        .hold_diverging(arguments.hold_diverging);
    // Ours is the only worker of the folder: it has the port.
    for place in [Place::Fetched, Place::Converted] {
        remove_unfinished(&setup.data.folder(place)?);
    }
    worker
        .run(stop, || output::data(ready_line("worker")))
        .await
        .map_err(for_person)
}

/// Serves a few steps beside the worker that has the workflows, or on another machine.
async fn only(shared: &Shared, arguments: &Arguments, steps: &[String]) -> anyhow::Result<()> {
    let setup = shared.setup()?;
    setup.keep_world()?;
    let ports = setup.ports()?;
    let stop = stop_signal()?;
    let browser = setup.browser(arguments.connect_browser)?;
    let db = setup.database().await?;
    migrate(&db).await?;
    let registry = setup.registry(browser, db.clone())?;
    let restate = RestateUrls {
        ingress: Ports::url(ports.restate_ingress, "")?,
        admin: match &arguments.restate_admin {
            Some(admin) => admin.clone(),
            None => Ports::url(ports.restate_admin, "")?,
        },
    };
    let any_port = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let address = arguments.listen.unwrap_or(any_port);
    let worker = Worker::bind(registry, db, address, restate)
        .await?
        .only(steps.to_vec())
        .map_err(for_person)?;
    worker
        .run(stop, || output::data(ready_line("worker")))
        .await
        .map_err(for_person)
}

/// What becomes of runs that this code would take another way is for a person to say.
fn for_person(error: EngineError) -> anyhow::Error {
    match error {
        EngineError::OpenRunsDiverge { .. } | EngineError::NotServed { .. } => {
            NeedsPerson(error.to_string()).into()
        }
        error => error.into(),
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
