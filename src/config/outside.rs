//! Which of the services outside is the real one, and which is the sandbox. Every surface says so.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Config, Environment};

/// The variable that makes Instagram the real one.
const INSTAGRAM_TOKEN: &str = "INSTAGRAM_ACCESS_TOKEN";
/// The variable that makes TikTok the real one.
const TIKTOK_TOKEN: &str = "TIKTOK_REFRESH_TOKEN";
/// The variable that makes YouTube the real one.
const YOUTUBE_TOKEN: &str = "YOUTUBE_ACCESS_TOKEN";
/// The variable that makes Claude the real one.
const ANTHROPIC_KEY: &str = "ANTHROPIC_API_KEY";

/// Where one service is, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outside {
    /// Out there, because this variable is set.
    Real(&'static str),
    /// On this machine.
    Sandbox(Because),
}

/// Why a service is the sandbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Because {
    /// `sandbox.always` is set.
    Always,
    /// This variable is not set.
    Unset(&'static str),
}

/// Where a service is, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Side {
    /// Out there.
    Real,
    /// On this machine.
    Sandbox,
}

/// The side of every service, by name.
pub(crate) type Sides = BTreeMap<String, Side>;

impl Outside {
    /// Without the why.
    fn side(self) -> Side {
        match self {
            Self::Real(_) => Side::Real,
            Self::Sandbox(_) => Side::Sandbox,
        }
    }

    /// One word.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Real(_) => "real",
            Self::Sandbox(_) => "sandbox",
        }
    }

    /// Whether it is the sandbox.
    pub(crate) fn is_sandbox(self) -> bool {
        self.side() == Side::Sandbox
    }

    /// What would have to be done for it to be on the other side.
    fn way_back(self) -> String {
        match self {
            Self::Real(variable) => format!("unset {variable}, set sandbox.always"),
            Self::Sandbox(Because::Always) => "take sandbox.always away".to_owned(),
            Self::Sandbox(Because::Unset(variable)) => format!("set {variable}"),
        }
    }
}

impl fmt::Display for Outside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Real(_) => f.write_str("real"),
            Self::Sandbox(Because::Always) => f.write_str("sandbox (sandbox.always is set)"),
            Self::Sandbox(Because::Unset(variable)) => {
                write!(f, "sandbox ({variable} is not set)")
            }
        }
    }
}

/// Where every service is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct World {
    /// Posting and reading.
    pub(crate) instagram: Outside,
    /// Posting and reading.
    pub(crate) tiktok: Outside,
    /// Posting and reading.
    pub(crate) youtube: Outside,
    /// Looking and criticising.
    pub(crate) anthropic: Outside,
}

impl World {
    /// What settings and credentials make of it.
    pub(crate) fn of(config: &Config, environment: &Environment) -> Self {
        let decide = |variable: &'static str| {
            if config.sandbox.always {
                Outside::Sandbox(Because::Always)
            } else if environment.secret(variable).is_some() {
                Outside::Real(variable)
            } else {
                Outside::Sandbox(Because::Unset(variable))
            }
        };
        Self {
            instagram: decide(INSTAGRAM_TOKEN),
            tiktok: decide(TIKTOK_TOKEN),
            youtube: decide(YOUTUBE_TOKEN),
            anthropic: decide(ANTHROPIC_KEY),
        }
    }

    /// The services by name, sorted.
    pub(crate) fn services(&self) -> [(&'static str, Outside); 4] {
        [
            ("anthropic", self.anthropic),
            ("instagram", self.instagram),
            ("tiktok", self.tiktok),
            ("youtube", self.youtube),
        ]
    }

    /// Which side each service is on.
    pub(crate) fn sides(&self) -> Sides {
        self.services()
            .iter()
            .map(|(name, outside)| ((*name).to_owned(), outside.side()))
            .collect()
    }

    /// What differs from the sides that a folder was `used` with, and how to get back to them;
    /// nothing when it is the same world. A service that is new to the folder may be anywhere.
    pub(crate) fn contradictions(&self, used: &Sides) -> Vec<String> {
        let differs = |(name, outside): &(&'static str, Outside)| {
            used.get(*name).is_some_and(|side| *side != outside.side())
        };
        let tell = |(name, outside): (&'static str, Outside)| {
            let used = match outside {
                Outside::Real(_) => "the sandbox",
                Outside::Sandbox(_) => "the real service",
            };
            format!(
                "{name} was {used}, and would be {outside} now: {}, or use another --data folder",
                outside.way_back()
            )
        };
        self.services()
            .into_iter()
            .filter(differs)
            .map(tell)
            .collect()
    }

    /// Whether the sandbox has to run.
    pub(crate) fn needs_sandbox(&self) -> bool {
        self.services()
            .iter()
            .any(|(_, outside)| outside.is_sandbox())
    }

    /// Seconds of audience per second of wall time: only a simulated audience can be hurried, and
    /// there is one clock for all.
    pub(crate) fn time_scale(&self, config: &Config) -> f64 {
        let platforms = [self.instagram, self.tiktok, self.youtube];
        if platforms.into_iter().all(Outside::is_sandbox) {
            config.sandbox.time_scale
        } else {
            1.0
        }
    }

    /// `youtube: sandbox (YOUTUBE_ACCESS_TOKEN is not set)`, one line per service.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.services()
            .iter()
            .map(|(name, outside)| format!("{name}: {outside}"))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN_UNSET: World = World {
        instagram: Outside::Sandbox(Because::Always),
        tiktok: Outside::Sandbox(Because::Always),
        youtube: Outside::Sandbox(Because::Unset(YOUTUBE_TOKEN)),
        anthropic: Outside::Sandbox(Because::Always),
    };
    const BOTH_REAL: World = World {
        instagram: Outside::Sandbox(Because::Always),
        tiktok: Outside::Sandbox(Because::Always),
        youtube: Outside::Real(YOUTUBE_TOKEN),
        anthropic: Outside::Real(ANTHROPIC_KEY),
    };

    #[test]
    fn the_same_world_and_a_folder_that_knows_none_are_no_contradiction() {
        for world in [TOKEN_UNSET, BOTH_REAL] {
            assert!(world.contradictions(&world.sides()).is_empty());
            assert!(world.contradictions(&Sides::new()).is_empty());
        }
    }

    #[test]
    fn another_world_is_told_with_its_way_back() {
        let lost = TOKEN_UNSET.contradictions(&BOTH_REAL.sides());
        assert_eq!(
            lost,
            [
                "anthropic was the real service, and would be sandbox (sandbox.always is set) now: \
                 take sandbox.always away, or use another --data folder",
                "youtube was the real service, and would be sandbox (YOUTUBE_ACCESS_TOKEN is not \
                 set) now: set YOUTUBE_ACCESS_TOKEN, or use another --data folder",
            ]
        );
        let gained = BOTH_REAL.contradictions(&TOKEN_UNSET.sides());
        assert_eq!(
            gained[1],
            "youtube was the sandbox, and would be real now: unset YOUTUBE_ACCESS_TOKEN, set \
             sandbox.always, or use another --data folder"
        );
    }
}
