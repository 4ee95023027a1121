//! `flywheel worker`: executes runs until SIGINT or SIGTERM.

use engine::Worker;
use engine::worker::stop_signal;
use steps::Steps;

use super::Shared;
use crate::data_dir::Ports;
use crate::output;
use crate::setup::migrate;
use crate::supervise::ready_line;

/// Serves Restate, and says on stdout when Restate knows it.
pub(super) async fn run(shared: &Shared) -> anyhow::Result<()> {
    let setup = shared.setup()?;
    let ports = setup.ports()?;
    let stop = stop_signal()?;
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
