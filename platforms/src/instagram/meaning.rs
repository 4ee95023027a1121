//! What Instagram's refusals mean: the only place that reads its status codes, codes and subcodes.
//!
//! The subcode decides, then the code, then the status. The pairs of code and subcode differ from
//! page to page of Meta's documentation, the subcodes do not.
//!
//! | answer | code | meaning |
//! |---|---|---|
//! | 2207042, code 9 | `instagram_publish_limit` | later: 1 h; the window of 24 hours slides, with no time named |
//! | 2207051 | `instagram_spam_blocked` | terminal |
//! | 2207050 | `instagram_account_restricted` | terminal |
//! | 2207003 | `instagram_download_timeout` | retry |
//! | 2207052 | `instagram_video_unfetchable` | terminal |
//! | 2207027 | `instagram_not_ready` | later: 60 s, as often as Meta wants to be asked |
//! | 2207026 | `instagram_unsupported_video` | terminal |
//! | 2207008, 2207020 | `instagram_container_gone` | retry: ask the container, and make another if it has expired |
//! | 2207032, 2207053; a container that failed for no reason listed here | `instagram_container_failed` | retry, with another container |
//! | 2207004, 2207010 | `instagram_rejected` | terminal |
//! | 2207006, 100/33; other 404 | `instagram_not_found` | terminal; `media` reads it as no post |
//! | codes 190, 102; other 401; `NotAuthorizedError` of the upload host | `instagram_unauthorized` | later: 5 min. Somebody puts in another token; a run need not be lost over it |
//! | codes 10, 200 to 299; other 403 | `instagram_forbidden` | terminal |
//! | codes 4, 17, 32, 613, 80000 to 80014; other 429 | `instagram_rate_limited` | later: as asked, or 5 min |
//! | 2207001, codes -2 to 2, `is_transient`; other 408, 5xx | `instagram_unavailable` | later if it names a time, else retry |
//! | bytes that were not taken (`debug_info`) | `instagram_upload_failed` | retry, or terminal if it says that it is not retriable |
//! | other 400, 413 | `instagram_rejected` | terminal, the numbers in the message |
//! | anything else | `instagram_unexpected_status` | retry |
//!
//! `publish` makes `unknown` of what leaves open whether it acted. Sources:
//! <https://developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference/error-codes>,
//! <https://developers.facebook.com/docs/graph-api/guides/error-handling>, and the page on rate
//! limits there.

use std::time::Duration;

use jiff::Timestamp;
use reqwest::StatusCode;
use serde::Deserialize;

use super::container::ContainerFailure;
use super::upload::UploadFailure;
use super::{SERVICE, usage};
use crate::http::{Exchange, retry_after};
use crate::{LaterWhen, Meaning, PlatformError};

/// Every code that this module's errors can have, sorted.
pub const CODES: &[&str] = &[
    "instagram_account_restricted",
    "instagram_bad_size",
    "instagram_container_failed",
    "instagram_container_gone",
    "instagram_download_timeout",
    "instagram_forbidden",
    "instagram_foreign_id",
    "instagram_invalid_reel",
    "instagram_misconfigured",
    "instagram_not_found",
    "instagram_not_ready",
    "instagram_publish_limit",
    "instagram_rate_limited",
    "instagram_rejected",
    "instagram_search_incomplete",
    "instagram_spam_blocked",
    "instagram_timeout",
    "instagram_unauthorized",
    "instagram_unavailable",
    "instagram_unexpected_status",
    "instagram_unreachable",
    "instagram_unreadable_answer",
    "instagram_unsupported_video",
    "instagram_upload_failed",
    "instagram_video_unfetchable",
];

/// No such thing, or none that this token may see.
pub(super) const MISSING: &str = "instagram_not_found";
const PUBLISH_LIMIT_WAIT: Duration = Duration::from_secs(60 * 60);
const NOT_READY_WAIT: Duration = Duration::from_secs(60);
const RATE_LIMIT_WAIT: Duration = Duration::from_secs(5 * 60);
/// Until the token is tried again.
const TOKEN_WAIT: Duration = Duration::from_secs(5 * 60);

