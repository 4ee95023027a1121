//! What a client says about a post when it opens one, and what may be wrong with it.
//!
//! Source: the vendor's reference of Direct Post, `post_info`.

use serde::{Deserialize, Serialize};

use super::account::username;
use super::error::ApiError;
use super::settings::Settings;

/// UTF-16 units.
const MAX_TITLE: usize = 2200;

/// Who may see a post.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum Privacy {
    PublicToEveryone,
    MutualFollowFriends,
    FollowerOfCreator,
    SelfOnly,
    /// Not given, or a word that does not exist.
    #[default]
    #[serde(other)]
    Unknown,
}

impl Privacy {
    /// The levels that an account can choose from.
    pub(crate) fn options(private_account: bool) -> &'static [Self] {
        if private_account {
            &[
                Self::FollowerOfCreator,
                Self::MutualFollowFriends,
                Self::SelfOnly,
            ]
        } else {
            &[
                Self::PublicToEveryone,
                Self::MutualFollowFriends,
                Self::SelfOnly,
            ]
        }
    }
}

/// As sent. Unknown fields are ignored, as the vendor does.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct PostInfo {
    /// The caption, hashtags included.
    pub(crate) title: String,
    pub(crate) privacy_level: Privacy,
    pub(crate) disable_duet: bool,
    pub(crate) disable_comment: bool,
    pub(crate) disable_stitch: bool,
    pub(crate) video_cover_timestamp_ms: i64,
    pub(crate) brand_content_toggle: bool,
    pub(crate) brand_organic_toggle: bool,
    pub(crate) is_aigc: bool,
}

/// A hashtag in a caption.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hashtag {
    /// Without its `#`.
    pub(crate) name: String,
    /// Where it begins and ends in the caption, in UTF-16 units, `#` included.
    pub(crate) start: usize,
    pub(crate) end: usize,
}

impl PostInfo {
    /// Refuses what this creator cannot post, or not by this client.
    pub(crate) fn check(&self, open_id: &str, settings: &Settings) -> Result<(), ApiError> {
        let length = self.title.encode_utf16().count();
        if length > MAX_TITLE {
            let message = format!("The title has {length} UTF-16 runes; {MAX_TITLE} is the limit.");
            return Err(ApiError::invalid_param(message));
        }
        let options = Privacy::options(settings.is_private(&username(open_id)));
        if !options.contains(&self.privacy_level) {
            let message = "privacy_level is not specified or not among the options from the \
                privacy_level_options returned in /publish/creator_info/query/ API.";
            return Err(ApiError::forbidden(
                "privacy_level_option_mismatch",
                message,
            ));
        }
        if !settings.audited && self.privacy_level != Privacy::SelfOnly {
            return Err(ApiError::forbidden(
                "unaudited_client_can_only_post_to_private_accounts",
                "Unaudited clients can only post to a private account.",
            ));
        }
        Ok(())
    }

    /// The hashtags of the caption, which spaces and new lines end.
    pub(crate) fn hashtags(&self) -> Vec<Hashtag> {
        let mut found = Vec::new();
        let mut at = 0;
        for word in self.title.split_inclusive(char::is_whitespace) {
            let tag = word.trim_end();
            if let Some(name) = tag.strip_prefix('#').filter(|name| !name.is_empty()) {
                found.push(Hashtag {
                    name: name.to_owned(),
                    start: at,
                    end: at + tag.encode_utf16().count(),
                });
            }
            at += word.encode_utf16().count();
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashtags_are_found_where_they_stand() {
        let info = PostInfo {
            title: "Säving 🛒 #money\n#fyp # a#b".to_owned(),
            ..PostInfo::default()
        };
        let tag = |name: &str, start: usize, end: usize| Hashtag {
            name: name.to_owned(),
            start,
            end,
        };
        // The cart is two units.
        assert_eq!(info.hashtags(), [tag("money", 10, 16), tag("fyp", 17, 21)]);
    }

    #[test]
    fn a_level_that_does_not_exist_is_read_as_unknown() -> Result<(), serde_json::Error> {
        let info: PostInfo = serde_json::from_str(r#"{"privacy_level":"EVERYBODY"}"#)?;
        assert_eq!(info.privacy_level, Privacy::Unknown);
        let info: PostInfo = serde_json::from_str(r#"{"privacy_level":"SELF_ONLY"}"#)?;
        assert_eq!(info.privacy_level, Privacy::SelfOnly);
        Ok(())
    }
}
