//! The model: what must come of a step, whoever is killed meanwhile.

use std::ops::RangeInclusive;

use engine::policy::OnExhausted;

use crate::act::{Act, Decide, Kind, Word};
use crate::interpreter::Said;

/// How a step ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// It has acted.
    Done,
    /// A person gave its output.
    Skipped,
    /// What sort of failure the workflow sees.
    Failed(&'static str),
}

impl End {
    /// The same in the output of the run.
    pub(crate) fn said(self, act: &Act) -> Said {
        match self {
            Self::Done => Said::Done(act.done()),
            Self::Skipped => Said::Done(act.skipped()),
            Self::Failed(word) => Said::Failed(word.to_owned()),
        }
    }
}

/// What must be found of a step that has come to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Expected {
    pub(crate) end: End,
    pub(crate) attempts: RangeInclusive<usize>,
    /// How often it was really done.
    pub(crate) effects: RangeInclusive<u64>,
    /// How often a person was asked.
    pub(crate) asked: usize,
}

impl Expected {
    /// Of a step that a person was asked about so often: only of a blind one that makes a difference,
    /// for whether it ends unknown is a matter of who is killed.
    pub(crate) fn of(act: &Act, asked: usize) -> Self {
        match act.kind {
            Kind::Blind => Self::of_blind(act, asked),
            _ => Self::of_seeing(act),
        }
    }

    fn of_seeing(act: &Act) -> Self {
        let mut walk = Walk::default();
        let mut attempt = 1;
        let end = loop {
            match walk.attempt(act, attempt) {
                Some(end) => break end,
                None => attempt += 1,
            }
        };
        let last = usize::try_from(attempt).unwrap_or(usize::MAX);
        let effects = u64::from(walk.acted_at.is_some());
        // One that has acted and is interrupted before it can say so finds that out by itself.
        let first = walk.acted_at.and_then(|at| usize::try_from(at).ok());
        Self {
            end,
            attempts: first.unwrap_or(last)..=match act.has_little_time() {
                true => usize::MAX,
                false => last,
            },
            effects: effects..=effects,
            asked: walk.asked,
        }
    }

    fn of_blind(act: &Act, asked: usize) -> Self {
        let mut retries = 0;
        let mut end = End::Done;
        let mut heard = 0;
        while heard < asked && end == End::Done {
            match act.decision(heard) {
                Decide::Retry => retries += 1,
                Decide::Skip => end = End::Skipped,
                Decide::Fail => end = End::Failed("unknown"),
            }
            heard += 1;
        }
        if act.script.contains(&Word::ActThenDoubt) {
            // Then it is in doubt even if nobody is killed.
            heard = heard.max(1);
        }
        let least = u64::from(end == End::Done);
        Self {
            end,
            attempts: match heard {
                0 => act.script.len()..=act.script.len(),
                _ => heard..=usize::MAX,
            },
            effects: least..=1 + retries,
            asked: heard,
        }
    }
}

/// A step on its way, as the engine's contract says it.
#[derive(Debug, Default)]
struct Walk {
    /// Attempts that count, since the beginning or since a person wanted it tried again.
    counted: u32,
    /// Whether the next attempt asks before it acts.
    asks: bool,
    acted_at: Option<u32>,
    asked: usize,
}

impl Walk {
    /// Nothing if another attempt follows.
    fn attempt(&mut self, act: &Act, attempt: u32) -> Option<End> {
        if self.asks && self.acted_at.is_some() {
            return Some(End::Done);
        }
        let word = act.word(attempt);
        match word {
            Word::Done => {
                self.acted_at = Some(attempt);
                return Some(End::Done);
            }
            Word::Terminal => return Some(End::Failed("terminal")),
            Word::Later => return None,
            Word::Unknown => return self.ask_a_person(act, "unknown"),
            Word::ActThenDoubt => self.acted_at = Some(attempt),
            Word::Retry | Word::Doubt | Word::Panic | Word::Hang => {}
        }
        self.asks = !act.kind.is_repeatable() && word != Word::Retry;
        self.counted += 1;
        let policy = act.kind.policy();
        if self.counted < policy.max_attempts {
            return None;
        }
        match policy.on_exhausted {
            OnExhausted::Fail => Some(End::Failed("exhausted")),
            OnExhausted::Park => self.ask_a_person(act, "exhausted"),
        }
    }

    fn ask_a_person(&mut self, act: &Act, failure: &'static str) -> Option<End> {
        let decision = act.decision(self.asked);
        self.asked += 1;
        match decision {
            Decide::Retry => {
                self.counted = 0;
                self.asks = !act.kind.is_repeatable();
                None
            }
            Decide::Skip => Some(End::Skipped),
            Decide::Fail => Some(End::Failed(failure)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Word::{ActThenDoubt, Done, Doubt, Hang, Later, Panic, Retry, Terminal, Unknown};

    fn check(kind: Kind, script: &[Word], decide: Decide, expected: &Expected) {
        let act = Act {
            name: "p0/1".to_owned(),
            kind,
            script: script.to_vec(),
            decide,
            slow_ms: 0,
            account: 0,
        };
        let found = Expected::of(&act, expected.asked);
        assert_eq!(found, *expected, "{kind:?} {script:?} {decide:?}");
    }

    fn seen(end: End, attempts: RangeInclusive<usize>, effects: u64, asked: usize) -> Expected {
        Expected {
            end,
            attempts,
            effects: effects..=effects,
            asked,
        }
    }

    #[test]
    fn what_an_undisturbed_step_comes_to() {
        use Decide::{Fail, Skip};
        let again = Decide::Retry;
        let done = seen(End::Done, 4..=4, 1, 0);
        check(Kind::Plain, &[Retry, Later, Panic, Done], again, &done);
        let late = seen(End::Done, 2..=usize::MAX, 1, 0);
        check(Kind::Hasty, &[Hang, Done], again, &late);
        let refused = seen(End::Failed("terminal"), 2..=2, 0, 0);
        check(Kind::Once, &[Doubt, Terminal], again, &refused);
        let exhausted = seen(End::Failed("exhausted"), 3..=3, 0, 0);
        check(
            Kind::Failing,
            &[Retry, Later, Doubt, Done],
            again,
            &exhausted,
        );
        let resumed = seen(End::Done, 3..=3, 1, 1);
        check(Kind::Parking, &[Retry, Panic, Done], again, &resumed);
        let skipped = seen(End::Skipped, 2..=2, 0, 1);
        check(Kind::Parking, &[Retry, Panic, Done], Skip, &skipped);
        let given_up = seen(End::Failed("unknown"), 1..=1, 0, 1);
        check(Kind::Plain, &[Unknown, Done], Fail, &given_up);
        let found_out = seen(End::Done, 1..=2, 1, 0);
        check(Kind::Once, &[ActThenDoubt, Done], again, &found_out);
    }

    #[test]
    fn a_blind_step_depends_on_who_was_asked() {
        let of_blind = |end, attempts, effects, asked| Expected {
            end,
            attempts,
            effects,
            asked,
        };
        let quiet = of_blind(End::Done, 2..=2, 1..=1, 0);
        check(Kind::Blind, &[Retry, Done], Decide::Retry, &quiet);
        let skipped = of_blind(End::Skipped, 1..=usize::MAX, 0..=1, 1);
        check(Kind::Blind, &[ActThenDoubt, Done], Decide::Skip, &skipped);
        let again = of_blind(End::Done, 2..=usize::MAX, 1..=3, 2);
        check(Kind::Blind, &[Done], Decide::Retry, &again);
    }
}
