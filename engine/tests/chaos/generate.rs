//! Random programs, and what is done to each from outside: all of it from one seed.

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use serde::Serialize;

use crate::act::{ACCOUNTS, Act, Decide, Kind, Word};
use crate::program::{Event, Op, Program};

/// Child runs may have child runs, and that is all.
const DEEPEST: usize = 2;

/// How likely each kind is.
const KINDS: &[Kind] = &[
    Kind::Plain,
    Kind::Plain,
    Kind::Hasty,
    Kind::Failing,
    Kind::Parking,
    Kind::Narrow,
    Kind::Once,
    Kind::Once,
    Kind::Blind,
];

/// A program, and what happens to its run.
#[derive(Debug, Serialize)]
pub(crate) struct Play {
    pub(crate) program: Program,
    /// Whether an event starts it, and not a call.
    pub(crate) by_event: bool,
    pub(crate) hold: Option<Hold>,
    /// How long after its start it is cancelled, milliseconds.
    pub(crate) cancel_after_ms: Option<u64>,
}

/// Somebody holds the run for a while. Milliseconds, from the run's start and from the hold.
#[derive(Debug, Serialize)]
pub(crate) struct Hold {
    pub(crate) after_ms: u64,
    pub(crate) for_ms: u64,
}

/// Gives one play after the other; the first ones are the same however many there are.
pub(crate) struct Generator(StdRng);

impl Generator {
    pub(crate) fn new(seed: u64) -> Self {
        Self(StdRng::seed_from_u64(seed))
    }

    pub(crate) fn play(&mut self, number: usize) -> Play {
        let program = self.program(format!("p{number}"), 0);
        let by_event = self.0.random_bool(0.25);
        let hold = self.0.random_bool(0.15).then(|| Hold {
            after_ms: self.0.random_range(0..1_500),
            for_ms: self.0.random_range(200..1_500),
        });
        let cancelled = self.0.random_bool(0.12);
        let cancel_after_ms = cancelled.then(|| self.0.random_range(0..2_500));
        Play {
            program,
            by_event,
            hold,
            cancel_after_ms,
        }
    }

    fn program(&mut self, id: String, depth: usize) -> Program {
        let length = self.0.random_range(1..=6 - 2 * depth);
        let mut children = 0;
        let mut keys = 0;
        let mut ops = Vec::with_capacity(length);
        for at in 1..=length {
            let name = format!("{id}/{at}");
            let op = match self.0.random_range(0..100_u32) {
                0..48 => self.step(name),
                48..56 => Op::OnCancel(self.act(name, Kind::Undo)),
                56..66 => {
                    // Some wait for several events of one key.
                    keys += usize::from(keys == 0 || self.0.random_bool(0.75));
                    Op::Event(self.event(name, format!("{id}/{keys}")))
                }
                66..74 => Op::Sleep {
                    ms: self.0.random_range(10..400),
                },
                74..80 => Op::Now,
                80..86 => Op::Tag {
                    key: format!("tag{at}"),
                    value: name,
                },
                _ if depth < DEEPEST => self.children(&id, depth, &mut children),
                _ => self.step(name),
            };
            ops.push(op);
        }
        Program { id, ops }
    }

    fn children(&mut self, parent: &str, depth: usize, before: &mut usize) -> Op {
        let count = self.0.random_range(1..=3);
        let mut programs = Vec::with_capacity(count);
        for _ in 0..count {
            *before += 1;
            programs.push(self.program(format!("{parent}.{before}"), depth + 1));
        }
        Op::Children {
            programs,
            at_most: self.0.random_range(1..=count),
        }
    }

    fn event(&mut self, id: String, key: String) -> Event {
        let is_early = self.0.random_bool(0.3);
        Event {
            data: format!("news of {id}"),
            id,
            key,
            after_ms: if is_early {
                0
            } else {
                self.0.random_range(0..2_000)
            },
            twice: self.0.random_bool(0.3),
        }
    }

    fn step(&mut self, name: String) -> Op {
        let kind = self.pick(KINDS);
        Op::Step {
            act: self.act(name, kind),
            // Whether a blind step fails is a matter of who is killed.
            or_end: kind != Kind::Blind && self.0.random_bool(0.25),
        }
    }

    fn act(&mut self, name: String, kind: Kind) -> Act {
        use Word::{ActThenDoubt, Doubt, Hang, Later, Panic, Retry, Unknown};
        let (words, at_most): (&[Word], usize) = match kind {
            Kind::Plain => (&[Retry, Retry, Later, Panic, Doubt, Unknown], 3),
            Kind::Hasty => (&[Hang, Hang, Retry, Later], 2),
            Kind::Failing | Kind::Parking => (&[Retry, Retry, Later, Panic, Doubt], 4),
            Kind::Narrow | Kind::Undo => (&[Retry, Later], 1),
            Kind::Once => (&[Retry, Later, Panic, Doubt, ActThenDoubt, Unknown], 3),
            Kind::Blind => (&[Retry, Later, ActThenDoubt], 1),
        };
        let length = self.0.random_range(0..=at_most);
        let mut script: Vec<Word> = (0..length).map(|_| self.pick(words)).collect();
        let may_be_refused = matches!(kind, Kind::Plain | Kind::Once);
        script.push(match may_be_refused && self.0.random_bool(0.15) {
            true => Word::Terminal,
            false => Word::Done,
        });
        Act {
            name,
            kind,
            script,
            decide: self.pick(&[Decide::Retry, Decide::Skip, Decide::Fail]),
            slow_ms: match kind {
                Kind::Hasty => 0,
                _ => self.0.random_range(0..60),
            },
            account: self.0.random_range(0..ACCOUNTS),
        }
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.0.random_range(0..from.len())]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plays(seed: u64, count: usize) -> Vec<String> {
        let mut generator = Generator::new(seed);
        let play = |number| serde_json::to_string(&generator.play(number)).unwrap();
        (0..count).map(play).collect()
    }

    #[test]
    fn a_seed_gives_the_same_programs_however_many_there_are() {
        let many = plays(7, 200);
        assert_eq!(plays(7, 20), many[..20]);
        assert_ne!(plays(8, 20), many[..20]);
    }

    #[test]
    fn two_hundred_programs_have_everything_in_them() {
        let all = plays(7, 200).concat();
        let kinds = KINDS.iter().map(|kind| kind.name());
        let wanted = kinds.chain([
            "undo",
            "children",
            "event",
            "sleep",
            "now",
            "tag",
            "on_cancel",
            "act_then_doubt",
            "hang",
        ]);
        let missing: Vec<&str> = wanted
            .filter(|word| !all.contains(&format!("\"{word}\"")))
            .collect();
        assert_eq!(missing, Vec::<&str>::new());
    }
}
