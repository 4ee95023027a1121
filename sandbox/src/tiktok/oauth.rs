//! `POST /v2/oauth/token/`: a new pair of tokens for a refresh token, or for a code.
//!
//! Answers are flat, without the envelope of the other calls. Source: the vendor's page on user
//! access tokens; the status that goes with an error is not documented, and follows RFC 6749.

use axum::Json;
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::envelope::log_id;
use super::tokens::{Pair, REFRESH_S};
use crate::SandboxError;
use crate::state::SharedState;

const SCOPE: &str = "user.info.basic,user.info.profile,user.info.stats,video.list,video.publish";

/// One refused exchange.
#[derive(Debug)]
pub(crate) struct OAuthError {
    status: StatusCode,
    error: &'static str,
    description: &'static str,
}

impl OAuthError {
    fn new(status: StatusCode, error: &'static str, description: &'static str) -> Self {
        Self {
            status,
            error,
            description,
        }
    }

    fn invalid_request(description: &'static str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_request", description)
    }

    fn invalid_grant(description: &'static str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_grant", description)
    }

    /// What the vendor says with nothing but this status to go by.
    pub(crate) fn of_status(status: StatusCode) -> Self {
        match status.as_u16() {
            401 | 403 => Self::new(status, "invalid_client", "Client authentication failed."),
            429 => Self::new(
                status,
                "rate_limit_exceeded",
                "The API rate limit was exceeded. Please try again later.",
            ),
            500..=599 => Self::new(
                status,
                "internal_error",
                "Something is wrong. Please retry.",
            ),
            _ => Self::new(
                status,
                "invalid_request",
                "The request parameters are invalid.",
            ),
        }
    }
}

impl From<SandboxError> for OAuthError {
    fn from(error: SandboxError) -> Self {
        tracing::error!(%error, "the sandbox failed at its own work");
        Self::of_status(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

impl IntoResponse for OAuthError {
    fn into_response(self) -> Response {
        let body = json!({
            "error": self.error,
            "error_description": self.description,
            "log_id": log_id(),
        });
        (self.status, Json(body)).into_response()
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Sent {
    client_key: String,
    client_secret: String,
    grant_type: String,
    refresh_token: String,
    code: String,
    redirect_uri: String,
}

/// Any client key and secret are a client, as any token is an account.
pub(crate) async fn token(
    State(state): State<SharedState>,
    form: Result<Form<Sent>, FormRejection>,
) -> Result<Json<Value>, OAuthError> {
    let Form(sent) =
        form.map_err(|_| OAuthError::invalid_request("The request body is not a form."))?;
    if sent.client_key.is_empty() || sent.client_secret.is_empty() {
        return Err(OAuthError::new(
            StatusCode::UNAUTHORIZED,
            "invalid_client",
            "Client key or secret is incorrect.",
        ));
    }
    let now = Timestamp::now();
    let access_s = state.tiktok.settings().access_token_s;
    let tokens = &state.tiktok.tokens;
    let pair = match sent.grant_type.as_str() {
        "refresh_token" if !sent.refresh_token.is_empty() => tokens
            .refresh(&sent.refresh_token, access_s, now)?
            .ok_or_else(|| OAuthError::invalid_grant("Refresh token is invalid or expired."))?,
        "authorization_code" if !sent.code.is_empty() && !sent.redirect_uri.is_empty() => tokens
            .redeem(&sent.code, access_s, now)?
            .ok_or_else(|| OAuthError::invalid_grant("Authorization code is expired."))?,
        "refresh_token" => {
            return Err(OAuthError::invalid_request("Refresh token is missing."));
        }
        "authorization_code" => {
            return Err(OAuthError::invalid_request(
                "Code or redirect_uri is missing.",
            ));
        }
        _ => {
            return Err(OAuthError::new(
                StatusCode::BAD_REQUEST,
                "unsupported_grant_type",
                "The sandbox serves refresh_token and authorization_code only.",
            ));
        }
    };
    Ok(Json(answer(&pair, access_s)))
}

fn answer(pair: &Pair, access_s: i64) -> Value {
    json!({
        "access_token": pair.access,
        "expires_in": access_s,
        "open_id": pair.open_id,
        "refresh_token": pair.refresh,
        "refresh_expires_in": REFRESH_S,
        "scope": SCOPE,
        "token_type": "Bearer",
    })
}
