//! `POST /v2/post/publish/creator_info/query/`: what this creator may post now.

use axum::extract::State;
use axum::response::Response;
use serde_json::json;

use super::account::{Account, nickname, username};
use super::envelope;
use super::error::ApiError;
use super::file_check::LONGEST_S;
use super::limits::Call;
use super::post_info::Privacy;
use super::video::avatar;
use crate::state::SharedState;

pub(crate) async fn query(
    State(state): State<SharedState>,
    account: Account,
) -> Result<Response, ApiError> {
    Call::CREATOR_INFO.admit(&state, &account)?;
    let open_id = &account.open_id;
    let private = state.tiktok.settings().is_private(&username(open_id));
    Ok(envelope::ok(&json!({
        "creator_avatar_url": avatar(open_id),
        "creator_username": username(open_id),
        "creator_nickname": nickname(open_id),
        "privacy_level_options": Privacy::options(private),
        "comment_disabled": false,
        "duet_disabled": private,
        "stitch_disabled": private,
        "max_video_post_duration_sec": LONGEST_S,
    })))
}
