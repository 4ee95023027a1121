//! What there is to say of a run, a line for each thing.

use engine::limits::Place;
use engine::runs::Details;
use engine::tables::{RunStatus, WaitKind, holds, runs};
use serde_json::Value;

use super::state::{State, Wait};
use crate::cli::runs::{doing, instant};

/// `resolve` has a command for each decision about a parked run.
pub(super) fn lines(details: &Details, state: &State, resolve: &[String]) -> Vec<String> {
    let run = &details.run;
    let mut lines = vec![line("run", &run.id), line("workflow", &run.workflow)];
    lines.extend(run.key.as_ref().map(|key| line("key", key)));
    lines.extend(tags(details));
    lines.push(line("status", &status(run)));
    lines.push(line("since", &instant(Some(state.since_ms))));
    lines.extend(state.held.as_ref().map(|hold| held(hold, run)));
    for wait in state.waits.iter().filter(|wait| wait.open) {
        lines.extend(waiting(wait));
    }
    lines.extend(state.places.iter().map(in_line));
    lines.extend(resolve.iter().map(|command| line("resolve", command)));
    lines.extend(rerun_of(run));
    let reruns = state.reruns.iter();
    lines.extend(reruns.map(|rerun| line("rerun", &format!("{}  {}", rerun.id, doing(rerun)))));
    lines.push(line("created", &instant(Some(run.created_at_ms))));
    lines.extend(run.ended_at_ms.map(|ms| line("ended", &instant(Some(ms)))));
    lines.push(line("input", &run.input));
    lines.extend(
        run.error_message
            .as_ref()
            .map(|message| line("error", message)),
    );
    lines.extend(run.output.as_ref().map(|output| line("output", output)));
    lines
}

fn line(what: &str, value: &str) -> String {
    format!("{what:<8} {value}")
}

fn tags(details: &Details) -> Option<String> {
    let tags = details.tags.iter();
    let tags: Vec<String> = tags
        .map(|tag| format!("{}={}", tag.key, tag.value))
        .collect();
    (!tags.is_empty()).then(|| line("tags", &tags.join(" ")))
}

/// At what a run is parked has lines of its own.
fn status(run: &runs::Model) -> String {
    match run.status {
        RunStatus::Parked if run.stuck_reason.is_none() => run.status.as_str().to_owned(),
        _ => doing(run),
    }
}

fn held(hold: &holds::Model, run: &runs::Model) -> String {
    let mut held = format!("by {} since {}", hold.who, instant(Some(hold.since_ms)));
    if hold.run_id != run.id {
        held = format!("{held}, with {}", hold.run_id);
    }
    match &hold.why {
        Some(why) => line("held", &format!("{held}: {why}")),
        None => line("held", &held),
    }
}

/// For what, since when, until when at most; of a parked step also its error.
fn waiting(wait: &Wait) -> Vec<String> {
    let row = &wait.row;
    let what = match row.kind {
        WaitKind::Hold => format!("to be released, before {}", row.name),
        WaitKind::Park => format!("for a decision about {}", row.key),
        WaitKind::Unknown => format!("for a decision about {}, which acted, perhaps", row.key),
        WaitKind::Event => format!("for the event {} of {}", row.name, row.key),
        WaitKind::Permit => format!("for its turn at {}", row.name),
    };
    let since = instant(Some(row.since_ms));
    let until = match row.until_ms {
        Some(until_ms) => format!(", until {}", instant(Some(until_ms))),
        None => String::new(),
    };
    let mut lines = vec![line("waits", &format!("{what}, since {since}{until}"))];
    if wait.is_parked() {
        lines.extend(problem(row.detail.as_deref().unwrap_or_default()));
    }
    lines
}

/// Why a step is parked, and why the last decision about it could not be carried out.
fn problem(detail: &str) -> Vec<String> {
    let detail: Value = serde_json::from_str(detail).unwrap_or_default();
    let of = |key: &str| detail[key].as_str();
    let mut lines = Vec::new();
    if let (Some(code), Some(error)) = (of("code"), of("error")) {
        lines.push(line("error", &format!("{code}: {error}")));
    }
    if let Some(answer) = of("lastAnswer") {
        lines.push(line(
            "answer",
            &format!("the last one does not fit: {answer}"),
        ));
    }
    lines
}

fn in_line(place: &Place) -> String {
    let since = instant(Some(place.since_ms));
    match place.place {
        0 => line(
            "limit",
            &format!("acts under {}, in line since {since}", place.key),
        ),
        waits => line(
            "limit",
            &format!("place {waits} in the line for {}, since {since}", place.key),
        ),
    }
}

/// The run before, and where this one left it.
fn rerun_of(run: &runs::Model) -> Option<String> {
    let before = run.rerun_of.as_ref()?;
    let point = run.rerun.as_deref().unwrap_or_default();
    let point: Value = serde_json::from_str(point).unwrap_or_default();
    let from = match (point["from"]["step"].as_str(), &point["failedChildren"]) {
        (Some(step), _) => format!("from {step}"),
        (None, Value::Bool(true)) => "its failed child runs".to_owned(),
        (None, _) => "from its beginning".to_owned(),
    };
    Some(line("rerun of", &format!("{before}, {from}")))
}

