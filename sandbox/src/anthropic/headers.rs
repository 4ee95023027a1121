//! The headers of requests and answers.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::Response;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::error::ApiError;
use crate::draw::short_id;

/// The version of the API that a request is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Version {
    V2023,
    V2026,
}

/// Checks who is asking and for which version. Any key that is not empty is somebody.
pub(crate) fn check(headers: &HeaderMap) -> Result<Version, ApiError> {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let key = text(HeaderName::from_static("x-api-key"));
    let bearer = text(header::AUTHORIZATION).and_then(|value| value.strip_prefix("Bearer "));
    match key.or(bearer).map(str::trim) {
        None => return Err(ApiError::unauthenticated("x-api-key header is required")),
        Some("") => return Err(ApiError::unauthenticated("invalid x-api-key")),
        Some(_) => {}
    }
    match text(HeaderName::from_static("anthropic-version")) {
        Some("2026-10-21") => Ok(Version::V2026),
        Some("2023-06-01") => Ok(Version::V2023),
        Some(other) => Err(ApiError::invalid(format!(
            "anthropic-version: \"{other}\" is not a valid version"
        ))),
        None => Err(ApiError::invalid("anthropic-version: header is required")),
    }
}

/// A new id of this kind.
pub(crate) fn new_id(prefix: &str) -> String {
    let letters: String = short_id(&Uuid::now_v7().to_string(), 43)
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .take(22)
        .collect();
    format!("{prefix}{letters}")
}

/// Adds what every answer carries. Limits are announced, never used up: only a fault answers 429.
pub(crate) fn add(response: &mut Response, request_id: &str) {
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(request_id) {
        headers.insert("request-id", id);
    }
    let organisation = HeaderValue::from_static("00000000-0000-4000-8000-000000000000");
    headers.insert("anthropic-organization-id", organisation);
    let reset = Timestamp::now()
        .saturating_add(SignedDuration::from_secs(1))
        .map(|at| HeaderValue::from_str(&format!("{at:.0}")));
    for (kind, limit) in [
        ("requests", 4_000_u32),
        ("tokens", 2_400_000),
        ("input-tokens", 2_000_000),
        ("output-tokens", 400_000),
    ] {
        for (suffix, number) in [("limit", limit), ("remaining", limit)] {
            let name = format!("anthropic-ratelimit-{kind}-{suffix}");
            if let Ok(name) = HeaderName::try_from(name) {
                headers.insert(name, HeaderValue::from(number));
            }
        }
        let name = HeaderName::try_from(format!("anthropic-ratelimit-{kind}-reset"));
        if let (Ok(name), Ok(Ok(reset))) = (name, &reset) {
            headers.insert(name, reset.clone());
        }
    }
}
