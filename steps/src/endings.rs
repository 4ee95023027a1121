//! What the words of clients mean for a step; the one place where they become [`StepError`]s.

use std::error::Error;
use std::fmt;

use engine::ending::When;
use engine::{StepContext, StepError};
use media::MediaError;
use platforms::{LaterWhen, Meaning, PlatformError};

/// For calls that change nothing outside, or whose repetition is harmless.
pub(crate) fn platform(cx: &StepContext, error: PlatformError) -> StepError {
    cx.add_cost(error.cost_micro_usd());
    let code = error.code();
    match error.meaning() {
        Meaning::Retry | Meaning::Unknown => StepError::retry(code, error),
        Meaning::Later(when) => StepError::later(code, instant(when), error),
        Meaning::Terminal => StepError::terminal(code, error),
    }
}

/// For calls that may have acted although they failed.
pub(crate) fn acting(cx: &StepContext, error: PlatformError) -> StepError {
    match error.meaning() {
        Meaning::Retry | Meaning::Unknown => StepError::in_doubt(error.code(), error),
        Meaning::Later(_) | Meaning::Terminal => platform(cx, error),
    }
}

pub(crate) fn media(error: MediaError) -> StepError {
    match error.is_terminal() {
        true => StepError::terminal(error.code(), error),
        false => StepError::retry(error.code(), error),
    }
}

fn instant(when: LaterWhen) -> When {
    match when {
        LaterWhen::After(wait) => When::After(wait),
        LaterWhen::At(instant) => When::At(instant),
    }
}

/// A row that an earlier step must have written is not there.
pub(crate) fn missing(what: &str, id: &str) -> StepError {
    StepError::terminal(
        "row_missing",
        Plain(format!(
            "there is no {what} {id}; an earlier step writes it"
        )),
    )
}

/// An error that is only a sentence.
#[derive(Debug)]
pub(crate) struct Plain(pub(crate) String);

impl fmt::Display for Plain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for Plain {}
