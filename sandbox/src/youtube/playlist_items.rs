//! `playlistItems.list` of a channel's uploads, newest first.
//!
//! The owner's list has a video from the moment its last byte arrived, which is how a client whose
//! answer was lost finds it again.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::account::{Account, channel_of_playlist, channel_title};
use super::error::ApiError;
use super::metadata::Privacy;
use super::query::Params;
use super::video;
use crate::draw::short_id;
use crate::platform::Platform;
use crate::posts::{Post, PostState};
use crate::state::SharedState;

pub(crate) async fn list(
    State(state): State<SharedState>,
    account: Account,
    params: Params,
) -> Result<Json<Value>, ApiError> {
    let parts = params.parts()?;
    let Some(playlist) = params.get("playlistId") else {
        let message = "Required parameter: playlistId";
        return Err(
            ApiError::bad_request("playlistIdRequired", message).at("playlistId", "parameter")
        );
    };
    let now = Timestamp::now();
    let uploads = uploads(&state, &account, playlist, now)?;
    let size = params.max_results()?;
    let start = match params.get("pageToken") {
        None => 0,
        Some(token) => offset_of(token).ok_or_else(|| {
            ApiError::bad_request("invalidPageToken", "The page token is not valid.")
                .at("pageToken", "parameter")
        })?,
    };
    let page = uploads.iter().enumerate().skip(start).take(size);
    let items: Vec<Value> = page
        .map(|(position, post)| item(post, playlist, position, &parts, now))
        .collect();
    let mut answer = json!({
        "kind": "youtube#playlistItemListResponse",
        "items": items,
        "pageInfo": {"totalResults": uploads.len(), "resultsPerPage": size},
    });
    if size > 0 && start + size < uploads.len() {
        answer["nextPageToken"] = token_of(start + size).into();
    }
    if start > 0 {
        answer["prevPageToken"] = token_of(start.saturating_sub(size)).into();
    }
    Ok(Json(video::with_etag(answer)))
}

/// What this account may see of the playlist, newest first.
fn uploads(
    state: &SharedState,
    account: &Account,
    playlist: &str,
    now: Timestamp,
) -> Result<Vec<Arc<Post>>, ApiError> {
    let channel = channel_of_playlist(playlist).unwrap_or_default();
    let mine = channel == account.channel_id;
    let mut posts = state.posts.all();
    posts.retain(|post| post.platform == Platform::Youtube && post.account == channel);
    if posts.is_empty() && !mine {
        let message = "The playlist identified with the request's <code>playlistId</code> \
            parameter cannot be found.";
        return Err(ApiError::new(
            StatusCode::NOT_FOUND,
            "youtube.playlistItem",
            "playlistNotFound",
            message,
        )
        .at("playlistId", "parameter")
        .without_status());
    }
    posts.retain(|post| {
        let public = video::uploaded(post).status.privacy_status == Privacy::Public;
        match post.state(now) {
            PostState::Deleted => false,
            PostState::Processed => mine || public,
            _ => mine,
        }
    });
    posts.reverse();
    Ok(posts)
}

fn item(post: &Post, playlist: &str, position: usize, parts: &[&str], now: Timestamp) -> Value {
    let id = format!("{playlist} {}", post.post_id);
    let published = video::published_at(post, now);
    let mut item = Map::new();
    item.insert("kind".to_owned(), "youtube#playlistItem".into());
    item.insert("id".to_owned(), short_id(&id, 40).into());
    for part in parts {
        let value = match *part {
            "snippet" => json!({
                "publishedAt": published,
                "channelId": post.account,
                "title": post.title,
                "description": post.description,
                "thumbnails": video::thumbnails(&post.post_id),
                "channelTitle": channel_title(&post.account),
                "playlistId": playlist,
                "position": position,
                "resourceId": {"kind": "youtube#video", "videoId": post.post_id},
                "videoOwnerChannelTitle": channel_title(&post.account),
                "videoOwnerChannelId": post.account,
            }),
            "contentDetails" => json!({
                "videoId": post.post_id,
                "videoPublishedAt": published,
            }),
            "status" => json!({
                "privacyStatus": video::uploaded(post).status.privacy_status,
            }),
            _ => continue,
        };
        item.insert((*part).to_owned(), value);
    }
    video::with_etag(Value::Object(item))
}

fn token_of(offset: usize) -> String {
    URL_SAFE_NO_PAD.encode(format!("offset {offset}"))
}

fn offset_of(token: &str) -> Option<usize> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(token).ok()?).ok()?;
    text.strip_prefix("offset ")?.parse().ok()
}
