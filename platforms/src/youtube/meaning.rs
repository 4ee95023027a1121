//! What YouTube's refusals mean: the only place that reads its status codes and reasons.
//!
//! | answer | code | meaning |
//! |---|---|---|
//! | `quotaExceeded`, `dailyLimitExceeded`, or a limit per day | `youtube_quota_exceeded` | later: next midnight Pacific, when quotas start anew |
//! | `rateLimitExceeded`, `userRateLimitExceeded`, other 429 | `youtube_rate_limited` | later: as asked, or 30 s |
//! | `uploadLimitExceeded` | `youtube_upload_limit` | later: 6 h; a sliding limit of the channel, with no time named |
//! | 401; 403 `insufficientPermissions` (a token without the scope) | `youtube_unauthorized` | later: 5 min. Somebody puts in another token; a run need not be lost over it |
//! | other 403 | `youtube_forbidden` | terminal |
//! | `playlistNotFound` | `youtube_no_playlist` | terminal; `find_upload` reads it as no uploads yet |
//! | other 404 | `youtube_not_found` | terminal (a session that is gone is an [`UploadState`](super::UploadState), not an error) |
//! | other 400, 413 | `youtube_rejected` | terminal, the reason in the message |
//! | 408, 5xx | `youtube_unavailable` | later if it names a time, else retry |
//! | anything else | `youtube_unexpected_status` | retry; unknown for `send_chunk` |
//!
//! Sources: <https://developers.google.com/youtube/v3/docs/errors>, and the retry rules of
//! `google-api-python-client` 2.202.0.

use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use reqwest::StatusCode;
use serde::Deserialize;

use super::SERVICE;
use crate::http::{Exchange, retry_after};
use crate::{LaterWhen, Meaning, PlatformError};

/// Every code that this module's errors can have, sorted.
pub const CODES: &[&str] = &[
    "youtube_bad_chunk",
    "youtube_forbidden",
    "youtube_foreign_session",
    "youtube_invalid_video",
    "youtube_misconfigured",
    "youtube_no_channel",
    "youtube_no_playlist",
    "youtube_not_found",
    "youtube_quota_exceeded",
    "youtube_rate_limited",
    "youtube_rejected",
    "youtube_search_incomplete",
    "youtube_timeout",
    "youtube_unauthorized",
    "youtube_unavailable",
    "youtube_unexpected_status",
    "youtube_unreachable",
    "youtube_unreadable_answer",
    "youtube_upload_limit",
];

/// No such list of videos; a channel without uploads has none.
pub(super) const MISSING_PLAYLIST: &str = "youtube_no_playlist";
/// Where the day of YouTube's quotas ends.
const QUOTA_ZONE: &str = "America/Los_Angeles";
const RATE_LIMIT_WAIT: Duration = Duration::from_secs(30);
const UPLOAD_LIMIT_WAIT: Duration = Duration::from_secs(6 * 60 * 60);
/// Until the token is tried again.
const TOKEN_WAIT: Duration = Duration::from_secs(5 * 60);

