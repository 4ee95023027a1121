//! `channels.list`: one's own channel (`mine=true`), or one by its id.

use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::account::{Account, channel_title, uploads_playlist};
use super::error::ApiError;
use super::query::Params;
use super::video;
use crate::platform::Platform;
use crate::posts::PostState;
use crate::state::SharedState;

pub(crate) async fn list(
    State(state): State<SharedState>,
    account: Account,
    params: Params,
) -> Result<Json<Value>, ApiError> {
    let parts = params.parts()?;
    let ids = if params.get("mine") == Some("true") {
        vec![account.channel_id]
    } else {
        // A channel that never posted is unknown to everybody but its owner.
        let posts = state.posts.all();
        let known = |id: &&str| posts.iter().any(|post| post.account == **id);
        let ids = params.list("id");
        if ids.is_empty() {
            let message = "No filter selected. The sandbox expects one of: id, mine";
            return Err(ApiError::bad_request("missingRequiredParameter", message)
                .at("parameters.", "other"));
        }
        ids.into_iter().filter(known).map(str::to_owned).collect()
    };
    let items: Vec<Value> = ids.iter().map(|id| channel(&state, id, &parts)).collect();
    Ok(Json(video::with_etag(json!({
        "kind": "youtube#channelListResponse",
        "pageInfo": {"totalResults": items.len(), "resultsPerPage": params.max_results()?},
        "items": items,
    }))))
}

fn channel(state: &SharedState, id: &str, parts: &[&str]) -> Value {
    let mut channel = Map::new();
    channel.insert("kind".to_owned(), "youtube#channel".into());
    channel.insert("id".to_owned(), id.into());
    for part in parts {
        let value = match *part {
            "snippet" => json!({
                "title": channel_title(id),
                "description": "",
                "thumbnails": video::thumbnails(id),
                "localized": {"title": channel_title(id), "description": ""},
            }),
            "contentDetails" => json!({
                "relatedPlaylists": {"likes": "LL", "uploads": uploads_playlist(id)},
            }),
            "statistics" => statistics(state, id),
            _ => continue,
        };
        channel.insert((*part).to_owned(), value);
    }
    video::with_etag(Value::Object(channel))
}

/// Sums over what is shown. The audience has no subscribers, and they are hidden.
fn statistics(state: &SharedState, id: &str) -> Value {
    let now = Timestamp::now();
    let mut posts = state.posts.all();
    posts.retain(|post| {
        post.platform == Platform::Youtube
            && post.account == id
            && post.state(now) == PostState::Processed
    });
    let views: u64 = posts
        .iter()
        .map(|post| state.audience.counts(post, now).views)
        .sum();
    json!({
        "viewCount": views.to_string(),
        "hiddenSubscriberCount": true,
        "videoCount": posts.len().to_string(),
    })
}
