//! Publishing a container, and how many reels an account may still publish.

use std::error::Error;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{ContainerId, Instagram, MediaId, SERVICE};
use crate::{Meaning, PlatformError};

/// Answers to `publish` that leave open whether it was published.
const IN_DOUBT: [&str; 7] = [
    "instagram_container_failed",
    "instagram_container_gone",
    "instagram_timeout",
    "instagram_unavailable",
    "instagram_unexpected_status",
    "instagram_unreachable",
    "instagram_unreadable_answer",
];

/// How many reels an account may publish through the API, in a window that slides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PublishingLimit {
    /// How many were published within the window.
    pub used: u64,
    /// How many are allowed: 50 or 100.
    pub total: u64,
    /// The window's length in seconds: a day.
    pub window_seconds: u64,
}

impl Instagram {
    /// Publishes a container that is finished. A container is published at most once: publishing
    /// it again is refused.
    ///
    /// # Errors
    /// As in the table of this module's meanings, but what is `retry` there is `unknown` here
    /// when the request may have left: it may be published. After *any* error but
    /// `instagram_foreign_id`, ask [`container_status`](Self::container_status) before anything
    /// else: a refusal may as well mean that it was published before.
    pub async fn publish(&self, container: &ContainerId) -> Result<MediaId, PlatformError> {
        const OPERATION: &str = "publish";
        let body = json!({ "creation_id": container.checked(OPERATION)? });
        self.create(OPERATION, "media_publish", &body)
            .await
            .and_then(|id| MediaId::from_answer(OPERATION, id))
            .map_err(in_doubt)
    }

    /// How many reels the account has published within the last 24 hours, and how many it may.
    ///
    /// # Errors
    /// As in the table of this module's meanings; reading may always be repeated.
    pub async fn publishing_limit(&self) -> Result<PublishingLimit, PlatformError> {
        const OPERATION: &str = "publishing_limit";
        let path = self.of_the_account("content_publishing_limit");
        let query = [("fields", "quota_usage,config")];
        let list: Limits = self.read(OPERATION, &path, &query).await?;
        let limit = list
            .data
            .first()
            .ok_or_else(|| SERVICE.unreadable(OPERATION, "the answer names no limit"))?;
        Ok(PublishingLimit {
            used: limit.quota_usage,
            total: limit.config.quota_total,
            window_seconds: limit.config.quota_duration,
        })
    }
}

fn in_doubt(error: PlatformError) -> PlatformError {
    match IN_DOUBT.contains(&error.code()) && !never_left(&error) {
        true => error.meaning_instead(Meaning::Unknown),
        false => error,
    }
}

/// Without a connection nothing was sent.
fn never_left(error: &PlatformError) -> bool {
    error
        .source()
        .and_then(|cause| cause.downcast_ref::<reqwest::Error>())
        .is_some_and(reqwest::Error::is_connect)
}

#[derive(Deserialize)]
struct Limits {
    data: Vec<Limit>,
}

#[derive(Deserialize)]
struct Limit {
    quota_usage: u64,
    config: LimitConfig,
}

#[derive(Deserialize)]
struct LimitConfig {
    quota_total: u64,
    quota_duration: u64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::instagram::CODES;

    #[test]
    fn what_leaves_a_post_in_doubt_are_codes_of_ours() {
        assert!(IN_DOUBT.iter().all(|code| CODES.contains(code)));
    }
}
