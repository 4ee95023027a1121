//! Who is asking: the access token decides the account.
//!
//! Any token that is not empty is somebody, so that several accounts exist without setting them
//! up. The token itself is hashed at once and never kept.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::call::Call;
use super::error::ApiError;
use super::{ids, media};
use crate::state::SharedState;

/// What the asking account may be called in a path.
pub(crate) const ME: &str = "me";

/// The account behind a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Account {
    /// 17 digits.
    pub(crate) id: String,
}

impl Account {
    pub(crate) fn of_token(token: &str) -> Self {
        Self {
            id: ids::user_id(token),
        }
    }

    /// Whether the account is the one that a path names.
    pub(crate) fn is(&self, user: &str) -> bool {
        user == ME || user == self.id
    }
}

/// The account's name in addresses.
pub(crate) fn username(id: &str) -> String {
    let end = id.get(id.len().saturating_sub(6)..).unwrap_or(id);
    format!("reels_{end}")
}

/// The account's name for people.
pub(crate) fn full_name(id: &str) -> String {
    let end = id.get(id.len().saturating_sub(6)..).unwrap_or(id);
    format!("Sandbox reels {end}")
}

/// `GET /{ig-user-id}`. The audience follows nobody.
pub(crate) fn read(state: &SharedState, call: &Call) -> Result<Value, ApiError> {
    let id = &call.account.id;
    call.node("ShadowIGUser", id, |field| {
        Some(match field {
            "user_id" | "ig_id" => json!(id),
            "username" => json!(username(id)),
            "name" => json!(full_name(id)),
            "account_type" => json!("BUSINESS"),
            "media_count" => json!(media::of_account(state, id, Timestamp::now()).len()),
            "followers_count" | "follows_count" => json!(0),
            _ => return None,
        })
    })
}
