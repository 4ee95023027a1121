//! The Display API: `video/query` (by id) and `video/list` (newest first) of one's own videos.
//!
//! Only public videos are served; one that is gone, or somebody else's, is simply not among them.
//! `fields` decides what a video says about itself.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Query, State};
use axum::response::Response;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::account::Account;
use super::envelope;
use super::error::ApiError;
use super::item::{HEIGHT, WIDTH};
use super::limits::Call;
use super::video::{cover, public_posts, seconds, share_url};
use crate::audience::{Audience, Counts};
use crate::posts::Post;
use crate::state::SharedState;

/// Most ids in one query, and most videos on one page.
const MOST: usize = 20;
/// Videos on a page when nobody says how many.
const PAGE: usize = 10;
const FIELDS: [&str; 15] = [
    "id",
    "create_time",
    "cover_image_url",
    "share_url",
    "video_description",
    "duration",
    "height",
    "width",
    "title",
    "embed_html",
    "embed_link",
    "like_count",
    "comment_count",
    "share_count",
    "view_count",
];

/// `?fields=`, separated by commas.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Params {
    fields: String,
}

impl Params {
    /// The fields asked for, all of which exist.
    pub(crate) fn fields(&self, known: &[&str]) -> Result<Vec<&str>, ApiError> {
        let fields: Vec<&str> = self
            .fields
            .split(',')
            .map(str::trim)
            .filter(|field| !field.is_empty())
            .collect();
        if fields.is_empty() {
            return Err(ApiError::invalid_params("Fields is required."));
        }
        match fields.iter().find(|field| !known.contains(field)) {
            Some(field) => Err(ApiError::invalid_params(format!("Invalid fields: {field}"))),
            None => Ok(fields),
        }
    }
}

#[derive(Debug, Deserialize)]
struct Asked {
    filters: Filters,
}

#[derive(Debug, Deserialize)]
struct Filters {
    video_ids: Vec<String>,
}

pub(crate) async fn query(
    State(state): State<SharedState>,
    account: Account,
    Query(params): Query<Params>,
    body: Body,
) -> Result<Response, ApiError> {
    Call::VIDEO_QUERY.admit(&state, &account)?;
    let fields = params.fields(&FIELDS)?;
    let ids = envelope::read::<Asked>(body, "invalid_params")
        .await?
        .filters
        .video_ids;
    if ids.is_empty() || ids.len() > MOST {
        let message = format!("video_ids must hold 1 to {MOST} ids.");
        return Err(ApiError::invalid_params(message));
    }
    let now = Timestamp::now();
    let mut posts = public_posts(&state, &account.open_id, now);
    posts.retain(|post| ids.contains(&post.post_id));
    let videos = videos(&state.audience, &posts, &fields, now);
    Ok(envelope::ok(&json!({"videos": videos})))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Page {
    /// Milliseconds: only older videos.
    cursor: Option<i64>,
    max_count: Option<usize>,
}

pub(crate) async fn list(
    State(state): State<SharedState>,
    account: Account,
    Query(params): Query<Params>,
    body: Body,
) -> Result<Response, ApiError> {
    Call::VIDEO_LIST.admit(&state, &account)?;
    let fields = params.fields(&FIELDS)?;
    let page: Page = envelope::read(body, "invalid_params").await?;
    let size = page.max_count.unwrap_or(PAGE);
    if !(1..=MOST).contains(&size) {
        let message = format!("max_count must be 1 to {MOST}.");
        return Err(ApiError::invalid_params(message));
    }
    let now = Timestamp::now();
    let mut posts = public_posts(&state, &account.open_id, now);
    if let Some(cursor) = page.cursor.filter(|cursor| *cursor > 0) {
        posts.retain(|post| place(post) < cursor);
    }
    let has_more = posts.len() > size;
    posts.truncate(size);
    Ok(envelope::ok(&json!({
        "videos": videos(&state.audience, &posts, &fields, now),
        "cursor": posts.last().map_or(0, |post| place(post)),
        "has_more": has_more,
    })))
}

/// What a cursor is compared with, in milliseconds.
fn place(post: &Post) -> i64 {
    post.published_at().as_millisecond()
}

fn videos(audience: &Audience, posts: &[Arc<Post>], fields: &[&str], now: Timestamp) -> Vec<Value> {
    let video = |post: &Arc<Post>| {
        let counts = audience.counts(post, now);
        let named = fields
            .iter()
            .filter_map(|name| Some(((*name).to_owned(), field(post, counts, name)?)));
        Value::Object(named.collect::<Map<_, _>>())
    };
    posts.iter().map(video).collect()
}

/// One field of a video; nothing for what is hidden.
fn field(post: &Post, counts: Counts, name: &str) -> Option<Value> {
    let marks = &post.marks;
    let embed = format!("https://www.tiktok.com/embed/v2/{}", post.post_id);
    Some(match name {
        "id" => post.post_id.clone().into(),
        "create_time" => post.published_at().as_second().into(),
        "cover_image_url" => cover(post).into(),
        "share_url" => share_url(post).into(),
        "video_description" | "title" => post.title.clone().into(),
        "duration" => seconds(post).into(),
        "height" => HEIGHT.into(),
        "width" => WIDTH.into(),
        "embed_html" => {
            format!("<blockquote class=\"tiktok-embed\" cite=\"{embed}\"></blockquote>").into()
        }
        "embed_link" => embed.into(),
        "like_count" if !marks.likes_hidden => counts.likes.into(),
        "comment_count" if !marks.comments_disabled => counts.comments.into(),
        "share_count" => counts.shares.into(),
        "view_count" => counts.views.into(),
        _ => return None,
    })
}
