//! `GET /v2/user/info/`: the account behind the token, with sums over what is shown.
//!
//! The audience follows nobody: followers are 0, and truly so.

use axum::extract::{Query, State};
use axum::response::Response;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::account::{Account, nickname, username};
use super::display::Params;
use super::envelope;
use super::error::ApiError;
use super::limits::Call;
use super::video::{avatar, public_posts};
use crate::state::SharedState;

const FIELDS: [&str; 12] = [
    "open_id",
    "union_id",
    "avatar_url",
    "display_name",
    "bio_description",
    "profile_deep_link",
    "is_verified",
    "username",
    "follower_count",
    "following_count",
    "likes_count",
    "video_count",
];

pub(crate) async fn show(
    State(state): State<SharedState>,
    account: Account,
    Query(params): Query<Params>,
) -> Result<Response, ApiError> {
    Call::USER_INFO.admit(&state, &account)?;
    let fields = params.fields(&FIELDS)?;
    let now = Timestamp::now();
    let open_id = &account.open_id;
    let posts = public_posts(&state, open_id, now);
    let likes: u64 = posts
        .iter()
        .map(|post| state.audience.counts(post, now).likes)
        .sum();
    let name = username(open_id);
    let mut all = json!({
        "open_id": open_id,
        "union_id": format!("u{open_id}"),
        "avatar_url": avatar(open_id),
        "display_name": nickname(open_id),
        "bio_description": "",
        "profile_deep_link": format!("https://www.tiktok.com/@{name}"),
        "is_verified": false,
        "username": name,
        "follower_count": 0,
        "following_count": 0,
        "likes_count": likes,
        "video_count": posts.len(),
    });
    let user: Map<String, Value> = fields
        .iter()
        .map(|field| ((*field).to_owned(), all[*field].take()))
        .collect();
    Ok(envelope::ok(&json!({"user": user})))
}
