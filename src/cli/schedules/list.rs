//! `flywheel schedules list`: all schedules, one line each.

use comfy_table::{Table, presets};
use engine::schedules::{Details, Schedules};
use jiff::Timestamp;

use super::for_person;
use crate::cli::Ended;
use crate::cli::runs::instant;
use crate::output;

pub(super) async fn run(
    schedules: &Schedules,
    now: Timestamp,
    json: bool,
) -> anyhow::Result<Ended> {
    let listed = schedules.list(now).await.map_err(for_person)?;
    if json {
        output::json(&listed)?;
    } else {
        output::data(table(&listed).trim_fmt());
    }
    Ok(Ended::Well)
}

fn table(listed: &[Details]) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_header([
        "SCHEDULE",
        "WORKFLOW",
        "CRON",
        "TIME ZONE",
        "NEXT (UTC)",
        "LAST RUN",
        "STATE",
    ]);
    for details in listed {
        let schedule = &details.schedule;
        let next = details.next.first();
        table.add_row([
            schedule.name.clone(),
            schedule.workflow.clone(),
            schedule.cron.clone(),
            schedule.time_zone.clone(),
            instant(next.map(|next| next.utc.as_millisecond())),
            schedule.last_run_id.clone().unwrap_or_default(),
            state(details),
        ]);
    }
    table
}

/// `held`, or what is wrong: nothing, as a rule.
fn state(details: &Details) -> String {
    let schedule = &details.schedule;
    let wrong = schedule.last_error.as_ref().or(details.problem.as_ref());
    match (schedule.held, wrong) {
        (true, Some(error)) => format!("held; {error}"),
        (true, None) => "held".to_owned(),
        (false, Some(error)) => error.clone(),
        (false, None) => String::new(),
    }
}
