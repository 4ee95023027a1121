//! The rows of a run: no attempt is missing or doubled, no wait is left open; and of all runs, that no
//! more acted at once than may.

use std::collections::BTreeMap;

use engine::tables::{WaitKind, step_attempts};

use crate::act::{AT_ONCE, Act, Kind};
use crate::check::{Check, Run, Stage};
use crate::found::Found;
use crate::model::{End, Expected};

/// The attempts of one step, in order of their numbers.
pub(crate) fn attempts(
    check: &mut Check<'_>,
    act: &Act,
    rows: &[&step_attempts::Model],
    expected: &Expected,
    stage: Stage,
) {
    let is_through = stage == Stage::Through;
    let numbers: Vec<i32> = rows.iter().map(|row| row.attempt).collect();
    if (1..)
        .zip(&numbers)
        .any(|(wanted, number)| wanted != *number)
    {
        check.differ(format!("{}: its attempts are {numbers:?}", act.name));
    }
    let (least, most) = expected.attempts.clone().into_inner();
    let least = if is_through { least } else { 0 };
    let in_time = rows.iter().filter(|row| !is_late(row)).count();
    // Of one that has little time, only those that were too late may be more.
    let many = match most {
        usize::MAX if act.has_little_time() => in_time > act.script.len(),
        _ => rows.len() > most,
    };
    if rows.len() < least || many {
        let count = rows.len();
        let text = format!(
            "{}: {count} attempts, should be {least} to {most}",
            act.name
        );
        check.differ(text);
    }
    for (index, row) in rows.iter().enumerate() {
        let may_be_cut_off = !is_through && index + 1 == rows.len();
        let has_ended = row.ended_at_ms.is_some() && row.ending.is_some();
        if !(has_ended || may_be_cut_off) || row.executions < 1 {
            let (number, times) = (row.attempt, row.executions);
            let text = format!(
                "{}: attempt {number} has no end ({times} executions)",
                act.name
            );
            check.differ(text);
        }
    }
    if is_through {
        outcomes(check, act, rows, expected.end);
    }
}

fn is_late(row: &step_attempts::Model) -> bool {
    row.error_code.as_deref() == Some("step_timed_out")
}

/// The last attempt says what the step came to; those before it that a person was asked.
fn outcomes(check: &mut Check<'_>, act: &Act, rows: &[&step_attempts::Model], end: End) {
    let outcomes: Vec<Option<&str>> = rows.iter().map(|row| row.outcome.as_deref()).collect();
    let Some((last, before)) = outcomes.split_last() else {
        return;
    };
    let asks = |outcome: &Option<&str>| matches!(outcome, Some("parked" | "unknown"));
    let is_right = match end {
        End::Done => *last == Some("done"),
        End::Skipped => asks(last),
        End::Failed(word) => *last == Some(word) || asks(last),
    };
    let may_go_on = |outcome: &Option<&str>| outcome.is_none() || asks(outcome);
    if !is_right || !before.iter().all(may_go_on) {
        check.differ(format!(
            "{}: {end:?}, and its rows say {outcomes:?}",
            act.name
        ));
    }
}

/// A run that came to its end by itself left no question open, and every answer arrived.
pub(crate) fn no_open_waits(check: &mut Check<'_>, run: &Run<'_>) {
    let found = check.found;
    for wait in found.waits_of(run.id) {
        let is_over = match wait.kind {
            WaitKind::Hold | WaitKind::Permit => false,
            WaitKind::Park | WaitKind::Unknown | WaitKind::Event => {
                wait.answered_at_ms.is_some() && wait.delivered_at_ms.is_some()
            }
        };
        if !is_over {
            let (id, kind, name) = (run.id, wait.kind, &wait.name);
            check.differ(format!(
                "{id}: its wait {kind:?} {name} {} is open",
                wait.key
            ));
        }
    }
}

/// The accounts for which more acted at once than may. An attempt that was executed more than once is left
/// out: its row has one beginning and one end, perhaps of two executions.
pub(crate) fn too_many_at_once(found: &Found) -> Vec<String> {
    let mut accounts = BTreeMap::<u8, Vec<(i64, i64)>>::new();
    for row in found.attempts_at(Kind::Narrow.name()) {
        let input = row.input.as_deref().unwrap_or_default();
        let act = serde_json::from_str::<Act>(input).ok();
        let times = (row.started_at_ms, row.ended_at_ms);
        if let (1, (Some(began), Some(ended)), Some(act)) = (row.executions, times, act) {
            let changes = accounts.entry(act.account).or_default();
            changes.extend([(began, 1), (ended, -1)]);
        }
    }
    let mut texts = Vec::new();
    for (account, mut changes) in accounts {
        // In one millisecond the ends come first: who leaves makes room.
        changes.sort_unstable();
        let (mut now, mut most) = (0, 0);
        for (_, change) in changes {
            now += change;
            most = most.max(now);
        }
        if most > i64::from(AT_ONCE) {
            texts.push(format!(
                "{most} acted at once for account {account}, not {AT_ONCE} at most"
            ));
        }
    }
    texts
}
