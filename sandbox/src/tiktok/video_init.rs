//! `POST /v2/post/publish/video/init/`: opens a post.
//!
//! With `FILE_UPLOAD` nothing is posted by this. With `PULL_FROM_URL` it is the whole request:
//! what follows happens by itself. There is no idempotency key: asked twice, it opens two posts.

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::Response;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::json;

use super::account::Account;
use super::envelope;
use super::error::ApiError;
use super::limits::Call;
use super::post_info::PostInfo;
use super::pull;
use super::source_info::{Source, SourceInfo};
use crate::state::{Shared, SharedState};

/// Accounts that a client without an audit may post for in a day.
const UNAUDITED_ACCOUNTS: usize = 5;

#[derive(Debug, Deserialize)]
struct Sent {
    #[serde(default)]
    post_info: PostInfo,
    source_info: SourceInfo,
}

pub(crate) async fn init(
    State(state): State<SharedState>,
    account: Account,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    Call::VIDEO_INIT.admit(&state, &account)?;
    let sent: Sent = envelope::read(body, "invalid_param").await?;
    let settings = state.tiktok.settings();
    sent.post_info.check(&account.open_id, &settings)?;
    if !settings.audited {
        check_active_accounts(&state, &account)?;
    }
    let source = sent.source_info.check(&settings)?;
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
        .ok_or_else(|| ApiError::invalid_param("The Host header is missing."))?;
    let uploads = &state.tiktok.uploads;
    let upload = uploads.start(account.open_id, sent.post_info, source)?;
    let opening = &upload.opening;
    let mut data = json!({"publish_id": opening.publish_id});
    match opening.source {
        Source::File(_) => {
            let (id, token) = (&opening.upload_id, &opening.upload_token);
            data["upload_url"] =
                format!("http://{host}/tiktok-api/video/?upload_id={id}&upload_token={token}")
                    .into();
        }
        Source::Url(_) => pull::start(&state, upload),
    }
    Ok(envelope::ok(&data))
}

fn check_active_accounts(state: &Shared, account: &Account) -> Result<(), ApiError> {
    let day = SignedDuration::from_hours(24);
    let since = Timestamp::now()
        .saturating_sub(day)
        .unwrap_or(Timestamp::MIN);
    let active = state.tiktok.uploads.accounts_since(since);
    if active.len() < UNAUDITED_ACCOUNTS || active.contains(&account.open_id) {
        return Ok(());
    }
    Err(ApiError::forbidden(
        "reached_active_user_cap",
        "The daily quota for active publishing users from your client is reached.",
    ))
}
