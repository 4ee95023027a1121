//! What a control can set about the client's app and its creators.

use serde::Deserialize;

use super::webhook::TikTokWebhook;

/// Set all at once; what is not sent is as it was in the beginning.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// Whether the app has passed the vendor's audit. One that has not posts privately, and for
    /// few creators.
    pub(crate) audited: bool,
    /// User names of accounts that are private as a whole.
    pub(crate) private_accounts: Vec<String>,
    /// Beginnings of URLs whose ownership is verified; nothing: of all.
    pub(crate) verified_urls: Option<Vec<String>>,
    /// Whether calls are limited per minute.
    pub(crate) rate_limits: bool,
    /// For how many seconds a new access token is good.
    pub(crate) access_token_s: i64,
    /// Where events go, if anywhere.
    pub(crate) webhook: Option<TikTokWebhook>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            audited: true,
            private_accounts: Vec::new(),
            verified_urls: None,
            rate_limits: true,
            access_token_s: 24 * 60 * 60,
            webhook: None,
        }
    }
}

impl Settings {
    /// The usual ones, with somebody to tell.
    pub(crate) fn telling(hook: TikTokWebhook) -> Self {
        Self {
            webhook: Some(hook),
            ..Self::default()
        }
    }

    pub(crate) fn is_private(&self, username: &str) -> bool {
        self.private_accounts.iter().any(|name| name == username)
    }
}
