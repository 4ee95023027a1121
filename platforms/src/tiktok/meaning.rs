//! What TikTok's refusals mean: the only place that reads its status codes and error codes.
//!
//! | answer | code | meaning |
//! |---|---|---|
//! | `access_token_invalid`, other 401 | `tiktok_unauthorized` | later: 5 min. Whoever keeps the token renews it; a run need not be lost over it |
//! | `scope_not_authorized`, `scope_permission_missed`, `invalid_scope` | `tiktok_scope_missing` | later: 5 min. Somebody connects the account again |
//! | `invalid_grant`, `access_denied` | `tiktok_refresh_refused` | later: 5 min. Another run has renewed the token, or somebody connects the account again |
//! | `invalid_client`, `unauthorized_client` | `tiktok_client_refused` | later: 5 min. Somebody mends the app's key and secret |
//! | `spam_risk_too_many_posts` | `tiktok_post_limit` | later: as asked, or 6 h; a sliding limit of the account, with no time named |
//! | `reached_active_user_cap` | `tiktok_active_user_cap` | later: as asked, or 6 h; the same for the app |
//! | `rate_limit_exceeded`, other 429 | `tiktok_rate_limited` | later: as asked, or 60 s, the length of every window |
//! | `spam_risk_user_banned_from_posting` | `tiktok_banned` | terminal |
//! | any other `spam_risk…` | `tiktok_spam_risk` | terminal |
//! | `unaudited_client_can_only_post_to_private_accounts` | `tiktok_unaudited_client` | terminal |
//! | `privacy_level_option_mismatch` | `tiktok_privacy_unavailable` | terminal |
//! | `url_ownership_unverified` | `tiktok_url_unverified` | terminal |
//! | `invalid_publish_id` | `tiktok_unknown_post` | terminal |
//! | `token_not_authorized_for_specified_publish_id`, other 403 | `tiktok_forbidden` | terminal (an upload whose address is too old is an [`UploadState`](super::UploadState), not an error) |
//! | `invalid_param`, `invalid_params`, `invalid_file_upload`, `invalid_request`, `unsupported_grant_type`, other 400, 413 | `tiktok_rejected` | terminal, TikTok's words in the message |
//! | other 404 | `tiktok_not_found` | terminal |
//! | `internal_error`, other 408, 5xx | `tiktok_unavailable` | later if it names a time, else retry; unknown for `init_pull_from_url` |
//! | anything else, a 200 with another code included | `tiktok_unexpected_status` | retry; unknown for `send_chunk` and `init_pull_from_url` |
//!
//! The error code goes before the status: TikTok says some of these with a 200, on purpose. What
//! it says of a video that it had taken is a [`FailReason`](super::FailReason).
//!
//! Sources: <https://developers.tiktok.com/doc/content-posting-api-reference-direct-post>,
//! <https://developers.tiktok.com/doc/content-posting-api-reference-query-creator-info>,
//! <https://developers.tiktok.com/doc/oauth-error-handling>.

use std::time::Duration;

use jiff::Timestamp;
use reqwest::StatusCode;
use serde::Deserialize;

use super::SERVICE;
use crate::http::{Exchange, retry_after};
use crate::{LaterWhen, Meaning, PlatformError};

/// Every code that this module's errors can have, sorted.
pub const CODES: &[&str] = &[
    "tiktok_active_user_cap",
    "tiktok_authorization_removed",
    "tiktok_bad_chunk",
    "tiktok_bad_query",
    "tiktok_banned",
    "tiktok_client_refused",
    "tiktok_forbidden",
    "tiktok_foreign_upload",
    "tiktok_invalid_post",
    "tiktok_media_refused",
    "tiktok_misconfigured",
    "tiktok_not_found",
    "tiktok_post_limit",
    "tiktok_privacy_unavailable",
    "tiktok_processing_failed",
    "tiktok_publish_cancelled",
    "tiktok_pull_failed",
    "tiktok_rate_limited",
    "tiktok_refresh_refused",
    "tiktok_rejected",
    "tiktok_scope_missing",
    "tiktok_spam_risk",
    "tiktok_timeout",
    "tiktok_unaudited_client",
    "tiktok_unauthorized",
    "tiktok_unavailable",
    "tiktok_unexpected_status",
    "tiktok_unknown_post",
    "tiktok_unreachable",
    "tiktok_unreadable_answer",
    "tiktok_url_unverified",
];

/// No such meaning: the call may have acted.
pub(super) const UNEXPECTED: &str = "tiktok_unexpected_status";
/// Every documented rate counts a sliding minute.
const RATE_LIMIT_WAIT: Duration = Duration::from_secs(60);
/// Until a limit per day is tried again.
const DAY_LIMIT_WAIT: Duration = Duration::from_secs(6 * 60 * 60);
/// Until a token, or the app behind it, is tried again.
const ACCESS_WAIT: Duration = Duration::from_secs(5 * 60);

#[derive(Default, Deserialize)]
#[serde(default)]
struct Body {
    error: Said,
    error_description: Option<String>,
    log_id: Option<String>,
}

/// The API puts code and words into one object, the token's endpoint side by side.
#[derive(Deserialize)]
#[serde(untagged)]
enum Said {
    Code(String),
    Object(SaidObject),
}

