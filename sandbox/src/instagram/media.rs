//! `GET /{ig-media-id}`, and an account's media, newest first.
//!
//! The list has a reel from the moment it was published, which is how a client whose answer was
//! lost finds it again.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::account::username;
use super::call::Call;
use super::container::Details;
use super::error::ApiError;
use super::{PAGES_PREFIX, ids};
use crate::platform::Platform;
use crate::posts::{Post, PostState};
use crate::state::SharedState;

/// Posts on a page, unless a `limit` is given, and at most.
const PAGE: usize = 25;
const LARGEST_PAGE: usize = 100;

pub(crate) fn read(state: &SharedState, call: &Call, id: &str) -> Result<Value, ApiError> {
    let post = own(state, call, id)?;
    resource(state, call, &post, Timestamp::now())
}

/// A post of the asking account that is still there.
pub(crate) fn own(state: &SharedState, call: &Call, id: &str) -> Result<Arc<Post>, ApiError> {
    let now = Timestamp::now();
    let found = state.posts.get(id).filter(|post| {
        post.platform == Platform::Instagram
            && post.account == call.account.id
            && is_there(post, now)
    });
    found.ok_or_else(|| call.no_object(id))
}

/// What an account has published and is still there, newest first.
pub(crate) fn of_account(state: &SharedState, account: &str, now: Timestamp) -> Vec<Arc<Post>> {
    let mut posts = state.posts.all();
    posts.retain(|post| {
        post.platform == Platform::Instagram && post.account == account && is_there(post, now)
    });
    posts.reverse();
    posts
}

/// How often the account's posts were seen.
pub(crate) fn impressions(state: &SharedState, account: &str, now: Timestamp) -> u64 {
    let posts = of_account(state, account, now);
    let views = posts
        .iter()
        .map(|post| state.audience.counts(post, now).views);
    views.sum()
}

/// Whether the platform still has it.
pub(crate) fn is_there(post: &Post, now: Timestamp) -> bool {
    matches!(
        post.state(now),
        PostState::Processing | PostState::Processed
    )
}

pub(crate) fn list(state: &SharedState, call: &Call) -> Result<Value, ApiError> {
    let now = Timestamp::now();
    let posts = of_account(state, &call.account.id, now);
    let size = match call.get("limit").map(str::parse::<usize>) {
        None => PAGE,
        Some(Ok(size)) if size > 0 => size.min(LARGEST_PAGE),
        Some(_) => {
            let message = "(#100) Param limit must be a positive integer";
            return Err(ApiError::invalid(message));
        }
    };
    let start = match call.get("after") {
        None => 0,
        Some(cursor) => place_of(cursor, &posts)
            .ok_or_else(|| ApiError::invalid("(#100) Invalid cursor"))?
            .saturating_add(1),
    };
    let page: Vec<&Arc<Post>> = posts.iter().skip(start).take(size).collect();
    let (Some(first), Some(last)) = (page.first(), page.last()) else {
        return Ok(json!({"data": []}));
    };
    let after = cursor_of(last);
    let mut paging = json!({"cursors": {"before": cursor_of(first), "after": after}});
    if start + page.len() < posts.len() {
        paging["next"] = call.again_with("after", &after).into();
    }
    let data: Result<Vec<Value>, ApiError> = page
        .iter()
        .map(|post| resource(state, call, post, now))
        .collect();
    Ok(json!({"data": data?, "paging": paging}))
}

/// A cursor is a post, so that new posts before it change nothing.
fn cursor_of(post: &Post) -> String {
    URL_SAFE_NO_PAD.encode(&post.post_id)
}

fn place_of(cursor: &str, posts: &[Arc<Post>]) -> Option<usize> {
    let id = String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
    posts.iter().position(|post| post.post_id == id)
}

fn resource(
    state: &SharedState,
    call: &Call,
    post: &Post,
    now: Timestamp,
) -> Result<Value, ApiError> {
    let details = Details::of(post);
    let counts = state.audience.counts(post, now);
    call.node("ShadowIGMedia", &post.post_id, |field| {
        Some(match field {
            "caption" if post.description.is_empty() => Value::Null,
            "caption" => json!(post.description),
            // What is hidden is left out.
            "comments_count" if post.marks.comments_disabled => Value::Null,
            "comments_count" => json!(counts.comments),
            "ig_id" => json!(details.pk.to_string()),
            "is_comment_enabled" => json!(!post.marks.comments_disabled),
            "is_shared_to_feed" => json!(details.reel.share_to_feed),
            "like_count" if post.marks.likes_hidden => Value::Null,
            "like_count" => json!(counts.likes),
            "media_product_type" => json!("REELS"),
            "media_type" => json!("VIDEO"),
            // Under the vendor's own host: the sandbox serves no pictures and no video.
            "media_url" => json!(on_the_cdn(&post.post_id, "mp4")),
            "thumbnail_url" => json!(on_the_cdn(&post.post_id, "jpg")),
            "owner" => json!({"id": post.account}),
            "permalink" => json!(address(&call.root, details.pk)),
            "shortcode" => json!(ids::shortcode_of(details.pk)),
            "timestamp" => json!(timestamp(post)),
            "username" => json!(username(&post.account)),
            _ => return None,
        })
    })
}

/// Where the reel with this number is seen.
pub(crate) fn address(root: &str, pk: u64) -> String {
    let code = ids::shortcode_of(pk);
    format!("{root}{PAGES_PREFIX}/reel/{code}/")
}

pub(crate) fn on_the_cdn(media: &str, extension: &str) -> String {
    format!("https://scontent.cdninstagram.com/v/{media}.{extension}")
}

/// Whole seconds, as the vendor tells them.
fn timestamp(post: &Post) -> String {
    let at = post.published_at().to_zoned(TimeZone::UTC);
    at.strftime("%Y-%m-%dT%H:%M:%S+0000").to_string()
}
