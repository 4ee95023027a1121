//! YouTube: the Data API v3 and its resumable upload.
//!
//! Source of every path, field and reason: the vendor's discovery document (rev 20261104) and
//! revision history. Quota errors come from faults only; the sandbox does not count units.

mod account;
mod channels;
mod content_range;
mod error;
mod metadata;
mod playlist_items;
mod query;
mod sessions;
mod upload_open;
mod upload_put;
mod video;
mod videos;

use axum::Router;
use axum::extract::Request;
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};

use crate::faults::Action;
use crate::state::SharedState;
use error::ApiError;
pub(crate) use sessions::Uploads;

/// Names that faults and the request log use.
pub(crate) const ENDPOINTS: &[&str] = &[
    "upload_open",
    "upload_put",
    "upload_query",
    "upload_cancel",
    "videos_list",
    "batch_get_stats",
    "channels",
    "playlist_items",
    "other",
];

/// The path the clients use, and the one that the discovery document also names.
const UPLOAD_PATHS: [&str; 2] = [
    "/upload/youtube/v3/videos",
    "/resumable/upload/youtube/v3/videos",
];

pub(crate) fn router() -> Router<SharedState> {
    let mut router = Router::new()
        .route("/youtube/v3/videos", get(videos::list))
        .route("/youtube/v3/videos:batchGetStats", get(videos::stats))
        .route("/youtube/v3/channels", get(channels::list))
        .route("/youtube/v3/playlistItems", get(playlist_items::list));
    for path in UPLOAD_PATHS {
        let methods = post(upload_open::open)
            .put(upload_put::put)
            .delete(upload_put::cancel);
        router = router.route(path, methods);
    }
    router.fallback(async || ApiError::not_found().into_response())
}

pub(crate) fn endpoint_of(request: &Request) -> &'static str {
    let path = request.uri().path();
    let path = path.strip_prefix("/youtube").unwrap_or(path);
    if UPLOAD_PATHS.contains(&path) {
        let range = request.headers().get(header::CONTENT_RANGE);
        let asks = range.is_some_and(|range| range.as_bytes().starts_with(b"bytes */"));
        return match *request.method() {
            Method::PUT if asks => "upload_query",
            Method::PUT => "upload_put",
            Method::POST => "upload_open",
            Method::DELETE => "upload_cancel",
            _ => "other",
        };
    }
    match path {
        "/youtube/v3/videos" => "videos_list",
        "/youtube/v3/videos:batchGetStats" => "batch_get_stats",
        "/youtube/v3/channels" => "channels",
        "/youtube/v3/playlistItems" => "playlist_items",
        _ => "other",
    }
}

/// What a fault without a body of its own answers.
pub(crate) fn failure(status: StatusCode, action: &Action) -> Response {
    match action {
        Action::QuotaExceeded => ApiError::quota_exceeded(),
        _ => ApiError::of_status(status),
    }
    .into_response()
}
