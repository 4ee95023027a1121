//! `flywheel browser`: keeps a Chromium for the worker, until SIGINT, SIGTERM or SIGHUP.

use engine::worker::stop_signal;

use super::Shared;
use crate::output;
use crate::supervise::ready_line;

/// Keeps one. It is ready before Chromium is: a worker without one still does all that needs no page,
/// and the steps that do wait, or say what is missing.
pub(super) async fn run(shared: &Shared) -> anyhow::Result<()> {
    let setup = shared.setup()?;
    let stop = stop_signal()?;
    let server = setup.browser_server()?;
    output::data(ready_line("browser"));
    server.run(stop.cancelled_owned()).await;
    Ok(())
}
