//! Compares what was found with the model: every run's end and output, every effect, every row.

use std::collections::{BTreeMap, BTreeSet};

use engine::tables::{RunStatus, runs};

use crate::act::{Act, Kind};
use crate::found::Found;
use crate::interpreter::place;
use crate::model::{End, Expected};
use crate::program::{Op, Program};
use crate::{check_output, check_rows};

/// Something that is not as the model says.
#[derive(Debug)]
pub(crate) struct Difference {
    /// The top run.
    pub(crate) run_id: String,
    pub(crate) text: String,
}

/// How far a run came into an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// To its end.
    Through,
    /// It was cancelled there.
    Partly,
    Never,
}

/// How far a run came.
#[derive(Debug, Clone, Copy)]
struct Reach {
    /// So many operations came to their end.
    through: usize,
    /// Whether the run was cancelled at the next one.
    cancelled: bool,
}

impl Reach {
    fn at(self, index: usize) -> Stage {
        if index < self.through {
            Stage::Through
        } else if index == self.through && self.cancelled {
            Stage::Partly
        } else {
            Stage::Never
        }
    }
}

/// A run under comparison.
pub(crate) struct Run<'p> {
    pub(crate) id: &'p str,
    pub(crate) program: &'p Program,
    /// How often its cancellation was asked for.
    cancels: u32,
}

/// The comparison of one top run and those below it.
pub(crate) struct Check<'f> {
    pub(crate) found: &'f Found,
    top: &'f str,
    seen: BTreeSet<String>,
    differences: Vec<Difference>,
}

impl<'f> Check<'f> {
    /// Compares a top run and all below it, and gives the runs that it saw and what is wrong.
    pub(crate) fn of(
        found: &'f Found,
        top: &'f str,
        program: &Program,
        cancels: u32,
    ) -> (BTreeSet<String>, Vec<Difference>) {
        let mut check = Self {
            found,
            top,
            seen: BTreeSet::new(),
            differences: Vec::new(),
        };
        let run = Run {
            id: top,
            program,
            cancels,
        };
        check.run(&run);
        (check.seen, check.differences)
    }

    pub(crate) fn differ(&mut self, text: String) {
        self.differences.push(Difference {
            run_id: self.top.to_owned(),
            text,
        });
    }

    fn run(&mut self, run: &Run<'_>) {
        let found = self.found;
        let Some(row) = found.runs.get(run.id) else {
            return self.differ(format!("{} has no row", run.id));
        };
        self.seen.insert(run.id.to_owned());
        let Some(reach) = self.reach(run, row) else {
            return;
        };
        let ends = self.ops(run, row, reach);
        if row.status == RunStatus::Completed {
            check_output::check(self, run, row, &ends);
        }
        if !reach.cancelled {
            check_rows::no_open_waits(self, run);
        }
    }

    /// How far it came, if it came to an end that it may come to.
    fn reach(&mut self, run: &Run<'_>, row: &runs::Model) -> Option<Reach> {
        let place = row.error_message.as_deref().and_then(place);
        let reach = match (row.status, place) {
            (RunStatus::Completed, None) => Some((run.program.ops.len(), false)),
            (RunStatus::Failed, Some(at)) => Some((at + 1, false)),
            (RunStatus::Cancelled, Some(at)) if run.cancels > 0 => Some((at, true)),
            _ => None,
        };
        if reach.is_none() || row.ended_at_ms.is_none() {
            let reasons = [&row.error_code, &row.error_message, &row.waiting_reason];
            let why: Vec<&str> = reasons.into_iter().flatten().map(String::as_str).collect();
            let (id, status) = (run.id, row.status.as_str());
            self.differ(format!("{id} is {status} ({})", why.join("; ")));
        }
        reach.map(|(through, cancelled)| Reach { through, cancelled })
    }

