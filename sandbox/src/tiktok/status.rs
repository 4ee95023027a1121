//! `POST /v2/post/publish/status/fetch/`: what became of an opening. `…/cancel/`: stops a download.
//!
//! `PUBLISH_COMPLETE` says that the post is there. Its public id comes when moderation is done,
//! which is later, and never for a post that is not public.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::account::Account;
use super::envelope;
use super::error::ApiError;
use super::limits::Call;
use super::source_info::Source;
use super::uploads::{End, Upload};
use super::video::has_public_id;
use super::webhook;
use crate::posts::{Post, PostState};
use crate::state::{Shared, SharedState};

#[derive(Debug, Deserialize)]
struct Asked {
    publish_id: String,
}

pub(crate) async fn fetch(
    State(state): State<SharedState>,
    account: Account,
    body: Body,
) -> Result<Response, ApiError> {
    Call::STATUS_FETCH.admit(&state, &account)?;
    let asked: Asked = envelope::read(body, "invalid_param").await?;
    let upload = mine(&state, &account, &asked.publish_id)?;
    let post = state.posts.get(&upload.opening.post_id);
    let data = status(&upload, post.as_deref(), Timestamp::now());
    Ok(envelope::ok(&data))
}

/// Only a download that is under way can be stopped.
pub(crate) async fn cancel(
    State(state): State<SharedState>,
    account: Account,
    body: Body,
) -> Result<Response, ApiError> {
    let asked: Asked = envelope::read(body, "invalid_param").await?;
    let upload = mine(&state, &account, &asked.publish_id)?;
    let is_download = matches!(upload.opening.source, Source::Url(_));
    let end = End::Failed("publish_cancelled".to_owned());
    if !is_download || !state.tiktok.uploads.end(&upload, end)? {
        return Err(ApiError::new(
            StatusCode::BAD_REQUEST,
            "publish_not_cancellable",
            "The task is already in a final state and can't be cancelled.",
        ));
    }
    webhook::announce_failure(&state, &upload);
    Ok(envelope::done())
}

fn mine(state: &Shared, account: &Account, publish_id: &str) -> Result<Arc<Upload>, ApiError> {
    let refused = |code, message: &str| ApiError::new(StatusCode::BAD_REQUEST, code, message);
    let upload = state.tiktok.uploads.get(publish_id);
    let upload =
        upload.ok_or_else(|| refused("invalid_publish_id", "The publish_id does not exist."))?;
    if upload.opening.open_id != account.open_id {
        return Err(refused(
            "token_not_authorized_for_specified_publish_id",
            "The access_token is not authorized for this publish_id.",
        ));
    }
    Ok(upload)
}

fn status(upload: &Upload, post: Option<&Post>, now: Timestamp) -> Value {
    let (under_way, counter) = match upload.opening.source {
        Source::File(_) => ("PROCESSING_UPLOAD", "uploaded_bytes"),
        Source::Url(_) => ("PROCESSING_DOWNLOAD", "downloaded_bytes"),
    };
    let ended = match upload.end() {
        Some(End::Failed(reason)) => Some(reason),
        _ => None,
    };
    let fail_reason = ended.or_else(|| post.and_then(|post| post.marks.failed.as_ref()));
    let is_posted =
        |post: &Post| post.state(now) != PostState::Processing && now >= post.published_at();
    let word = if fail_reason.is_some() {
        "FAILED"
    } else if post.is_some_and(is_posted) {
        "PUBLISH_COMPLETE"
    } else {
        under_way
    };
    // Numbers, not text: the vendor's own choice, and its own spelling.
    let public: Vec<u64> = post
        .filter(|post| has_public_id(post, now))
        .and_then(|post| post.post_id.parse().ok())
        .into_iter()
        .collect();
    let mut data = json!({
        "status": word,
        "publicaly_available_post_id": public,
        counter: upload.received(),
    });
    if let Some(reason) = fail_reason {
        data["fail_reason"] = reason.clone().into();
    }
    data
}
