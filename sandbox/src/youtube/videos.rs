//! `videos.list` and `videos.batchGetStats`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::account::Account;
use super::error::ApiError;
use super::query::Params;
use super::video;
use crate::platform::Platform;
use crate::posts::Post;
use crate::state::SharedState;

/// Most ids in one call.
const MOST_IDS: usize = 50;

/// By id only; a video that is gone or private to somebody else is simply not among the items.
pub(crate) async fn list(
    State(state): State<SharedState>,
    account: Account,
    params: Params,
) -> Result<Json<Value>, ApiError> {
    let parts = params.parts()?;
    let now = Timestamp::now();
    let items: Vec<Value> = wanted(&state, &account, &params)?
        .iter()
        .map(|post| {
            // Only the owner is told about processing.
            let mine = post.account == account.channel_id;
            let mut parts = parts.clone();
            parts.retain(|part| mine || *part != "processingDetails");
            video::resource(&state.audience, post, &parts, now)
        })
        .collect();
    Ok(Json(video::with_etag(json!({
        "kind": "youtube#videoListResponse",
        "pageInfo": {"totalResults": items.len(), "resultsPerPage": items.len()},
        "items": items,
    }))))
}

pub(crate) async fn stats(
    State(state): State<SharedState>,
    account: Account,
    params: Params,
) -> Result<Json<Value>, ApiError> {
    let parts = params.parts()?;
    let now = Timestamp::now();
    let items: Vec<Value> = wanted(&state, &account, &params)?
        .iter()
        .map(|post| {
            let mut item = json!({"kind": "youtube#videoStats", "id": post.post_id});
            if parts.contains(&"statistics") {
                let mut statistics = video::statistics(&state.audience, post, now);
                if let Some(fields) = statistics.as_object_mut() {
                    fields.remove("favoriteCount");
                }
                item["statistics"] = statistics;
            }
            if parts.contains(&"snippet") {
                item["snippet"] = json!({"publishTime": video::published_at(post, now)});
            }
            if let (true, Some(ms)) = (parts.contains(&"contentDetails"), post.duration_ms) {
                let seconds = ms.div_ceil(1000);
                item["contentDetails"] = json!({"duration": format!("{seconds}s")});
            }
            video::with_etag(item)
        })
        .collect();
    Ok(Json(video::with_etag(
        json!({"kind": "youtube#batchGetStatsResponse", "items": items}),
    )))
}

fn wanted(
    state: &SharedState,
    account: &Account,
    params: &Params,
) -> Result<Vec<Arc<Post>>, ApiError> {
    let ids = params.list("id");
    if ids.is_empty() {
        let message = "No filter selected. The sandbox expects: id";
        return Err(
            ApiError::bad_request("missingRequiredParameter", message).at("parameters.", "other")
        );
    }
    if ids.len() > MOST_IDS {
        let message = "The request specifies more than 50 ids.";
        return Err(ApiError::bad_request("invalidFilters", message).at("id", "parameter"));
    }
    let found = ids.iter().filter_map(|id| state.posts.get(id));
    Ok(found
        .filter(|post| post.platform == Platform::Youtube && video::visible(post, account))
        .collect())
}