    /// Goes through the program, and gives how each step ended that came to its end.
    fn ops(&mut self, run: &Run<'_>, row: &runs::Model, reach: Reach) -> Vec<Option<End>> {
        let mut occurrences = BTreeMap::<&str, i32>::new();
        let mut number = 0;
        let mut rows = 0;
        let mut undone = Vec::new();
        let mut ends = Vec::with_capacity(run.program.ops.len());
        for (index, op) in run.program.ops.iter().enumerate() {
            let stage = reach.at(index);
            let mut end = None;
            match op {
                Op::Step { act, .. } => {
                    let occurrence = occurrences.entry(act.kind.name()).or_default();
                    *occurrence += 1;
                    let found = self.step(run, act, *occurrence, stage);
                    rows += found.0;
                    end = found.1;
                }
                Op::Children { programs, .. } => {
                    for program in programs {
                        number += 1;
                        let id = format!("{}.{number}", run.id);
                        self.child(&id, program, run.cancels, stage);
                    }
                }
                Op::Tag { key, value } => {
                    let has = self.found.tag(run.id, key) == Some(value.as_str());
                    if has != (stage == Stage::Through) {
                        self.differ(format!("{}: tag {key} is there: {has}", run.id));
                    }
                }
                Op::OnCancel(act) if reach.cancelled && stage == Stage::Through => undone.push(act),
                Op::OnCancel(act) => self.effects(act, 0, 0),
                Op::Event(_) | Op::Sleep { .. } | Op::Now => {}
            }
            self.right_end(run, row, (index, reach), (op, end));
            ends.push(end);
        }
        // The last one first, as they are undone.
        for (occurrence, act) in (1..).zip(undone.into_iter().rev()) {
            rows += self.undone(run, act, occurrence);
        }
        let all = self.found.attempts_of(run.id).len();
        if rows != all {
            let text = format!("{}: {all} attempts, of which {rows} belong to it", run.id);
            self.differ(text);
        }
        ends
    }

    /// A run fails exactly where a step fails that it cannot do without.
    fn right_end(
        &mut self,
        run: &Run<'_>,
        row: &runs::Model,
        (index, reach): (usize, Reach),
        (op, end): (&Op, Option<End>),
    ) {
        if reach.at(index) != Stage::Through {
            return;
        }
        let fails = row.status == RunStatus::Failed && index + 1 == reach.through;
        let should = match op {
            Op::Step { or_end, .. } => *or_end && matches!(end, Some(End::Failed(_))),
            _ => false,
        };
        if fails != should {
            let text = format!("{}: ends at op {index}: {fails}, should: {should}", run.id);
            self.differ(text);
        }
    }

    /// Gives the number of its attempts, and its end if it came to one.
    fn step(
        &mut self,
        run: &Run<'_>,
        act: &Act,
        occurrence: i32,
        stage: Stage,
    ) -> (usize, Option<End>) {
        if stage == Stage::Never {
            self.effects(act, 0, 0);
            return (0, None);
        }
        let name = act.kind.name();
        let key = match occurrence {
            1 => name.to_owned(),
            _ => format!("{name}@{occurrence}"),
        };
        let asked = self.found.decisions(run.id, &key);
        let expected = Expected::of(act, asked);
        let (least, most) = expected.effects.clone().into_inner();
        let is_through = stage == Stage::Through;
        self.effects(act, if is_through { least } else { 0 }, most);
        if is_through && asked != expected.asked {
            let (act, wanted) = (&act.name, expected.asked);
            self.differ(format!("{act}: decided {asked} times, should be {wanted}"));
        }
        let rows = self.found.attempts(run.id, name, occurrence);
        check_rows::attempts(self, act, &rows, &expected, stage);
        (rows.len(), is_through.then_some(expected.end))
    }

    /// Gives the number of its attempts. However often the run is cancelled, it is done.
    fn undone(&mut self, run: &Run<'_>, act: &Act, occurrence: i32) -> usize {
        self.effects(act, 1, 1);
        let rows = self.found.attempts(run.id, Kind::Undo.name(), occurrence);
        check_rows::attempts(self, act, &rows, &Expected::of(act, 0), Stage::Through);
        rows.len()
    }

    fn child(&mut self, id: &str, program: &Program, cancels: u32, stage: Stage) {
        let is_there = self.found.runs.contains_key(id);
        if stage == Stage::Through || (stage == Stage::Partly && is_there) {
            let cancels = if stage == Stage::Partly { cancels } else { 0 };
            return self.run(&Run {
                id,
                program,
                cancels,
            });
        }
        if is_there {
            self.differ(format!("{id} was started by a run that never came to it"));
        }
        self.nothing_happened(program);
    }

    fn nothing_happened(&mut self, program: &Program) {
        for op in &program.ops {
            match op {
                Op::Step { act, .. } | Op::OnCancel(act) => self.effects(act, 0, 0),
                Op::Children { .. }
                | Op::Event(_)
                | Op::Sleep { .. }
                | Op::Now
                | Op::Tag { .. } => {}
            }
        }
        for child in program.children() {
            self.nothing_happened(child);
        }
    }

    /// It was really done so often.
    fn effects(&mut self, act: &Act, least: u64, most: u64) {
        let done = self.found.effects(&act.name);
        if !(least..=most).contains(&done) {
            let text = format!(
                "{}: done {done} times, should be {least} to {most}",
                act.name
            );
            self.differ(text);
        }
    }
}
