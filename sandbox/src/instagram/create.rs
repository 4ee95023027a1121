//! `POST /{ig-user-id}/media`: makes a container for a reel.
//!
//! Nothing is posted by this. There is no idempotency key: asked twice, it makes two containers.

use serde_json::{Value, json};

use super::call::Call;
use super::container::{Reel, Source};
use super::error::ApiError;
use super::{GRAPH, caption, fetching, route};
use crate::fetch;
use crate::state::SharedState;

/// What the vendor takes and the sandbox does not serve.
const OTHER_TYPES: [&str; 4] = ["CAROUSEL", "IMAGE", "STORIES", "VIDEO"];

pub(crate) fn create(state: &SharedState, call: &Call) -> Result<Value, ApiError> {
    match call.get("media_type").unwrap_or("IMAGE") {
        "REELS" => {}
        other if OTHER_TYPES.contains(&other) => {
            return Err(ApiError::invalid(
                "The sandbox serves media_type=REELS only.",
            ));
        }
        _ => return Err(ApiError::publishing(100, 2_207_023)),
    }
    let (source, reel) = (source(call)?, reel(call)?);
    let account = call.account.id.clone();
    let container = state.instagram.containers.start(account, source, reel)?;
    let id = &container.opening.id;
    let mut answer = json!({"id": id});
    if container.opening.source == Source::Upload {
        let path = route::upload_path(&call.version, id);
        answer["uri"] = format!("{}{GRAPH}/{path}", call.root).into();
    }
    fetching::start(state, &container);
    Ok(answer)
}

fn source(call: &Call) -> Result<Source, ApiError> {
    match (call.get("upload_type"), call.get("video_url")) {
        (Some("resumable"), None) => Ok(Source::Upload),
        (None, Some(url)) => match fetch::fetchable(url) {
            Some(_) => Ok(Source::Url(url.to_owned())),
            None => Err(ApiError::publishing(9004, 2_207_052)),
        },
        (None, None) => Err(ApiError::invalid(
            "(#100) The parameter video_url is required",
        )),
        (Some(_), _) => Err(ApiError::invalid(
            "(#100) Param upload_type must be resumable, and without video_url",
        )),
    }
}

fn reel(call: &Call) -> Result<Reel, ApiError> {
    let caption = call.get("caption").unwrap_or_default();
    caption::check(caption)?;
    let thumb_offset_ms = match call.get("thumb_offset").map(str::parse::<u64>) {
        None => None,
        Some(Ok(offset)) => Some(offset),
        Some(Err(_)) => return Err(ApiError::publishing(1, 2_207_057)),
    };
    Ok(Reel {
        caption: caption.to_owned(),
        share_to_feed: call.flag("share_to_feed").unwrap_or(true),
        thumb_offset_ms,
        cover_url: call.get("cover_url").map(str::to_owned),
        audio_name: call.get("audio_name").map(str::to_owned),
        collaborators: call.list("collaborators"),
        is_ai_generated: call.flag("is_ai_generated").unwrap_or(false),
    })
}