#[derive(Default, Deserialize)]
#[serde(default)]
struct Refusal {
    error: RefusalBody,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RefusalBody {
    message: String,
    errors: Vec<RefusalReason>,
    details: Vec<RefusalDetail>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RefusalReason {
    reason: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RefusalDetail {
    metadata: QuotaMetadata,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct QuotaMetadata {
    quota_limit: String,
}

impl RefusalBody {
    fn reason(&self) -> &str {
        self.errors
            .first()
            .map_or("", |first| first.reason.as_str())
    }

    /// Daily buckets also answer as a 429 whose reason speaks of a rate.
    fn is_per_day(&self) -> bool {
        self.details
            .iter()
            .any(|detail| detail.metadata.quota_limit.contains("PerDay"))
    }
}

/// The error that stands for an answer which is not a success.
pub(super) fn refused(operation: &'static str, answer: &Exchange, now: Timestamp) -> PlatformError {
    // A body that is not Google's JSON (a proxy's page, an empty one) leaves only the status.
    let body = serde_json::from_slice::<Refusal>(&answer.body)
        .unwrap_or_default()
        .error;
    let asked = retry_after(&answer.headers, now);
    let (code, meaning) = classify(answer.status, &body, asked, now);
    let mut message = format!("status {}", answer.status.as_u16());
    if !body.reason().is_empty() {
        message.push_str(&format!(", {}", answer.said(body.reason())));
    }
    if !body.message.is_empty() {
        message.push_str(&format!(": {}", answer.said(&body.message)));
    }
    PlatformError::new(SERVICE.name, operation, code, meaning, message)
}

fn classify(
    status: StatusCode,
    body: &RefusalBody,
    asked: Option<Duration>,
    now: Timestamp,
) -> (&'static str, Meaning) {
    let after = |fallback| Meaning::Later(LaterWhen::After(asked.unwrap_or(fallback)));
    let reason = body.reason();
    match (status.as_u16(), reason) {
        (401, _) | (403, "insufficientPermissions") => (
            "youtube_unauthorized",
            Meaning::Later(LaterWhen::After(TOKEN_WAIT)),
        ),
        (403 | 429, "quotaExceeded" | "dailyLimitExceeded") => {
            ("youtube_quota_exceeded", Meaning::Later(quota_renewal(now)))
        }
        (429, _) if body.is_per_day() => {
            ("youtube_quota_exceeded", Meaning::Later(quota_renewal(now)))
        }
        (429, _) | (403, "rateLimitExceeded" | "userRateLimitExceeded") => {
            ("youtube_rate_limited", after(RATE_LIMIT_WAIT))
        }
        (400 | 403, "uploadLimitExceeded") => ("youtube_upload_limit", after(UPLOAD_LIMIT_WAIT)),
        (403, _) => ("youtube_forbidden", Meaning::Terminal),
        (404, "playlistNotFound") => (MISSING_PLAYLIST, Meaning::Terminal),
        (404, _) => ("youtube_not_found", Meaning::Terminal),
        (400 | 413, _) => ("youtube_rejected", Meaning::Terminal),
        (408 | 500..=599, _) => (
            "youtube_unavailable",
            asked.map_or(Meaning::Retry, |wait| {
                Meaning::Later(LaterWhen::After(wait))
            }),
        ),
        _ => ("youtube_unexpected_status", Meaning::Retry),
    }
}

/// Quotas start anew at midnight Pacific. Without the zone (its table is compiled in, so this
/// does not happen) an hour is as good a guess as any.
fn quota_renewal(now: Timestamp) -> LaterWhen {
    TimeZone::get(QUOTA_ZONE)
        .and_then(|zone| now.to_zoned(zone).checked_add(1.day()))
        .and_then(|tomorrow| tomorrow.start_of_day())
        .map_or(LaterWhen::After(Duration::from_secs(60 * 60)), |midnight| {
            LaterWhen::At(midnight.timestamp())
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    type Checked = Result<(), Box<dyn std::error::Error>>;

    #[test]
    fn the_quota_day_ends_at_midnight_pacific_in_winter_and_in_summer() -> Checked {
        for (now, renewal) in [
            ("2026-11-22T10:00:00Z", "2026-11-23T08:00:00Z"),
            ("2026-11-22T07:59:59Z", "2026-11-22T08:00:00Z"),
            ("2026-11-22T08:00:00Z", "2026-11-23T08:00:00Z"),
            ("2026-07-01T12:00:00Z", "2026-07-02T07:00:00Z"),
            // the day on which the clocks go back has 25 hours
            ("2026-11-01T08:00:00Z", "2026-11-02T08:00:00Z"),
        ] {
            assert_eq!(
                quota_renewal(now.parse()?),
                LaterWhen::At(renewal.parse()?),
                "{now}"
            );
        }
        Ok(())
    }

    #[test]
    fn the_codes_are_sorted() {
        assert!(CODES.is_sorted());
    }
}