/// A code of ours, and what it means.
type Reading = (&'static str, Meaning);

#[derive(Default, Deserialize)]
#[serde(default)]
struct Refusal {
    error: GraphError,
}

#[derive(Default, Deserialize)]
struct GraphError {
    message: Option<String>,
    code: Option<i64>,
    error_subcode: Option<u32>,
    is_transient: Option<bool>,
    error_user_msg: Option<String>,
}

/// The error that stands for an answer which is not a success.
pub(super) fn refused(operation: &'static str, answer: &Exchange, now: Timestamp) -> PlatformError {
    // A body that is not Meta's JSON (a proxy's page, an empty one) leaves only the status.
    let error = serde_json::from_slice::<Refusal>(&answer.body)
        .unwrap_or_default()
        .error;
    let asked =
        retry_after(&answer.headers, now).or_else(|| usage::time_to_regain(&answer.headers));
    let (code, meaning) = by_subcode(error.error_subcode)
        .or_else(|| by_code(&error, asked))
        .unwrap_or_else(|| by_status(answer.status, asked));
    let mut message = format!("status {}", answer.status.as_u16());
    match (error.code, error.error_subcode) {
        (Some(code), Some(subcode)) => message.push_str(&format!(", code {code}/{subcode}")),
        (Some(code), None) => message.push_str(&format!(", code {code}")),
        (None, _) => {}
    }
    let for_people = error.error_user_msg.filter(|words| !words.is_empty());
    if let Some(words) = for_people.or(error.message) {
        message.push_str(&format!(": {}", answer.said(&words)));
    }
    PlatformError::new(SERVICE.name, operation, code, meaning, message)
}

/// The error that stands for bytes which the upload host did not take.
pub(super) fn failed_upload(
    operation: &'static str,
    answer: &Exchange,
    failure: &UploadFailure,
) -> PlatformError {
    let kind = failure.kind.as_deref().unwrap_or("no type");
    let (code, meaning) = match (kind, failure.retriable) {
        ("NotAuthorizedError", _) => unauthorized(),
        (_, Some(false)) => ("instagram_upload_failed", Meaning::Terminal),
        _ => ("instagram_upload_failed", Meaning::Retry),
    };
    let words = failure.message.as_deref().unwrap_or_default();
    let message = format!(
        "status {}, {}: {}",
        answer.status.as_u16(),
        answer.said(kind),
        answer.said(words)
    );
    PlatformError::new(SERVICE.name, operation, code, meaning, message)
}

/// The error that stands for a container which failed.
pub(super) fn failed_container(
    operation: &'static str,
    failure: &ContainerFailure,
) -> PlatformError {
    let (code, meaning) = by_subcode(failure.subcode).unwrap_or(container_failed());
    let message = format!("the container failed: {}", failure.status);
    PlatformError::new(SERVICE.name, operation, code, meaning, message)
}

fn by_subcode(subcode: Option<u32>) -> Option<Reading> {
    let later = |wait| Meaning::Later(LaterWhen::After(wait));
    Some(match subcode? {
        2_207_042 => publish_limit(),
        2_207_051 => ("instagram_spam_blocked", Meaning::Terminal),
        2_207_050 => ("instagram_account_restricted", Meaning::Terminal),
        2_207_003 => ("instagram_download_timeout", Meaning::Retry),
        2_207_052 => ("instagram_video_unfetchable", Meaning::Terminal),
        2_207_027 => ("instagram_not_ready", later(NOT_READY_WAIT)),
        2_207_026 => ("instagram_unsupported_video", Meaning::Terminal),
        2_207_008 | 2_207_020 => ("instagram_container_gone", Meaning::Retry),
        2_207_032 | 2_207_053 => container_failed(),
        2_207_004 | 2_207_010 => rejected(),
        2_207_006 => (MISSING, Meaning::Terminal),
        2_207_001 => unavailable(None),
        _ => return None,
    })
}

fn by_code(error: &GraphError, asked: Option<Duration>) -> Option<Reading> {
    Some(match (error.code?, error.error_subcode) {
        (9, _) => publish_limit(),
        (100, Some(33)) => (MISSING, Meaning::Terminal),
        (102 | 190, _) => unauthorized(),
        (10 | 200..=299, _) => forbidden(),
        (4 | 17 | 32 | 613 | 80_000..=80_014, _) => rate_limited(asked),
        (-2..=2, _) => unavailable(asked),
        _ if error.is_transient == Some(true) => unavailable(asked),
        _ => return None,
    })
}

fn by_status(status: StatusCode, asked: Option<Duration>) -> Reading {
    match status.as_u16() {
        401 => unauthorized(),
        403 => forbidden(),
        404 => (MISSING, Meaning::Terminal),
        429 => rate_limited(asked),
        400 | 413 => rejected(),
        408 | 500..=599 => unavailable(asked),
        _ => ("instagram_unexpected_status", Meaning::Retry),
    }
}

fn publish_limit() -> Reading {
    let wait = LaterWhen::After(PUBLISH_LIMIT_WAIT);
    ("instagram_publish_limit", Meaning::Later(wait))
}

fn container_failed() -> Reading {
    ("instagram_container_failed", Meaning::Retry)
}

fn rejected() -> Reading {
    ("instagram_rejected", Meaning::Terminal)
}

fn forbidden() -> Reading {
    ("instagram_forbidden", Meaning::Terminal)
}

fn unauthorized() -> Reading {
    let wait = LaterWhen::After(TOKEN_WAIT);
    ("instagram_unauthorized", Meaning::Later(wait))
}

fn rate_limited(asked: Option<Duration>) -> Reading {
    let wait = LaterWhen::After(asked.unwrap_or(RATE_LIMIT_WAIT));
    ("instagram_rate_limited", Meaning::Later(wait))
}

fn unavailable(asked: Option<Duration>) -> Reading {
    let meaning = asked.map_or(Meaning::Retry, |wait| {
        Meaning::Later(LaterWhen::After(wait))
    });
    ("instagram_unavailable", meaning)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_are_sorted() {
        assert!(CODES.is_sorted());
    }

    #[test]
    fn a_container_s_failure_has_the_meaning_of_its_number() {
        for (subcode, code, meaning) in [
            (
                Some(2_207_026),
                "instagram_unsupported_video",
                Meaning::Terminal,
            ),
            (
                Some(2_207_032),
                "instagram_container_failed",
                Meaning::Retry,
            ),
            (
                Some(2_207_076),
                "instagram_container_failed",
                Meaning::Retry,
            ),
            (None, "instagram_container_failed", Meaning::Retry),
        ] {
            let failure = ContainerFailure {
                subcode,
                status: "Error".to_owned(),
            };
            let error = failure.error();
            assert_eq!((error.code(), error.meaning()), (code, meaning));
        }
    }
}
