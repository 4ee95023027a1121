//! Which of the services outside is the real one, and which is the sandbox. Every surface says so.

use super::{Config, Environment};

/// The variable that makes YouTube the real one.
const YOUTUBE_TOKEN: &str = "YOUTUBE_ACCESS_TOKEN";
/// The variable that makes Claude the real one.
const ANTHROPIC_KEY: &str = "ANTHROPIC_API_KEY";

/// Where one service is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outside {
    /// Out there.
    Real,
    /// On this machine, because of this.
    Sandbox(String),
}

impl Outside {
    /// One word.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Real => "real",
            Self::Sandbox(_) => "sandbox",
        }
    }

    /// Whether it is the sandbox.
    pub(crate) fn is_sandbox(&self) -> bool {
        matches!(self, Self::Sandbox(_))
    }
}

/// Where every service is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct World {
    /// Posting and reading.
    pub(crate) youtube: Outside,
    /// Looking and criticising.
    pub(crate) anthropic: Outside,
}

impl World {
    /// What settings and credentials make of it.
    pub(crate) fn of(config: &Config, environment: &Environment) -> Self {
        let decide = |variable: &str| {
            if config.sandbox.always {
                Outside::Sandbox("sandbox.always is set".to_owned())
            } else if environment.secret(variable).is_some() {
                Outside::Real
            } else {
                Outside::Sandbox(format!("{variable} is not set"))
            }
        };
        Self {
            youtube: decide(YOUTUBE_TOKEN),
            anthropic: decide(ANTHROPIC_KEY),
        }
    }

    /// The services by name, sorted.
    pub(crate) fn services(&self) -> [(&'static str, &Outside); 2] {
        [("anthropic", &self.anthropic), ("youtube", &self.youtube)]
    }

    /// Whether the sandbox has to run.
    pub(crate) fn needs_sandbox(&self) -> bool {
        self.services()
            .iter()
            .any(|(_, outside)| outside.is_sandbox())
    }

    /// Seconds of audience per second of wall time: only a simulated audience can be hurried.
    pub(crate) fn time_scale(&self, config: &Config) -> f64 {
        if self.youtube.is_sandbox() {
            config.sandbox.time_scale
        } else {
            1.0
        }
    }

    /// `youtube: sandbox (YOUTUBE_ACCESS_TOKEN is not set)`, one line per service.
    pub(crate) fn lines(&self) -> Vec<String> {
        let line = |(name, outside): &(&str, &Outside)| match outside {
            Outside::Real => format!("{name}: real"),
            Outside::Sandbox(why) => format!("{name}: sandbox ({why})"),
        };
        self.services().iter().map(line).collect()
    }
}
