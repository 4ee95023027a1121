//! `flywheel schedules hold NAME`: the clock starts nothing more.

use engine::schedules::Schedules;
use jiff::Timestamp;

use super::for_person;
use crate::cli::Ended;
use crate::output;

pub(super) async fn run(
    schedules: &Schedules,
    name: &str,
    now: Timestamp,
    json: bool,
) -> anyhow::Result<Ended> {
    schedules.hold(name).await.map_err(for_person)?;
    if json {
        output::json(&schedules.show(name, now).await.map_err(for_person)?)?;
    } else {
        output::note(format!("{name} is held."));
    }
    Ok(Ended::Well)
}
