//! `flywheel schedules remove NAME`: the schedule is gone.

use engine::schedules::Schedules;
use serde_json::json;

use super::for_person;
use crate::cli::Ended;
use crate::output;

pub(super) async fn run(schedules: &Schedules, name: &str, as_json: bool) -> anyhow::Result<Ended> {
    schedules.remove(name).await.map_err(for_person)?;
    if as_json {
        output::json(&json!({ "removed": name }))?;
    } else {
        output::note(format!("{name} is removed; its runs stay."));
    }
    Ok(Ended::Well)
}
