//! An account's tokens, and renewing them.
//!
//! A refresh token is good for one renewal: the answer holds the next one, and the old one is dead.
//! So a renewal is done by one run at a time, under a lock of the row that holds the pair, and
//! stored in one piece before the new access token is used; storing is the caller's. A run that
//! finds another pair in the row than the one it has takes that one, and renews nothing.
//!
//! Source: <https://developers.tiktok.com/doc/oauth-user-access-token-management>.

use std::time::Duration;

use reqwest::header::CONTENT_TYPE;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use url::form_urlencoded;

use super::{SERVICE, TikTok, parse_secret};
use crate::PlatformError;

/// What a call in the name of an account is made with; good for hours. Its `Debug` form is
/// redacted.
#[derive(Clone, Debug)]
pub struct AccessToken(SecretString);

impl AccessToken {
    /// A token as it was stored.
    #[must_use]
    pub fn from_stored(token: SecretString) -> Self {
        Self(token)
    }

    /// The token itself, for storing it.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

/// What the next pair is got with, once; good for months. Its `Debug` form is redacted.
#[derive(Clone, Debug)]
pub struct RefreshToken(SecretString);

impl RefreshToken {
    /// A token as it was stored.
    #[must_use]
    pub fn from_stored(token: SecretString) -> Self {
        Self(token)
    }

    /// The token itself, for storing it.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

/// The tokens of one account. Both are new: store both, at once.
#[derive(Clone, Debug)]
pub struct TokenPair {
    /// For calls.
    pub access: AccessToken,
    /// For the next renewal; the one that this pair was got with is dead.
    pub refresh: RefreshToken,
    /// How long `access` is good for, from when the answer arrived. TikTok has changed it before.
    pub access_lasts: Duration,
    /// How long `refresh` is good for, from when the answer arrived.
    pub refresh_lasts: Duration,
    /// The account, as this app knows it.
    pub open_id: String,
    /// What the account's owner has allowed: `video.publish`, `video.list`, …
    pub scopes: Vec<String>,
}

impl TikTok {
    /// Renews an account's tokens. The caller stores the new pair before anything else, and sees
    /// to it that nobody renews with the same token meanwhile.
    ///
    /// # Errors
    /// `tiktok_refresh_refused` when the token is used up, revoked or too old: read the stored pair
    /// again, and if it is the same one, the account has to be connected again. Else as in the
    /// table of this module's meanings. If the answer was lost, TikTok may have renewed and only a
    /// second try can tell; no run is harmed, but the account may have to be connected again.
    pub async fn refresh(&self, refresh: &RefreshToken) -> Result<TokenPair, PlatformError> {
        const OPERATION: &str = "refresh";
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("client_key", &self.config.client_key)
            .append_pair("client_secret", self.config.client_secret.expose_secret())
            .append_pair("grant_type", "refresh_token")
            .append_pair("refresh_token", refresh.expose())
            .finish();
        let request = self
            .http
            .post(self.address("v2/oauth/token/")?)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(form);
        let answer = self.ask(OPERATION, request).await?;
        let wire: Wire = parse_secret(OPERATION, &answer)?;
        if wire.access_token.is_empty() || wire.refresh_token.is_empty() {
            return Err(SERVICE.unreadable(OPERATION, "the answer holds an empty token"));
        }
        Ok(TokenPair::from(wire))
    }
}

#[derive(Deserialize)]
struct Wire {
    access_token: String,
    expires_in: u64,
    refresh_token: String,
    refresh_expires_in: u64,
    open_id: String,
    #[serde(default)]
    scope: String,
}

impl From<Wire> for TokenPair {
    fn from(wire: Wire) -> Self {
        Self {
            access: AccessToken(wire.access_token.into()),
            refresh: RefreshToken(wire.refresh_token.into()),
            access_lasts: Duration::from_secs(wire.expires_in),
            refresh_lasts: Duration::from_secs(wire.refresh_expires_in),
            open_id: wire.open_id,
            scopes: wire
                .scope
                .split(',')
                .map(str::trim)
                .filter(|scope| !scope.is_empty())
                .map(str::to_owned)
                .collect(),
        }
    }
}
