//! `flywheel schedules release NAME`: the clock starts runs again.

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
    schedules.release(name, now).await.map_err(for_person)?;
    if json {
        output::json(&schedules.show(name, now).await.map_err(for_person)?)?;
    } else {
        output::note(format!("{name} is released."));
    }
    Ok(Ended::Well)
}
