//! What the API's refusals and stop reasons mean: the only place that reads them.
//!
//! | answer | code | meaning |
//! |---|---|---|
//! | 429 | `anthropic_rate_limited` | later: as asked, or 30 s |
//! | 429 `enforced_spend_limit_reached`; 400 "usage limits" | `anthropic_spend_limit` | later: as asked, or 1 h. The month ends or somebody raises the limit; a run need not be lost over it, and asking costs nothing |
//! | 529 | `anthropic_overloaded` | later if it names a time, else retry |
//! | 408, other 5xx | `anthropic_unavailable` | later if it names a time, else retry |
//! | 409 | `anthropic_conflict` | retry |
//! | 401 | `anthropic_unauthorized` | later: 5 min. Somebody puts in another key; a run need not be lost over it |
//! | 402 | `anthropic_billing` | later: 5 min. Somebody pays |
//! | 403 | `anthropic_forbidden` | terminal |
//! | 404 | `anthropic_not_found` | terminal: no such model |
//! | 413 | `anthropic_request_too_large` | terminal |
//! | other 400 | `anthropic_rejected` | terminal |
//! | anything else | `anthropic_unexpected_status` | retry |
//! | stop `refusal` | `anthropic_refused` | terminal |
//! | stop `max_tokens` | `anthropic_truncated` | terminal: the same question is cut off again, and billed again |
//! | stop `model_context_window_exceeded` | `anthropic_context_exceeded` | terminal |
//! | any other stop | `anthropic_unexpected_stop` | retry |
//!
//! Sources: <https://platform.claude.com/docs/en/api/errors>, and the retry rules of
//! `anthropic` 2.12.0 for Python.

use std::time::Duration;

use jiff::Timestamp;
use reqwest::StatusCode;
use serde::Deserialize;

use super::SERVICE;
use super::answer::request_id;
use crate::http::{Exchange, excerpt, retry_after};
use crate::{LaterWhen, Meaning, PlatformError};

/// Every code that this module's errors can have, sorted.
pub const CODES: &[&str] = &[
    "anthropic_billing",
    "anthropic_conflict",
    "anthropic_context_exceeded",
    "anthropic_forbidden",
    "anthropic_misconfigured",
    "anthropic_not_found",
    "anthropic_overloaded",
    "anthropic_rate_limited",
    "anthropic_refused",
    "anthropic_rejected",
    "anthropic_request_too_large",
    "anthropic_spend_limit",
    "anthropic_timeout",
    "anthropic_truncated",
    "anthropic_unauthorized",
    "anthropic_unavailable",
    "anthropic_unexpected_status",
    "anthropic_unexpected_stop",
    "anthropic_unreachable",
    "anthropic_unreadable_answer",
];

const RATE_LIMIT_WAIT: Duration = Duration::from_secs(30);
const SPEND_LIMIT_WAIT: Duration = Duration::from_secs(60 * 60);
/// Until the key, or the account behind it, is tried again.
const ACCOUNT_WAIT: Duration = Duration::from_secs(5 * 60);
/// How the API words a limit that the customer has set, for which it has no type of its own.
const OWN_LIMIT: &str = "specified API usage limits";

#[derive(Default, Deserialize)]
#[serde(default)]
struct Refusal {
    error: RefusalBody,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RefusalBody {
    r#type: String,
    message: String,
    details: Option<Details>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Details {
    error_code: Option<String>,
}

impl RefusalBody {
    fn is_spend_limit(&self) -> bool {
        let code = self
            .details
            .as_ref()
            .and_then(|details| details.error_code.as_deref());
        code == Some("enforced_spend_limit_reached") || self.message.contains(OWN_LIMIT)
    }
}

/// The error that stands for an answer which is not a message. Nothing was billed.
pub(super) fn refused(operation: &'static str, answer: &Exchange, now: Timestamp) -> PlatformError {
    let body = serde_json::from_slice::<Refusal>(&answer.body)
        .unwrap_or_default()
        .error;
    let asked = retry_after(&answer.headers, now);
    let (code, meaning) = classify(answer.status, &body, asked);
    let mut message = format!("status {}", answer.status.as_u16());
    if !body.r#type.is_empty() {
        message.push_str(&format!(
            ", {}: {}",
            answer.said(&body.r#type),
            answer.said(&body.message)
        ));
    }
    let message = with_request(message, request_id(&answer.headers).as_deref());
    PlatformError::new(SERVICE.name, operation, code, meaning, message)
}

fn classify(
    status: StatusCode,
    body: &RefusalBody,
    asked: Option<Duration>,
) -> (&'static str, Meaning) {
    let later = |fallback| Meaning::Later(LaterWhen::After(asked.unwrap_or(fallback)));
    let retry = asked.map_or(Meaning::Retry, |wait| {
        Meaning::Later(LaterWhen::After(wait))
    });
    let mended = Meaning::Later(LaterWhen::After(ACCOUNT_WAIT));
    match status.as_u16() {
        400 | 429 if body.is_spend_limit() => ("anthropic_spend_limit", later(SPEND_LIMIT_WAIT)),
        429 => ("anthropic_rate_limited", later(RATE_LIMIT_WAIT)),
        400 => ("anthropic_rejected", Meaning::Terminal),
        401 => ("anthropic_unauthorized", mended),
        402 => ("anthropic_billing", mended),
        403 => ("anthropic_forbidden", Meaning::Terminal),
        404 => ("anthropic_not_found", Meaning::Terminal),
        409 => ("anthropic_conflict", retry),
        413 => ("anthropic_request_too_large", Meaning::Terminal),
        529 => ("anthropic_overloaded", retry),
        408 | 500..=599 => ("anthropic_unavailable", retry),
        _ => ("anthropic_unexpected_status", Meaning::Retry),
    }
}

/// The error that stands for a message which ended before it was an answer. It was billed.
pub(super) fn stopped(
    operation: &'static str,
    stop: &str,
    request_id: Option<&str>,
) -> PlatformError {
    let (code, meaning, message) = match stop {
        "refusal" => (
            "anthropic_refused",
            Meaning::Terminal,
            "the model refused".to_owned(),
        ),
        "max_tokens" => (
            "anthropic_truncated",
            Meaning::Terminal,
            "the answer was cut off at its longest length".to_owned(),
        ),
        "model_context_window_exceeded" => (
            "anthropic_context_exceeded",
            Meaning::Terminal,
            "question and answer do not fit into the model's context".to_owned(),
        ),
        other => (
            "anthropic_unexpected_stop",
            Meaning::Retry,
            format!("the model stopped with {}", excerpt(other)),
        ),
    };
    let message = with_request(message, request_id);
    PlatformError::new(SERVICE.name, operation, code, meaning, message)
}

fn with_request(message: String, request_id: Option<&str>) -> String {
    match request_id {
        Some(id) => format!("{message} (request {})", excerpt(id)),
        None => message,
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_codes_are_sorted() {
        assert!(super::CODES.is_sorted());
    }
}
