//! What an account may post: asked before every post, because its owner may change it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{AccessToken, TikTok, data};
use crate::PlatformError;

/// Who may watch a post, in TikTok's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PrivacyLevel {
    /// Everyone; a private account has no such choice.
    PublicToEveryone,
    /// Who follows the creator and is followed back.
    MutualFollowFriends,
    /// The followers of a private account.
    FollowerOfCreator,
    /// The creator alone. All that an app which TikTok has not audited may use.
    SelfOnly,
}

impl PrivacyLevel {
    const ALL: [Self; 4] = [
        Self::PublicToEveryone,
        Self::MutualFollowFriends,
        Self::FollowerOfCreator,
        Self::SelfOnly,
    ];

    /// TikTok's word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::PublicToEveryone => "PUBLIC_TO_EVERYONE",
            Self::MutualFollowFriends => "MUTUAL_FOLLOW_FRIENDS",
            Self::FollowerOfCreator => "FOLLOWER_OF_CREATOR",
            Self::SelfOnly => "SELF_ONLY",
        }
    }
}

/// An account as it is now, and what it may post.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CreatorInfo {
    /// The name in the addresses of its posts, without `@`.
    pub username: String,
    /// The name that is shown.
    pub nickname: String,
    /// What a post's privacy has to be one of. A level that we do not know is left out.
    pub privacy_levels: Vec<PrivacyLevel>,
    /// The owner lets nobody comment.
    pub comments_disabled: bool,
    /// The owner lets nobody make duets, or the account is private.
    pub duets_disabled: bool,
    /// The owner lets nobody make stitches, or the account is private.
    pub stitches_disabled: bool,
    /// Longest video that the account may post, in seconds.
    pub longest_video_s: u32,
}

impl TikTok {
    /// What the token's account may post. TikTok allows 20 of these a minute per token, and wants
    /// one before every post. Scope `video.publish`.
    ///
    /// # Errors
    /// As in the table of this module's meanings; reading may always be repeated. An account that
    /// may not post (any more today) is an error here already.
    pub async fn creator_info(&self, token: &AccessToken) -> Result<CreatorInfo, PlatformError> {
        const OPERATION: &str = "creator_info";
        let request = self.post("v2/post/publish/creator_info/query/", token)?;
        let answer = self.ask(OPERATION, request).await?;
        data::<Wire>(OPERATION, &answer).map(CreatorInfo::from)
    }
}

#[derive(Deserialize)]
struct Wire {
    creator_username: String,
    #[serde(default)]
    creator_nickname: String,
    privacy_level_options: Vec<String>,
    #[serde(default)]
    comment_disabled: bool,
    #[serde(default)]
    duet_disabled: bool,
    #[serde(default)]
    stitch_disabled: bool,
    max_video_post_duration_sec: u32,
}

impl From<Wire> for CreatorInfo {
    fn from(wire: Wire) -> Self {
        let known = |word: &String| {
            PrivacyLevel::ALL
                .into_iter()
                .find(|level| level.word() == word)
        };
        Self {
            privacy_levels: wire
                .privacy_level_options
                .iter()
                .filter_map(known)
                .collect(),
            username: wire.creator_username,
            nickname: wire.creator_nickname,
            comments_disabled: wire.comment_disabled,
            duets_disabled: wire.duet_disabled,
            stitches_disabled: wire.stitch_disabled,
            longest_video_s: wire.max_video_post_duration_sec,
        }
    }
}
