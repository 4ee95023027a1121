//! Why a schedule cannot be created, found or understood, with what to do about it.

use crate::error::EngineError;

/// A failed operation on schedules.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ScheduleError {
    /// Our tables.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The name cannot be one.
    #[error(
        "`{name}` cannot name a schedule: a name has at most 100 characters of a-z, 0-9 and _, and may have parts with a dot between them, such as `sync.audio_trends`"
    )]
    Name {
        /// The name.
        name: String,
    },
    /// The name is taken.
    #[error(
        "there is a schedule `{name}` already; `flywheel schedules remove {name}` makes room for another"
    )]
    Exists {
        /// The name.
        name: String,
    },
    /// There is no schedule of that name.
    #[error(
        "there is no schedule `{name}`; `flywheel schedules list` shows those there are{suggestion}"
    )]
    Unknown {
        /// The name asked for.
        name: String,
        /// What may have been meant, as the end of the sentence.
        suggestion: String,
    },
    /// There is no workflow of that name.
    #[error("there is no workflow `{workflow}`; there are {known}{suggestion}")]
    UnknownWorkflow {
        /// The name asked for.
        workflow: String,
        /// What may have been meant, as the end of the sentence.
        suggestion: String,
        /// All names.
        known: String,
    },
    /// The workflow does not take the input.
    #[error(transparent)]
    Input(EngineError),
    /// The text does not say when.
    #[error(
        "`{cron}` does not say when: {problem}\nfive fields do: minute, hour, day of month, month, day of week; `0 */6 * * *` is every six hours"
    )]
    Cron {
        /// The text.
        cron: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The text names a time that does not come.
    #[error("`{cron}` names no time in the next four years")]
    Never {
        /// The text.
        cron: String,
    },
    /// There is no time zone of that name.
    #[error(
        "there is no time zone `{time_zone}`; the names are IANA's, such as `UTC` or `Europe/Berlin`{suggestion}"
    )]
    TimeZone {
        /// The name asked for.
        time_zone: String,
        /// What may have been meant, as the end of the sentence.
        suggestion: String,
    },
    /// So many missed ticks are not caught up.
    #[error("{given} missed ticks cannot be caught up: 1 to {most} can")]
    CatchUpMax {
        /// How many were asked for.
        given: u32,
        /// How many there can be.
        most: u32,
    },
}

impl ScheduleError {
    /// With all its causes, outermost first.
    pub(super) fn with_causes(&self) -> String {
        let mut text = self.to_string();
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            text = format!("{text}: {error}");
            cause = error.source();
        }
        text
    }
}
