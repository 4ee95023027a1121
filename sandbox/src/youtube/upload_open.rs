//! `POST /upload/youtube/v3/videos?uploadType=resumable`: opens a session.
//!
//! Nothing is posted by this. There is no idempotency key: asked twice, it opens two sessions.

use axum::body::Body;
use axum::extract::{OriginalUri, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::account::Account;
use super::error::ApiError;
use super::metadata::Resource;
use super::query::Params;
use crate::state::SharedState;

/// Most bytes of metadata.
const METADATA_LIMIT: usize = 1024 * 1024;
/// The vendor's limit: 256 GB.
const MAX_VIDEO: u64 = 256 * 1024 * 1024 * 1024;

pub(crate) async fn open(
    State(state): State<SharedState>,
    account: Account,
    params: Params,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    params.parts()?;
    if params.get("uploadType") != Some("resumable") {
        let message = "The sandbox serves uploadType=resumable only.";
        return Err(ApiError::bad_request("badRequest", message).at("uploadType", "parameter"));
    }
    let total = announced_length(&headers)?;
    let kind = headers
        .get("x-upload-content-type")
        .map_or("", |value| value.to_str().unwrap_or(""));
    if !(kind.is_empty() || kind.starts_with("video/") || kind == "application/octet-stream") {
        let message = format!(
            "Media type '{kind}' is not supported. Valid media types: [video/*, application/octet-stream]"
        );
        return Err(ApiError::bad_request("badContent", message));
    }
    let body = axum::body::to_bytes(body, METADATA_LIMIT)
        .await
        .map_err(|_| ApiError::bad_request("badRequest", "The metadata could not be read."))?;
    let resource = Resource::parse(&body)?;
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
        .ok_or_else(|| ApiError::bad_request("badRequest", "The Host header is missing."))?;
    let session = state.uploads.start(account.channel_id, total, resource)?;
    let id = &session.opening.id;
    let path = uri.path();
    let location = format!("http://{host}{path}?uploadType=resumable&upload_id={id}");
    let headers = [
        (header::LOCATION.as_str(), location),
        ("x-guploader-uploadid", id.clone()),
    ];
    Ok((StatusCode::OK, headers).into_response())
}

fn announced_length(headers: &HeaderMap) -> Result<Option<u64>, ApiError> {
    let Some(value) = headers.get("x-upload-content-length") else {
        return Ok(None);
    };
    let length = value.to_str().ok().and_then(|text| text.parse().ok());
    match length {
        Some(0) => Err(ApiError::bad_request(
            "mediaBodyRequired",
            "The request does not include the video content.",
        )),
        Some(length) if length <= MAX_VIDEO => Ok(Some(length)),
        _ => Err(ApiError::bad_request(
            "badRequest",
            "Invalid X-Upload-Content-Length.",
        )),
    }
}
