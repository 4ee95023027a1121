//! Errors in the vendor's format: `{"type":"error","error":{"type","message","details"},"request_id"}`.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::headers;

/// One error answer.
#[derive(Debug)]
pub(crate) struct ApiError {
    status: u16,
    kind: &'static str,
    message: String,
    details: Value,
}

impl ApiError {
    fn new(status: u16, kind: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            kind,
            message: message.into(),
            details: Value::Null,
        }
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(400, "invalid_request_error", message)
    }

    pub(crate) fn with_details(mut self, details: Value) -> Self {
        self.details = details;
        self
    }

    pub(crate) fn unauthenticated(message: &str) -> Self {
        Self::new(401, "authentication_error", message)
    }

    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::new(404, "not_found_error", message)
    }

    pub(crate) fn too_large() -> Self {
        Self::new(413, "request_too_large", "Request exceeds the maximum size")
    }

    pub(crate) fn overloaded() -> Self {
        Self::new(529, "overloaded_error", "Overloaded")
    }

    pub(crate) fn spend_limit() -> Self {
        let message = "Your organization has reached its monthly spend limit.";
        Self::new(429, "rate_limit_error", message)
            .with_details(json!({"error_code": "enforced_spend_limit_reached"}))
    }

    /// What the vendor says with nothing but this status to go by.
    pub(crate) fn of_status(status: StatusCode) -> Self {
        let (kind, message) = match status.as_u16() {
            401 => ("authentication_error", "invalid x-api-key"),
            402 => (
                "billing_error",
                "Your credit balance is too low to access the Anthropic API.",
            ),
            403 => (
                "permission_error",
                "Your API key does not have permission to use the specified resource.",
            ),
            404 => ("not_found_error", "Not found"),
            409 => ("conflict_error", "Conflict"),
            413 => return Self::too_large(),
            429 => (
                "rate_limit_error",
                "This request would exceed the rate limit for your organization of 50 requests \
                 per minute.",
            ),
            504 => ("timeout_error", "Request timed out"),
            529 => return Self::overloaded(),
            500..=599 => ("api_error", "Internal server error"),
            _ => ("invalid_request_error", "Invalid request"),
        };
        Self::new(status.as_u16(), kind, message)
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        // Made up of digits above, or taken from a real status: 500 cannot happen.
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let request_id = headers::new_id("req_01");
        let body = json!({
            "type": "error",
            "error": {"type": self.kind, "message": self.message, "details": self.details},
            "request_id": request_id,
        });
        let mut response = (status, Json(body)).into_response();
        headers::add(&mut response, &request_id);
        response
    }
}