#[cfg(test)]
mod tests {
    use engine::tables::waits;

    use super::*;

    fn run(id: &str, status: RunStatus) -> runs::Model {
        runs::Model {
            id: id.to_owned(),
            workflow: "measure".to_owned(),
            key: None,
            parent_id: None,
            status,
            input: "null".to_owned(),
            output: None,
            error_code: None,
            error_step: None,
            error_message: None,
            waiting_reason: None,
            waiting_until_ms: None,
            invocation_id: None,
            worker: None,
            stuck_reason: None,
            created_at_ms: 0,
            started_at_ms: None,
            ended_at_ms: None,
            reconciled_at_ms: None,
            rerun_of: None,
            rerun: None,
        }
    }

    fn wait(kind: WaitKind, name: &str, key: &str, detail: Option<&str>, open: bool) -> Wait {
        let row = waits::Model {
            id: "sign_1".to_owned(),
            run_id: "run_1".to_owned(),
            kind,
            name: name.to_owned(),
            key: key.to_owned(),
            detail: detail.map(str::to_owned),
            since_ms: 1000,
            until_ms: (kind == WaitKind::Event).then_some(9000),
            answer: None,
            answered_by: None,
            answered_at_ms: None,
            delivered_at_ms: None,
        };
        Wait { row, open }
    }

    fn said(of: runs::Model, waits: Vec<Wait>, held: Option<holds::Model>) -> Vec<String> {
        let details = Details {
            run: of,
            attempts: Vec::new(),
            tags: Vec::new(),
            children: Vec::new(),
        };
        let place = |key: &str, place| Place {
            key: key.to_owned(),
            run_id: details.run.id.clone(),
            place,
            since_ms: 2000,
        };
        let state = State {
            since_ms: 1000,
            held,
            waits,
            places: vec![place("anthropic", 0), place("account:main", 3)],
            reruns: vec![run("run_9", RunStatus::Completed)],
        };
        lines(
            &details,
            &state,
            &["flywheel runs resolve run_1 --retry".to_owned()],
        )
    }

    fn has(lines: &[String], wanted: &[&str]) {
        for wanted in wanted {
            assert!(
                lines.iter().any(|line| line == wanted),
                "{wanted}: {lines:#?}"
            );
        }
    }

    #[test]
    fn a_parked_run_says_at_what_and_how_it_is_resolved() {
        let detail = r#"{"code":"no_credit","error":"the account is empty","lastAnswer":null}"#;
        let before = wait(WaitKind::Unknown, "post_send", "post_send", None, false);
        let now = wait(WaitKind::Park, "analyze", "analyze@2", Some(detail), true);
        let lines = said(run("run_1", RunStatus::Parked), vec![before, now], None);
        has(
            &lines,
            &[
                "status   parked",
                "since    1970-01-01 00:00:01",
                "waits    for a decision about analyze@2, since 1970-01-01 00:00:01",
                "error    no_credit: the account is empty",
                "resolve  flywheel runs resolve run_1 --retry",
                "rerun    run_9  completed",
            ],
        );
        assert!(
            !lines.iter().any(|line| line.contains("post_send")),
            "{lines:#?}"
        );
    }

    #[test]
    fn who_holds_a_run_and_its_places_are_said() {
        let hold = holds::Model {
            run_id: "run_1".to_owned(),
            since_ms: 1000,
            who: "ann".to_owned(),
            why: Some("the account is locked".to_owned()),
        };
        let lines = said(run("run_1.1", RunStatus::Held), Vec::new(), Some(hold));
        has(
            &lines,
            &[
                "held     by ann since 1970-01-01 00:00:01, with run_1: the account is locked",
                "limit    acts under anthropic, in line since 1970-01-01 00:00:02",
                "limit    place 3 in the line for account:main, since 1970-01-01 00:00:02",
            ],
        );
    }

    #[test]
    fn an_event_is_waited_for_until_its_time_and_a_rerun_says_where_it_begins() {
        let of = runs::Model {
            rerun_of: Some("run_0".to_owned()),
            rerun: Some(r#"{"of":"run_0","from":{"seq":3,"step":"scrape@2"}}"#.to_owned()),
            waiting_reason: Some("event video/approved v_1".to_owned()),
            ..run("run_1", RunStatus::Waiting)
        };
        let event = wait(WaitKind::Event, "video/approved", "v_1", None, true);
        let lines = said(of, vec![event], None);
        has(
            &lines,
            &[
                "status   waiting: event video/approved v_1",
                "waits    for the event video/approved of v_1, since 1970-01-01 00:00:01, \
                 until 1970-01-01 00:00:09",
                "rerun of run_0, from scrape@2",
            ],
        );
    }
}
