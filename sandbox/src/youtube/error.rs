//! Errors in the vendor's format: `{"error":{"code","message","errors":[…],"status"}}`.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::SandboxError;

const UNAUTHENTICATED: &str = "Request had invalid authentication credentials. Expected OAuth 2 \
    access token, login cookie or other valid authentication credential. See \
    https://developers.google.com/identity/sign-in/web/devconsole-project.";
const QUOTA: &str = "The request cannot be completed because you have exceeded your \
    <a href=\"/youtube/v3/getting-started#quota\">quota</a>.";
const RATE: &str = "Quota exceeded for quota metric 'Queries' and limit 'Queries per minute' of \
    service 'youtube.googleapis.com' for consumer 'project_number:123456789012'.";

/// One error answer.
#[derive(Debug)]
pub(crate) struct ApiError {
    status: StatusCode,
    message: String,
    domain: &'static str,
    reason: &'static str,
    /// Where the fault lies, and what kind of place that is.
    location: Option<(&'static str, &'static str)>,
    /// The canonical status of newer errors.
    canonical: Option<&'static str>,
    /// Boxed to keep the error small: most have none.
    details: Option<Box<Value>>,
}

impl ApiError {
    pub(crate) fn new(
        status: StatusCode,
        domain: &'static str,
        reason: &'static str,
        message: impl Into<String>,
    ) -> Self {
        Self {
            status,
            message: message.into(),
            domain,
            reason,
            location: None,
            canonical: canonical(status),
            details: None,
        }
    }

    pub(crate) fn at(mut self, location: &'static str, kind: &'static str) -> Self {
        self.location = Some((location, kind));
        self
    }

    /// For errors of the older kind, which have no canonical status.
    pub(crate) fn without_status(mut self) -> Self {
        self.canonical = None;
        self
    }

    pub(crate) fn bad_request(reason: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "global", reason, message)
    }

    pub(crate) fn unauthorized() -> Self {
        let status = StatusCode::UNAUTHORIZED;
        Self::new(status, "global", "authError", UNAUTHENTICATED).at("Authorization", "header")
    }

    pub(crate) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "global", "notFound", "Not Found")
    }

    pub(crate) fn quota_exceeded() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "youtube.quota",
            "quotaExceeded",
            QUOTA,
        )
        .without_status()
    }

    fn rate_limited() -> Self {
        let status = StatusCode::TOO_MANY_REQUESTS;
        let mut error = Self::new(status, "global", "rateLimitExceeded", RATE);
        error.details = Some(Box::new(json!([{
            "@type": "type.googleapis.com/google.rpc.ErrorInfo",
            "reason": "RATE_LIMIT_EXCEEDED",
            "domain": "googleapis.com",
            "metadata": {
                "service": "youtube.googleapis.com",
                "quota_metric": "youtube.googleapis.com/default",
                "quota_limit": "defaultPerMinutePerProject",
                "quota_limit_value": "1800000",
                "quota_location": "global",
                "consumer": "projects/123456789012",
            },
        }])));
        error
    }

    /// What the vendor says with nothing but this status to go by.
    pub(crate) fn of_status(status: StatusCode) -> Self {
        match status.as_u16() {
            401 => Self::unauthorized(),
            403 => Self::new(
                status,
                "global",
                "insufficientPermissions",
                "The request is not properly authorized.",
            ),
            404 => Self::not_found(),
            429 => Self::rate_limited(),
            500..=599 => Self::new(
                status,
                "global",
                "backendError",
                "The service is currently unavailable.",
            ),
            _ => Self::new(status, "global", "badRequest", "Bad Request"),
        }
    }
}

fn canonical(status: StatusCode) -> Option<&'static str> {
    Some(match status.as_u16() {
        400 => "INVALID_ARGUMENT",
        401 => "UNAUTHENTICATED",
        403 => "PERMISSION_DENIED",
        404 => "NOT_FOUND",
        429 => "RESOURCE_EXHAUSTED",
        500 => "INTERNAL",
        503 => "UNAVAILABLE",
        _ => return None,
    })
}

impl From<SandboxError> for ApiError {
    fn from(error: SandboxError) -> Self {
        tracing::error!(%error, "the sandbox failed at its own work");
        Self::of_status(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut item = json!({
            "message": self.message,
            "domain": self.domain,
            "reason": self.reason,
        });
        if let Some((location, kind)) = self.location {
            item["location"] = location.into();
            item["locationType"] = kind.into();
        }
        let mut error = json!({
            "code": self.status.as_u16(),
            "message": self.message,
            "errors": [item],
        });
        if let Some(canonical) = self.canonical {
            error["status"] = canonical.into();
        }
        if let Some(details) = self.details {
            error["details"] = *details;
        }
        (self.status, Json(json!({"error": error}))).into_response()
    }
}
