//! What a step of a program does, attempt by attempt, and what a person decides about it.

use std::time::Duration;

use engine::Policy;
use engine::operations::Resolution;
use engine::policy::OnExhausted;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Accounts that narrow steps share.
pub(crate) const ACCOUNTS: u8 = 4;
/// So many of one account act at once.
pub(crate) const AT_ONCE: u32 = 2;
/// Decisions to retry, until a person has had enough.
const PATIENCE: usize = 3;

/// The input of every step.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Act {
    /// What is counted: `p7/3` for the third operation of `p7`.
    pub(crate) name: String,
    pub(crate) kind: Kind,
    /// What each attempt does; further ones do as the last.
    pub(crate) script: Vec<Word>,
    /// What a person decides when asked.
    pub(crate) decide: Decide,
    /// How long it takes before it acts, and again until it says so.
    pub(crate) slow_ms: u64,
    /// Whose permit it needs, if it is narrow.
    pub(crate) account: u8,
}

/// The steps there are: each is one of its own name and policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// Is tried until it is done.
    Plain,
    /// Has little time.
    Hasty,
    /// Has two attempts, then fails.
    Failing,
    /// Has two attempts, then is parked.
    Parking,
    /// Needs a permit.
    Narrow,
    /// Must not act twice, and can tell whether it has acted.
    Once,
    /// Must not act twice, and cannot tell.
    Blind,
    /// What is done for a cancelled run.
    Undo,
}

/// What one attempt does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Word {
    /// Acts, and says so.
    Done,
    /// Fails for good.
    Terminal,
    /// Fails, and has surely not acted.
    Retry,
    /// Wants to be tried later.
    Later,
    /// Fails, and may have acted, but has not.
    Doubt,
    /// Acts, and fails all the same.
    ActThenDoubt,
    /// Does not know what it has done.
    Unknown,
    Panic,
    /// Never comes to an end.
    Hang,
}

/// What a person decides about a step that cannot go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Decide {
    Retry,
    Skip,
    Fail,
}

impl Act {
    /// What attempt number `attempt`, from 1, does.
    pub(crate) fn word(&self, attempt: u32) -> Word {
        let index = usize::try_from(attempt).map_or(usize::MAX, |number| number.saturating_sub(1));
        let word = self.script.get(index).or(self.script.last());
        word.copied().unwrap_or(Word::Done)
    }

    /// Whether it may be too late through no fault of its own.
    pub(crate) fn has_little_time(&self) -> bool {
        self.kind == Kind::Hasty
    }

    /// The output when it has acted.
    pub(crate) fn done(&self) -> String {
        format!("done {}", self.name)
    }

    /// The output that a person gives in its place.
    pub(crate) fn skipped(&self) -> String {
        format!("skipped {}", self.name)
    }

    /// What a person decides who has been asked `before` times before.
    pub(crate) fn decision(&self, before: usize) -> Decide {
        match self.decide {
            Decide::Retry if before >= PATIENCE => Decide::Skip,
            decide => decide,
        }
    }

    /// The same as the engine takes it.
    pub(crate) fn resolution(&self, before: usize) -> Resolution {
        match self.decision(before) {
            Decide::Retry => Resolution::Retry,
            Decide::Skip => Resolution::Skip {
                output: Value::String(self.skipped()),
            },
            Decide::Fail => Resolution::Fail {
                reason: "as the program says".to_owned(),
            },
        }
    }
}

impl Kind {
    /// In the order of their numbers.
    const ALL: [Self; 8] = [
        Self::Plain,
        Self::Hasty,
        Self::Failing,
        Self::Parking,
        Self::Narrow,
        Self::Once,
        Self::Blind,
        Self::Undo,
    ];

    /// The kind with this number (`Kind::Plain as usize`): a step's type has it as a parameter.
    pub(crate) const fn of(number: usize) -> Self {
        Self::ALL[number]
    }

    /// The step's durable name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Hasty => "hasty",
            Self::Failing => "failing",
            Self::Parking => "parking",
            Self::Narrow => "narrow",
            Self::Once => "once",
            Self::Blind => "blind",
            Self::Undo => "undo",
        }
    }

    /// Whether acting twice goes unseen.
    pub(crate) const fn is_repeatable(self) -> bool {
        !matches!(self, Self::Once | Self::Blind)
    }

    pub(crate) fn policy(self) -> Policy {
        let quick = Policy {
            first_delay: Duration::from_millis(10),
            max_delay: Duration::from_millis(50),
            // Who is killed here is not to blame for it.
            max_interrupted: 1_000,
            ..Policy::default()
        };
        match self {
            Self::Plain | Self::Once | Self::Blind | Self::Undo => quick,
            Self::Hasty => Policy {
                time_limit: Duration::from_millis(300),
                ..quick
            },
            Self::Failing => Policy {
                max_attempts: 2,
                ..quick
            },
            Self::Parking => Policy {
                max_attempts: 2,
                on_exhausted: OnExhausted::Park,
                ..quick
            },
            Self::Narrow => Policy {
                limits: vec!["account:{account}".into()],
                ..quick
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_its_number() {
        for (number, kind) in Kind::ALL.into_iter().enumerate() {
            assert_eq!((kind as usize, Kind::of(number)), (number, kind));
        }
    }
}
