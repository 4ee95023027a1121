//! `POST /v1/messages` and `POST /v1/messages/count_tokens`.

use axum::body::Body;
use axum::extract::{Extension, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use axum::{Json, http::StatusCode};
use serde_json::{Value, json};

use super::error::ApiError;
use super::request::MessagesRequest;
use super::{answer, headers, tokens};
use crate::gate::ForcedEnd;
use crate::state::SharedState;

/// Bytes of a request's body.
const BODY_LIMIT: usize = 32 * 1024 * 1024;

pub(crate) async fn create(
    State(_): State<SharedState>,
    forced: Option<Extension<ForcedEnd>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    let forced = forced.map(|Extension(forced)| forced);
    let message = read(headers, body, move |body, version| {
        let request = MessagesRequest::parse(body, version, false)?;
        Ok(message(&request, forced))
    })
    .await?;
    Ok(answered(message))
}

pub(crate) async fn count_tokens(headers: HeaderMap, body: Body) -> Result<Response, ApiError> {
    let counted = read(headers, body, |body, version| {
        let request = MessagesRequest::parse(body, version, true)?;
        Ok(json!({"input_tokens": tokens::of_request(&request)}))
    })
    .await?;
    Ok(answered(counted))
}

/// Checks the headers, reads the body, and works on it where pictures may take their time.
async fn read(
    headers: HeaderMap,
    body: Body,
    work: impl FnOnce(&[u8], headers::Version) -> Result<Value, ApiError> + Send + 'static,
) -> Result<Value, ApiError> {
    let version = headers::check(&headers);
    let body = axum::body::to_bytes(body, BODY_LIMIT)
        .await
        .map_err(|_| ApiError::too_large())?;
    let version = version?;
    let done = tokio::task::spawn_blocking(move || work(&body, version)).await;
    done.unwrap_or_else(|error| {
        tracing::error!(%error, "an answer could not be made");
        Err(ApiError::of_status(StatusCode::INTERNAL_SERVER_ERROR))
    })
}

fn answered(body: Value) -> Response {
    let mut response = Json(body).into_response();
    headers::add(&mut response, &headers::new_id("req_01"));
    response
}

fn message(request: &MessagesRequest, forced: Option<ForcedEnd>) -> Value {
    let mut text = answer::text(request);
    let mut stop = "end_turn";
    let allowed = match forced {
        Some(ForcedEnd::MaxTokens) => tokens::of_text(&text) / 2,
        _ => request.max_tokens.unwrap_or(u64::MAX),
    };
    if tokens::of_text(&text) > allowed {
        text = text.chars().take(allowed as usize * 4).collect();
        stop = "max_tokens";
    }
    let mut content = json!([{"type": "text", "text": text, "citations": null}]);
    let mut output_tokens = tokens::of_text(&text);
    if forced == Some(ForcedEnd::Refusal) {
        content = json!([]);
        stop = "refusal";
        output_tokens = 3;
    }
    json!({
        "id": headers::new_id("msg_01"),
        "type": "message",
        "role": "assistant",
        "model": request.model,
        "content": content,
        "stop_reason": stop,
        "stop_sequence": null,
        "stop_details": null,
        "container": null,
        "usage": {
            "input_tokens": tokens::of_request(request),
            "output_tokens": output_tokens,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 0,
            "cache_creation": {
                "ephemeral_5m_input_tokens": 0,
                "ephemeral_1h_input_tokens": 0,
            },
            "server_tool_use": null,
            "service_tier": "standard",
            "inference_geo": "us",
            "speed": "standard",
        },
    })
}
