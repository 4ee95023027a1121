//! Anthropic: the Messages API, with a Claude that looks at what it is sent.
//!
//! It decodes the pictures and measures them, and reads the numbers in the text; its answer says
//! nothing that does not come from there. It understands neither language nor scenes, and must
//! not pretend to.

mod answer;
mod error;
mod facts;
mod filler;
mod headers;
mod meaning;
mod messages;
mod picture;
mod prose;
mod request;
mod schema;
mod tokens;

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;

use crate::faults::Action;
use crate::state::SharedState;
use error::ApiError;

/// Names that faults and the request log use.
pub(crate) const ENDPOINTS: &[&str] = &["messages", "count_tokens", "other"];

pub(crate) fn router() -> Router<SharedState> {
    Router::new()
        .route("/v1/messages", post(messages::create))
        .route("/v1/messages/count_tokens", post(messages::count_tokens))
        .fallback(async || ApiError::not_found("Not found").into_response())
}

pub(crate) fn endpoint_of(request: &Request) -> &'static str {
    match request.uri().path() {
        "/anthropic/v1/messages" => "messages",
        "/anthropic/v1/messages/count_tokens" => "count_tokens",
        _ => "other",
    }
}

/// What a fault without a body of its own answers.
pub(crate) fn failure(status: StatusCode, action: &Action) -> Response {
    match action {
        Action::Overloaded => ApiError::overloaded(),
        Action::SpendLimit => ApiError::spend_limit(),
        _ => ApiError::of_status(status),
    }
    .into_response()
}
