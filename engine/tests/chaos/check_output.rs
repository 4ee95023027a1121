//! The output of a run that completed, operation by operation.

use std::collections::BTreeMap;

use engine::tables::{RunStatus, runs};

use crate::check::{Check, Run};
use crate::interpreter::{ChildSaid, Said};
use crate::model::End;
use crate::program::{Op, Program};

/// What was sent and what arrived, by an event's key.
type News<'p> = BTreeMap<&'p str, (Vec<&'p str>, Vec<&'p str>)>;

/// `ends` has how each step ended.
pub(crate) fn check(check: &mut Check<'_>, run: &Run<'_>, row: &runs::Model, ends: &[Option<End>]) {
    let output = row.output.as_deref().unwrap_or_default();
    let said: Vec<Said> = match serde_json::from_str(output) {
        Ok(said) => said,
        Err(error) => return check.differ(format!("{}: its output: {error}", run.id)),
    };
    if said.len() != run.program.ops.len() {
        return check.differ(format!("{}: its output is cut off: {output}", run.id));
    }
    let mut news = News::new();
    let mut time = 0;
    let mut number = 0;
    for ((op, said), end) in run.program.ops.iter().zip(&said).zip(ends) {
        let is_right = match (op, said) {
            (Op::Step { act, .. }, _) => end.is_some_and(|end| end.said(act) == *said),
            (Op::Children { programs, .. }, Said::Children(results)) => {
                let first = number + 1;
                number += programs.len();
                children(check, run, (first, programs), results)
            }
            (Op::Event(event), Said::Event(Some(data))) => {
                // Which of several waits for one key gets which event is a matter of milliseconds.
                let (sent, arrived) = news.entry(&event.key).or_default();
                sent.push(&event.data);
                arrived.push(data);
                true
            }
            (Op::Now, Said::Now(ms)) => {
                let goes_on = *ms >= time;
                time = *ms;
                goes_on
            }
            (Op::Sleep { .. } | Op::Tag { .. } | Op::OnCancel(_), Said::Nothing) => true,
            _ => false,
        };
        if !is_right {
            check.differ(format!("{}: {op:?} gave {said:?}, not {end:?}", run.id));
        }
    }
    for (key, (mut sent, mut arrived)) in news {
        sent.sort_unstable();
        arrived.sort_unstable();
        if sent != arrived {
            check.differ(format!("{key}: {sent:?} were sent, {arrived:?} arrived"));
        }
    }
}

/// Whether the run has what its children gave, the first of which has this number.
fn children(
    check: &Check<'_>,
    run: &Run<'_>,
    (first, programs): (usize, &[Program]),
    results: &[ChildSaid],
) -> bool {
    let is_of = |(number, said): (usize, &ChildSaid)| {
        let child = check.found.runs.get(&format!("{}.{number}", run.id));
        child.is_some_and(|child| is_end_of(child, said))
    };
    programs.len() == results.len() && (first..).zip(results).all(is_of)
}

fn is_end_of(child: &runs::Model, said: &ChildSaid) -> bool {
    match said {
        ChildSaid::Failed(_) => child.status == RunStatus::Failed,
        ChildSaid::Output(output) => {
            let own = child
                .output
                .as_deref()
                .map(serde_json::from_str::<Vec<Said>>);
            matches!(own, Some(Ok(own)) if own == *output)
        }
    }
}
