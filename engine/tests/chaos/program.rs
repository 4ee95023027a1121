//! What a random program is: data that a workflow interprets, and that the model reads.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::act::Act;

/// What one run does.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Program {
    /// `p7`; a child's is its parent's with its number behind it: `p7.2`.
    pub(crate) id: String,
    pub(crate) ops: Vec<Op>,
}

/// One operation of a program.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Op {
    /// A step. If it fails, the program ends, or goes on and says so.
    Step { act: Act, or_end: bool },
    /// Child runs, so many at once.
    Children {
        programs: Vec<Program>,
        at_most: usize,
    },
    /// Waits for an event.
    Event(Event),
    /// Waits for an instant.
    Sleep { ms: u32 },
    /// Reads the time.
    Now,
    /// Makes the run findable.
    Tag { key: String, value: String },
    /// A step for the case that the run is cancelled.
    OnCancel(Act),
}

/// An event that a program waits for, and how it comes.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Event {
    /// The sender's id of it.
    pub(crate) id: String,
    /// To what it happened.
    pub(crate) key: String,
    pub(crate) data: String,
    /// How long after the program's start it is sent, milliseconds.
    pub(crate) after_ms: u64,
    /// Whether it is sent twice.
    pub(crate) twice: bool,
}

impl Event {
    pub(crate) const NAME: &'static str = "chaos/news";
}

impl Op {
    /// The step, if it is one.
    pub(crate) fn act(&self) -> Option<&Act> {
        match self {
            Self::Step { act, .. } => Some(act),
            _ => None,
        }
    }

    /// The child programs, if it has some.
    pub(crate) fn programs(&self) -> &[Program] {
        match self {
            Self::Children { programs, .. } => programs,
            _ => &[],
        }
    }
}

impl Program {
    /// Its child programs, as their runs are numbered.
    pub(crate) fn children(&self) -> impl Iterator<Item = &Self> {
        self.ops.iter().flat_map(Op::programs)
    }

    /// The program of a run below this one's: `run_x.2.1` is the first child of the second child.
    pub(crate) fn of_run(&self, run_id: &str) -> Option<&Self> {
        run_id.split('.').skip(1).try_fold(self, |program, number| {
            let index = number.parse::<usize>().ok()?.checked_sub(1)?;
            program.children().nth(index)
        })
    }

    /// The step as waits name it: `plain`, or `plain@2` for the second of its kind.
    pub(crate) fn act(&self, name: &str) -> Option<&Act> {
        let (kind, occurrence) = match name.split_once('@') {
            Some((kind, occurrence)) => (kind, occurrence.parse().ok()?),
            None => (name, 1_usize),
        };
        let of_kind = |act: &&Act| act.kind.name() == kind;
        let mut acts = self.ops.iter().filter_map(Op::act).filter(of_kind);
        acts.nth(occurrence.checked_sub(1)?)
    }

    /// The events for it and for those below it.
    pub(crate) fn events(&self) -> Vec<&Event> {
        let own = self.ops.iter().filter_map(|op| match op {
            Op::Event(event) => Some(event),
            _ => None,
        });
        own.chain(self.children().flat_map(Self::events)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::act::{Decide, Kind};

    fn step(name: &str, kind: Kind) -> Op {
        let act = Act {
            name: name.to_owned(),
            kind,
            script: Vec::new(),
            decide: Decide::Retry,
            slow_ms: 0,
            account: 0,
        };
        Op::Step { act, or_end: false }
    }

    fn program(id: &str, ops: Vec<Op>) -> Program {
        Program {
            id: id.to_owned(),
            ops,
        }
    }

    fn children(programs: Vec<Program>) -> Op {
        Op::Children {
            programs,
            at_most: 1,
        }
    }

    #[test]
    fn runs_and_steps_are_found_by_the_engines_names_of_them() {
        let leaf = program("p.2.1", vec![step("leaf", Kind::Once)]);
        let top = program(
            "p",
            vec![
                step("a", Kind::Plain),
                children(vec![program("p.1", Vec::new())]),
                step("b", Kind::Once),
                step("c", Kind::Plain),
                children(vec![program("p.2", vec![children(vec![leaf])])]),
            ],
        );
        let id_of = |run_id: &str| top.of_run(run_id).map(|program| program.id.as_str());
        assert_eq!(id_of("run_x"), Some("p"));
        assert_eq!(id_of("run_x.2.1"), Some("p.2.1"));
        assert_eq!(id_of("run_x.3"), None);
        let name_of = |step: &str| top.act(step).map(|act| act.name.as_str());
        assert_eq!(name_of("plain"), Some("a"));
        assert_eq!(name_of("plain@2"), Some("c"));
        assert_eq!(name_of("plain@3"), None);
        assert_eq!(name_of("once"), Some("b"));
    }
}
