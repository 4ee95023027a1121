//! `flywheel browser`: keeps a Chromium for the worker, until SIGINT, SIGTERM or SIGHUP.

use engine::worker::stop_signal;

use super::Shared;
use crate::output;
use crate::supervise::ready_line;

/// Keeps one, and says on stdout when it was started, or that it cannot be: a worker without one
/// still does all that needs no page, and the steps that do say what is missing.
pub(super) async fn run(shared: &Shared) -> anyhow::Result<()> {
    let setup = shared.setup()?;
    let stop = stop_signal()?;
    let host = setup.browser_host()?;
    host.run(stop.cancelled_owned(), || {
        output::data(ready_line("browser"))
    })
    .await;
    Ok(())
}
