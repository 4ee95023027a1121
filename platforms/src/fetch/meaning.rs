//! What each way to fail means: the only place that reads a source's status codes.
//!
//! | what happened | code | meaning |
//! |---|---|---|
//! | no URL, not https, a user name in it, a redirect that leads nowhere | `fetch_url_invalid` | terminal |
//! | an address, or a name that leads to none but such, that is not of the public internet | `fetch_address_refused` | terminal |
//! | a fourth redirect | `fetch_too_many_redirects` | terminal |
//! | more bytes than the limit, declared or sent | `fetch_too_large` | terminal |
//! | by its content no MP4, MOV, Matroska or `WebM` | `fetch_not_a_video` | terminal |
//! | 401, 403 (mostly a signed URL that is too old) | `fetch_forbidden` | terminal |
//! | 404, 410 | `fetch_not_found` | terminal |
//! | 429 | `fetch_rate_limited` | later: as asked, or 60 s |
//! | 408, 5xx | `fetch_unavailable` | later if it names a time, else retry |
//! | other 4xx | `fetch_rejected` | terminal |
//! | any other status | `fetch_unexpected_status` | retry |
//! | a time limit | `fetch_timeout` | retry |
//! | no such name, no connection, or one that broke | `fetch_unreachable` | retry |
//! | the file cannot be written | `fetch_file_unwritable` | retry |
//!
//! To fetch twice is seen by nobody, so nothing here is unknown.

use std::error::Error;
use std::io;
use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::HeaderMap;

use super::resolve::NotPublic;
use crate::http::retry_after;
use crate::{LaterWhen, Meaning, PlatformError};

/// Every code that this module's errors can have, sorted.
pub const CODES: &[&str] = &[
    "fetch_address_refused",
    "fetch_file_unwritable",
    "fetch_forbidden",
    "fetch_misconfigured",
    "fetch_not_a_video",
    "fetch_not_found",
    "fetch_rate_limited",
    "fetch_rejected",
    "fetch_timeout",
    "fetch_too_large",
    "fetch_too_many_redirects",
    "fetch_unavailable",
    "fetch_unexpected_status",
    "fetch_unreachable",
    "fetch_url_invalid",
];

const RATE_LIMIT_WAIT: Duration = Duration::from_secs(60);

fn failed(code: &'static str, meaning: Meaning, message: impl Into<Box<str>>) -> PlatformError {
    PlatformError::new("fetch", "source", code, meaning, message)
}

pub(super) fn misconfigured(message: &str) -> PlatformError {
    PlatformError::new(
        "fetch",
        "configure",
        "fetch_misconfigured",
        Meaning::Terminal,
        message,
    )
}

/// `what` follows "the URL".
pub(super) fn invalid(what: &str) -> PlatformError {
    failed(
        "fetch_url_invalid",
        Meaning::Terminal,
        format!("the URL {what}"),
    )
}

pub(super) fn not_public(what: &str) -> PlatformError {
    failed(
        "fetch_address_refused",
        Meaning::Terminal,
        format!("the URL leads to {what}"),
    )
}

pub(super) fn too_many_redirects(most: usize) -> PlatformError {
    failed(
        "fetch_too_many_redirects",
        Meaning::Terminal,
        format!("the URL redirects more than {most} times"),
    )
}

pub(super) fn too_large(most: u64) -> PlatformError {
    failed(
        "fetch_too_large",
        Meaning::Terminal,
        format!("the file is larger than {most} bytes"),
    )
}

pub(super) fn not_a_video() -> PlatformError {
    failed(
        "fetch_not_a_video",
        Meaning::Terminal,
        "the content is no MP4, MOV, Matroska or WebM file",
    )
}

pub(super) fn out_of_time(limit: Duration) -> PlatformError {
    failed(
        "fetch_timeout",
        Meaning::Retry,
        format!("the file was not complete after {limit:?}"),
    )
}

pub(super) fn unwritable(error: io::Error) -> PlatformError {
    failed(
        "fetch_file_unwritable",
        Meaning::Retry,
        "the file cannot be written",
    )
    .caused_by(error)
}

/// The error that stands for an answer which is neither the file nor a redirect.
pub(super) fn refused(status: u16, headers: &HeaderMap, now: Timestamp) -> PlatformError {
    let asked = retry_after(headers, now);
    let after = |wait| Meaning::Later(LaterWhen::After(wait));
    let (code, meaning) = match status {
        401 | 403 => ("fetch_forbidden", Meaning::Terminal),
        404 | 410 => ("fetch_not_found", Meaning::Terminal),
        429 => (
            "fetch_rate_limited",
            after(asked.unwrap_or(RATE_LIMIT_WAIT)),
        ),
        408 | 500..=599 => ("fetch_unavailable", asked.map_or(Meaning::Retry, after)),
        400..=499 => ("fetch_rejected", Meaning::Terminal),
        _ => ("fetch_unexpected_status", Meaning::Retry),
    };
    failed(code, meaning, format!("the source answered {status}"))
}

/// The error that stands for no answer, or for half of one.
pub(super) fn transport(error: reqwest::Error) -> PlatformError {
    if let Some(refusal) = name_refusal(&error) {
        return not_public(refusal.what);
    }
    let failure = if error.is_timeout() {
        failed(
            "fetch_timeout",
            Meaning::Retry,
            "nothing arrived within the time limit",
        )
    } else if error.is_builder() {
        invalid("cannot be asked for")
    } else if error.is_connect() {
        failed("fetch_unreachable", Meaning::Retry, "no connection")
    } else {
        failed(
            "fetch_unreachable",
            Meaning::Retry,
            "the connection broke before the file was complete",
        )
    };
    failure.caused_by(error.without_url())
}

/// Our resolver's own error, wherever the HTTP client put it.
fn name_refusal(error: &reqwest::Error) -> Option<&NotPublic> {
    let mut cause = error.source();
    while let Some(error) = cause {
        if let Some(refusal) = error.downcast_ref::<NotPublic>() {
            return Some(refusal);
        }
        cause = error.source();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_are_sorted() {
        assert!(CODES.is_sorted());
    }
}
