//! Why TikTok made no post of a video that it had taken.
//!
//! | `fail_reason` | code | temporary |
//! |---|---|---|
//! | `file_format_check_failed`, `duration_check_failed`, `frame_rate_check_failed`, `picture_size_check_failed` | `tiktok_media_refused` | no |
//! | `video_pull_failed`, `photo_pull_failed` | `tiktok_pull_failed` | yes |
//! | `publish_cancelled` | `tiktok_publish_cancelled` | no |
//! | `auth_removed` | `tiktok_authorization_removed` | no |
//! | `spam_risk_too_many_posts` | `tiktok_post_limit` | no |
//! | `spam_risk_user_banned_from_posting` | `tiktok_banned` | no |
//! | any other `spam_risk…` | `tiktok_spam_risk` | no |
//! | `internal` | `tiktok_processing_failed` | yes |
//! | anything else | `tiktok_processing_failed` | no |
//!
//! Source: <https://developers.tiktok.com/doc/content-posting-api-reference-get-video-status>.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::http::excerpt;

/// TikTok's word for why a publication failed. The publish id is dead with it, and no post exists.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct FailReason(String);

impl FailReason {
    pub(super) fn new(word: &str) -> Self {
        Self(excerpt(word))
    }

    /// TikTok's own word, such as `frame_rate_check_failed`; `unknown` when it gave none.
    #[must_use]
    pub fn word(&self) -> &str {
        if self.0.is_empty() {
            "unknown"
        } else {
            &self.0
        }
    }

    /// The stable code of the kind of failure, one of [`CODES`](super::CODES).
    #[must_use]
    pub fn error_code(&self) -> &'static str {
        match self.0.as_str() {
            "file_format_check_failed"
            | "duration_check_failed"
            | "frame_rate_check_failed"
            | "picture_size_check_failed" => "tiktok_media_refused",
            "video_pull_failed" | "photo_pull_failed" => "tiktok_pull_failed",
            "publish_cancelled" => "tiktok_publish_cancelled",
            "auth_removed" => "tiktok_authorization_removed",
            "spam_risk_too_many_posts" => "tiktok_post_limit",
            "spam_risk_user_banned_from_posting" => "tiktok_banned",
            word if word.starts_with("spam_risk") => "tiktok_spam_risk",
            _ => "tiktok_processing_failed",
        }
    }

    /// Whether TikTok advises to post the same video anew, with an `init` of its own.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        matches!(
            self.0.as_str(),
            "internal" | "video_pull_failed" | "photo_pull_failed"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tiktok::CODES;

    #[track_caller]
    fn check(word: &str, code: &str, is_temporary: bool) {
        let reason = FailReason::new(word);
        assert_eq!(reason.error_code(), code, "{word}");
        assert_eq!(reason.is_temporary(), is_temporary, "{word}");
        assert!(CODES.contains(&reason.error_code()), "{word}");
    }

    #[test]
    fn every_reason_has_one_code() {
        check("file_format_check_failed", "tiktok_media_refused", false);
        check("duration_check_failed", "tiktok_media_refused", false);
        check("frame_rate_check_failed", "tiktok_media_refused", false);
        check("picture_size_check_failed", "tiktok_media_refused", false);
        check("internal", "tiktok_processing_failed", true);
        check("video_pull_failed", "tiktok_pull_failed", true);
        check("photo_pull_failed", "tiktok_pull_failed", true);
        check("publish_cancelled", "tiktok_publish_cancelled", false);
        check("auth_removed", "tiktok_authorization_removed", false);
        check("spam_risk_too_many_posts", "tiktok_post_limit", false);
        check("spam_risk_user_banned_from_posting", "tiktok_banned", false);
        check("spam_risk_text", "tiktok_spam_risk", false);
        check("spam_risk", "tiktok_spam_risk", false);
        check("a_word_of_next_year", "tiktok_processing_failed", false);
        check("", "tiktok_processing_failed", false);
    }

    #[test]
    fn a_reason_without_a_word_still_has_one_to_show() {
        assert_eq!(FailReason::new("").word(), "unknown");
        assert_eq!(FailReason::new("internal").word(), "internal");
    }
}
