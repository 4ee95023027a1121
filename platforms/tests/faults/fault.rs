//! What can go wrong with a request, and the five ways in which a call can end.

use std::fmt;

use platforms::Meaning;

use crate::calls::Outcome;

/// What is done to a call's last request, or to the answer to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nobody listens.
    Refused,
    /// The connection is reset before anybody has read the request.
    ResetBefore,
    /// The request is read, then the connection is reset.
    ResetAfter,
    /// Nobody reads the request, and the connection stays.
    TimeOutBefore,
    /// The request is read, and nothing is said.
    TimeOutAfter,
    /// A status, and nothing else.
    Status(u16),
    /// 429 with a `Retry-After` of [`ASKED_SECONDS`].
    LimitedFor7s,
    /// 200 and somebody's web page.
    Page,
    /// The good answer, of which half the body is missing: complete by HTTP, cut off as JSON.
    Cut,
    /// The good answer with another type in one field.
    WrongType,
    /// The good answer with a word of next year where there is a choice of words.
    UnknownWord,
    /// Half of the good answer, and then nothing.
    Stall,
    /// The good answer with 50 MB of white space behind it, of no declared length.
    Flood,
}

/// The wait that a 429 asks for.
pub(crate) const ASKED_SECONDS: u64 = 7;

/// One column of the table.
pub(crate) struct Column {
    /// What stands above it.
    pub(crate) head: &'static str,
    /// The same for people.
    pub(crate) words: &'static str,
    pub(crate) fault: Fault,
}

/// All of them, in the order of the table.
pub(crate) static COLUMNS: [Column; 19] = [
    column("refused", "refused", Fault::Refused),
    column("reset<", "reset before acting", Fault::ResetBefore),
    column("reset>", "reset after acting", Fault::ResetAfter),
    column("time<", "time-out before acting", Fault::TimeOutBefore),
    column("time>", "time-out after acting", Fault::TimeOutAfter),
    column("400", "400", Fault::Status(400)),
    column("401", "401", Fault::Status(401)),
    column("403", "403", Fault::Status(403)),
    column("404", "404", Fault::Status(404)),
    column("429+7s", "429 with Retry-After", Fault::LimitedFor7s),
    column("429", "429 without Retry-After", Fault::Status(429)),
    column("500", "500", Fault::Status(500)),
    column("503", "503", Fault::Status(503)),
    column("html", "HTML for JSON", Fault::Page),
    column("cut", "truncated JSON", Fault::Cut),
    column("types", "wrong types", Fault::WrongType),
    column("word", "unknown enum value", Fault::UnknownWord),
    column("stall", "stall within the answer", Fault::Stall),
    column("50MB", "50 MB body", Fault::Flood),
];

const fn column(head: &'static str, words: &'static str, fault: Fault) -> Column {
    Column { head, words, fault }
}

impl Fault {
    /// Whether the request is read to its end: whoever has not read it has not acted.
    pub(crate) fn reads(self) -> bool {
        !matches!(self, Self::ResetBefore | Self::TimeOutBefore)
    }

    /// Whether the client's own time limit is what ends the call.
    pub(crate) fn waits(self) -> bool {
        matches!(self, Self::TimeOutBefore | Self::TimeOutAfter | Self::Stall)
    }
}

/// How a call ends, in the words that all of Flywheel uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// An answer; one that says no (such a post is not there, the session is gone) is one, too.
    Done,
    Retry,
    Later,
    Terminal,
    Unknown,
}

impl Ending {
    const ALL: [Self; 5] = [
        Self::Done,
        Self::Retry,
        Self::Later,
        Self::Terminal,
        Self::Unknown,
    ];

    pub(crate) fn of(outcome: &Outcome) -> Self {
        match outcome.as_ref().map_err(|error| error.meaning()) {
            Ok(()) => Self::Done,
            Err(Meaning::Retry) => Self::Retry,
            Err(Meaning::Later(_)) => Self::Later,
            Err(Meaning::Terminal) => Self::Terminal,
            Err(Meaning::Unknown) => Self::Unknown,
        }
    }

    pub(crate) fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|ending| ending.word() == word)
    }

    fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Retry => "retry",
            Self::Later => "later",
            Self::Terminal => "terminal",
            Self::Unknown => "unknown",
        }
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}
