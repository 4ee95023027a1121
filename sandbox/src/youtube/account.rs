//! Who is asking: the credential decides the channel.
//!
//! Any credential that is not empty is somebody, so that several accounts exist without setting
//! them up. The credential itself is hashed at once and never kept.

use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;

use super::error::ApiError;
use super::query::Params;
use crate::draw::short_id;

/// The channel behind a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Account {
    /// `UC` and 22 more characters.
    pub(crate) channel_id: String,
}

impl Account {
    fn of_credential(credential: &str) -> Self {
        Self {
            channel_id: format!("UC{}", short_id(&format!("youtube {credential}"), 22)),
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Account {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let bearer = parts
            .headers
            .get(AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.strip_prefix("Bearer "))
            .map(str::trim)
            .filter(|token| !token.is_empty());
        if let Some(token) = bearer {
            return Ok(Self::of_credential(token));
        }
        let params = Params::of(&parts.uri);
        match params.get("key") {
            Some(key) => Ok(Self::of_credential(key)),
            None => Err(ApiError::unauthorized()),
        }
    }
}

/// The playlist of everything a channel uploaded.
pub(crate) fn uploads_playlist(channel_id: &str) -> String {
    format!("UU{}", channel_id.strip_prefix("UC").unwrap_or(channel_id))
}

/// The channel whose uploads this playlist lists.
pub(crate) fn channel_of_playlist(playlist_id: &str) -> Option<String> {
    Some(format!("UC{}", playlist_id.strip_prefix("UU")?))
}

/// What the channel is called.
pub(crate) fn channel_title(channel_id: &str) -> String {
    let letters: String = channel_id.chars().skip(2).take(4).collect();
    format!("Sandbox channel {letters}")
}
