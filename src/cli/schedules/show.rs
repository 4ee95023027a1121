//! `flywheel schedules show NAME`: one schedule, and when it ticks next.

use engine::schedules::{Details, Next, Schedules};
use engine::tables::Missed;
use engine::tables::schedules::Model;
use jiff::Timestamp;

use super::for_person;
use crate::cli::Ended;
use crate::cli::runs::instant;
use crate::output;

pub(super) async fn run(
    schedules: &Schedules,
    name: &str,
    now: Timestamp,
    json: bool,
) -> anyhow::Result<Ended> {
    let shown = schedules.show(name, now).await.map_err(for_person)?;
    details(&shown, json)
}

/// Writes one schedule, as JSON or for people.
pub(super) fn details(details: &Details, json: bool) -> anyhow::Result<Ended> {
    if json {
        output::json(details)?;
    } else {
        output::data(lines(details).join("\n"));
    }
    Ok(Ended::Well)
}

fn lines(details: &Details) -> Vec<String> {
    let schedule = &details.schedule;
    let mut lines = vec![
        format!("schedule {}", schedule.name),
        format!("workflow {}", schedule.workflow),
        format!("input    {}", schedule.input),
        format!("cron     {}  ({})", schedule.cron, schedule.time_zone),
        format!("missed   {}", missed(schedule)),
        format!("created  {}", instant(Some(schedule.created_at_ms))),
    ];
    if schedule.held {
        lines.push("held     nothing is started by the clock until it is released".to_owned());
    }
    if let Some(run_id) = &schedule.last_run_id {
        lines.push(format!("last run {run_id}"));
    }
    if let Some(error) = &schedule.last_error {
        let since = instant(schedule.last_error_ms);
        lines.push(format!("error    since {since}: {error}"));
    }
    lines.extend(details.next.iter().map(next));
    if let Some(problem) = &details.problem {
        lines.push(format!("problem  {problem}"));
    }
    lines
}

/// In words that `create --missed` takes.
fn missed(schedule: &Model) -> String {
    match schedule.missed {
        Missed::Skip => "skip".to_owned(),
        Missed::CatchUp => format!("catch-up:{}", schedule.catch_up_max),
    }
}

fn next(next: &Next) -> String {
    let local = next.local.strftime("%a %F %R %:z");
    let utc = instant(Some(next.utc.as_millisecond()));
    format!("next     {local}  ({utc} UTC)")
}
