//! Errors of the open API: `{"data":{},"error":{"code","message","log_id"}}`.
//!
//! Source of the codes and their statuses: the vendor's pages on each call.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::envelope::log_id;
use crate::SandboxError;

/// One error answer.
#[derive(Debug)]
pub(crate) struct ApiError {
    status: StatusCode,
    code: &'static str,
    message: String,
}

impl ApiError {
    pub(crate) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
        }
    }

    /// Content Posting's word for a request that makes no sense.
    pub(crate) fn invalid_param(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_param", message)
    }

    /// The word of the other APIs for the same.
    pub(crate) fn invalid_params(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_params", message)
    }

    pub(crate) fn access_token_invalid() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "access_token_invalid",
            "The access token is invalid or not found in the request.",
        )
    }

    pub(crate) fn rate_limit_exceeded() -> Self {
        Self::new(
            StatusCode::TOO_MANY_REQUESTS,
            "rate_limit_exceeded",
            "The API rate limit was exceeded. Please try again later.",
        )
    }

    pub(crate) fn unsupported_path() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "unsupported_path",
            "Unsupported path.",
        )
    }

    /// A refusal of what the client or the creator may not do.
    pub(crate) fn forbidden(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, code, message)
    }

    /// What the vendor says with nothing but this status to go by.
    pub(crate) fn of_status(status: StatusCode) -> Self {
        match status.as_u16() {
            401 => Self::access_token_invalid(),
            403 => Self::forbidden(
                "spam_risk_too_many_posts",
                "The daily post cap from the API is reached for the current user.",
            ),
            404 => Self::unsupported_path(),
            429 => Self::rate_limit_exceeded(),
            500..=599 => Self::new(
                status,
                "internal_error",
                "TikTok server or network error. Try again later.",
            ),
            _ => Self::new(status, "invalid_param", "The request is invalid."),
        }
    }
}

impl From<SandboxError> for ApiError {
    fn from(error: SandboxError) -> Self {
        tracing::error!(%error, "the sandbox failed at its own work");
        Self::of_status(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let error = json!({
            "code": self.code,
            "message": self.message,
            "log_id": log_id(),
        });
        (self.status, Json(json!({"data": {}, "error": error}))).into_response()
    }
}
