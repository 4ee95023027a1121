//! What the words of clients mean for a step; the one place where they become [`StepError`]s.

use std::error::Error;
use std::fmt;

use engine::ending::When;
use engine::{StepContext, StepError};
use media::MediaError;
use platforms::{LaterWhen, Meaning, PlatformError};

/// From this attempt on, an answer that was paid for and is of no use ends the step.
const LAST_PAID_ATTEMPT: u32 = 6;
/// What the client refuses by itself: nothing has left.
pub(crate) const NOT_SENT: [&str; 6] = [
    "instagram_bad_size",
    "instagram_foreign_id",
    "tiktok_bad_chunk",
    "tiktok_foreign_upload",
    "youtube_bad_chunk",
    "youtube_foreign_session",
];

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

/// For calls that are billed whatever they bring: an answer that cannot be used is asked for again,
/// but not for ever.
pub(crate) fn paid(cx: &StepContext, error: PlatformError) -> StepError {
    let code = error.code();
    match code {
        "anthropic_unreadable_answer" | "anthropic_unexpected_stop" => {
            cx.add_cost(error.cost_micro_usd());
            unusable(cx, code, error)
        }
        _ => platform(cx, error),
    }
}

/// See [`media`].
const LAST_MEDIA_ATTEMPT: u32 = 3;

/// An answer that was paid for and is of no use.
pub(crate) fn unusable(
    cx: &StepContext,
    code: &'static str,
    cause: impl Error + Send + Sync + 'static,
) -> StepError {
    match cx.attempt() < LAST_PAID_ATTEMPT {
        true => StepError::retry(code, cause),
        false => StepError::terminal(code, cause),
    }
}

/// For bytes: whatever the answer says, they may have arrived, so the next attempt asks.
pub(crate) fn sending(cx: &StepContext, error: PlatformError) -> StepError {
    match error.meaning() {
        Meaning::Terminal if !NOT_SENT.contains(&error.code()) => {
            StepError::in_doubt(error.code(), error)
        }
        _ => in_doubt(cx, error),
    }
}

/// For the questions about bytes that may have left: one that will never be answered leaves open
/// what became of them, which is not the same as failed.
pub(crate) fn asking(cx: &StepContext, error: PlatformError) -> StepError {
    match error.meaning() {
        Meaning::Terminal => StepError::unknown(error.code(), error),
        _ => in_doubt(cx, error),
    }
}

/// Where trying again is of use, the next attempt asks before it acts.
fn in_doubt(cx: &StepContext, error: PlatformError) -> StepError {
    match error.meaning() {
        Meaning::Retry | Meaning::Unknown => StepError::in_doubt(error.code(), error),
        Meaning::Later(_) | Meaning::Terminal => platform(cx, error),
    }
}

/// A file at which the helper comes to no good end every time is at fault itself, and costs minutes
/// of everybody's processor each time.
pub(crate) fn media(cx: &StepContext, error: MediaError) -> StepError {
    let is_its_fault = matches!(
        error,
        MediaError::TimedOut { .. } | MediaError::Crashed { .. }
    );
    match error.is_terminal() || (is_its_fault && cx.attempt() >= LAST_MEDIA_ATTEMPT) {
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