impl Default for Said {
    fn default() -> Self {
        Self::Code(String::new())
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct SaidObject {
    code: String,
    message: Option<String>,
    log_id: Option<String>,
}

/// What an answer says of itself, in either form.
struct Refusal {
    code: String,
    message: String,
    log_id: String,
}

impl Refusal {
    /// A body that is not TikTok's JSON (a proxy's page, an empty one) leaves only the status.
    fn read(body: &[u8]) -> Self {
        let body = serde_json::from_slice::<Body>(body).unwrap_or_default();
        match body.error {
            Said::Code(code) => Self {
                code,
                message: body.error_description.unwrap_or_default(),
                log_id: body.log_id.unwrap_or_default(),
            },
            Said::Object(said) => Self {
                code: said.code,
                message: said.message.unwrap_or_default(),
                log_id: said.log_id.unwrap_or_default(),
            },
        }
    }

    fn is_none(&self) -> bool {
        self.code.is_empty() || self.code == "ok"
    }
}

/// Whether an answer is a success. It is one by its status and by its own words, or not at all.
pub(super) fn check(
    operation: &'static str,
    answer: &Exchange,
    now: Timestamp,
) -> Result<(), PlatformError> {
    let refusal = Refusal::read(&answer.body);
    if answer.status == StatusCode::OK && refusal.is_none() {
        return Ok(());
    }
    Err(refused(operation, answer, &refusal, now))
}

/// The error that stands for an answer to bytes which is none of those that an upload has.
pub(super) fn unlisted(
    operation: &'static str,
    answer: &Exchange,
    now: Timestamp,
) -> PlatformError {
    refused(operation, answer, &Refusal::read(&answer.body), now)
}

fn refused(
    operation: &'static str,
    answer: &Exchange,
    refusal: &Refusal,
    now: Timestamp,
) -> PlatformError {
    let asked = retry_after(&answer.headers, now);
    let (code, meaning) =
        by_code(&refusal.code, asked).unwrap_or_else(|| by_status(answer.status, asked));
    let mut message = format!("status {}", answer.status.as_u16());
    if !refusal.is_none() {
        message.push_str(&format!(", {}", answer.said(&refusal.code)));
    }
    if !refusal.message.is_empty() {
        message.push_str(&format!(": {}", answer.said(&refusal.message)));
    }
    if !refusal.log_id.is_empty() {
        // What TikTok's support asks for.
        message.push_str(&format!(" (log {})", answer.said(&refusal.log_id)));
    }
    PlatformError::new(SERVICE.name, operation, code, meaning, message)
}

fn by_code(code: &str, asked: Option<Duration>) -> Option<(&'static str, Meaning)> {
    Some(match code {
        "access_token_invalid" => ("tiktok_unauthorized", after(ACCESS_WAIT)),
        "scope_not_authorized" | "scope_permission_missed" | "invalid_scope" => {
            ("tiktok_scope_missing", after(ACCESS_WAIT))
        }
        "invalid_grant" | "access_denied" => ("tiktok_refresh_refused", after(ACCESS_WAIT)),
        "invalid_client" | "unauthorized_client" => ("tiktok_client_refused", after(ACCESS_WAIT)),
        "spam_risk_too_many_posts" => ("tiktok_post_limit", after(asked.unwrap_or(DAY_LIMIT_WAIT))),
        "reached_active_user_cap" => (
            "tiktok_active_user_cap",
            after(asked.unwrap_or(DAY_LIMIT_WAIT)),
        ),
        "rate_limit_exceeded" => by_status(StatusCode::TOO_MANY_REQUESTS, asked),
        "spam_risk_user_banned_from_posting" => ("tiktok_banned", Meaning::Terminal),
        "unaudited_client_can_only_post_to_private_accounts" => {
            ("tiktok_unaudited_client", Meaning::Terminal)
        }
        "privacy_level_option_mismatch" => ("tiktok_privacy_unavailable", Meaning::Terminal),
        "url_ownership_unverified" => ("tiktok_url_unverified", Meaning::Terminal),
        "invalid_publish_id" => ("tiktok_unknown_post", Meaning::Terminal),
        "token_not_authorized_for_specified_publish_id" => ("tiktok_forbidden", Meaning::Terminal),
        "invalid_param"
        | "invalid_params"
        | "invalid_file_upload"
        | "invalid_request"
        | "unsupported_grant_type" => ("tiktok_rejected", Meaning::Terminal),
        "internal_error" => by_status(StatusCode::INTERNAL_SERVER_ERROR, asked),
        code if code.starts_with("spam_risk") => ("tiktok_spam_risk", Meaning::Terminal),
        _ => return None,
    })
}

fn by_status(status: StatusCode, asked: Option<Duration>) -> (&'static str, Meaning) {
    match status.as_u16() {
        401 => ("tiktok_unauthorized", after(ACCESS_WAIT)),
        429 => (
            "tiktok_rate_limited",
            after(asked.unwrap_or(RATE_LIMIT_WAIT)),
        ),
        403 => ("tiktok_forbidden", Meaning::Terminal),
        404 => ("tiktok_not_found", Meaning::Terminal),
        400 | 413 => ("tiktok_rejected", Meaning::Terminal),
        408 | 500..=599 => ("tiktok_unavailable", asked.map_or(Meaning::Retry, after)),
        _ => (UNEXPECTED, Meaning::Retry),
    }
}

fn after(wait: Duration) -> Meaning {
    Meaning::Later(LaterWhen::After(wait))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_codes_are_sorted() {
        assert!(super::CODES.is_sorted());
    }
}
