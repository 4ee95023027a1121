//! `flywheel up`: everything on this machine, supervised, until SIGINT, SIGTERM or SIGHUP.

use std::path::Path;

use clap::Args;
use engine::worker::stop_signal;
use serde_json::json;

use super::{Ended, Shared};
use crate::data_dir::{Place, Ports, UpLock};
use crate::output::{self, note};
use crate::setup::Setup;
use crate::supervise::{Stack, Stopping};

/// Arguments of `up`.
#[derive(Debug, Args)]
pub(super) struct Up {
    /// The port of the API; kept in the data folder
    #[arg(long)]
    port: Option<u16>,
    /// Hold the open runs that would do something else with this code; without it, such runs keep the
    /// worker from starting, and its log names them
    #[arg(long)]
    hold_diverging: bool,
}

impl Up {
    /// Comes back when everything is ended.
    pub(super) async fn run(self, shared: &Shared) -> anyhow::Result<Ended> {
        let stop = stop_signal()?;
        let setup = shared.setup()?;
        // Before anything in the folder changes: another `up` may have it.
        let lock = UpLock::take(&setup.data)?;
        setup.check()?;
        setup.keep_world()?;
        let mut ports = setup.ports()?;
        if let Some(port) = self.port {
            ports = ports.with_api(port, &setup.data)?;
        }
        let worker: &'static [&'static str] = match self.hold_diverging {
            true => &["--hold-diverging"],
            false => &[],
        };
        Stack::local_set()
            .run_until(async {
                // On the heap: all that happens at the start makes it large.
                let starting = Box::pin(Stack::start(&setup, &ports, lock, worker));
                let Some(stack) = stop.run_until_cancelled(starting).await else {
                    return Ok(Ended::Well);
                };
                let stack = stack?;
                announce(&setup, &ports, shared.json)?;
                stop.cancelled().await;
                note("Ending; what is under way goes on at the next `up`.");
                stack.stop(Stopping::Calm).await;
                Ok(Ended::Well)
            })
            .await
    }
}

fn announce(setup: &Setup, ports: &Ports, as_json: bool) -> anyhow::Result<()> {
    let api = Ports::url(ports.api, "")?;
    let worker_metrics = Ports::url(ports.worker_metrics, "metrics")?;
    let restate = Ports::url(ports.restate_admin, "ui/")?;
    let folder: &Path = setup.data.root();
    for line in setup.world.lines() {
        note(format!("  {line}"));
    }
    note(format!(
        "  API          {api} (POST webhooks/video/ready, GET healthz, GET metrics)"
    ));
    note(format!(
        "  worker       {worker_metrics} (attempts, costs, ended runs)"
    ));
    note(format!("  Restate      {restate}"));
    if setup.world.needs_sandbox() {
        note(format!(
            "  sandbox      {}",
            Ports::url(ports.sandbox, "_sandbox/posts")?
        ));
    }
    note(format!("  data, logs   {}", folder.display()));
    note("Flywheel is up. Ctrl-C ends it.");
    if as_json {
        let services: serde_json::Map<String, serde_json::Value> = setup
            .world
            .services()
            .iter()
            .map(|(name, outside)| ((*name).to_owned(), outside.word().into()))
            .collect();
        output::json(&json!({
            "ready": "up",
            "api": api.as_str(),
            "workerMetrics": worker_metrics.as_str(),
            "restate": restate.as_str(),
            "data": folder,
            "processes": setup.data.path(Place::Processes),
            "services": services,
        }))?;
    }
    Ok(())
}
