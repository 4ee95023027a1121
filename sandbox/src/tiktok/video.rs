//! A post as TikTok sees it: what was said about it, and who is shown it.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::account::{hashed, username};
use super::post_info::{PostInfo, Privacy};
use super::settings::Settings;
use crate::platform::Platform;
use crate::posts::{Post, PostState};
use crate::state::Shared;

/// Where the vendor's own pictures are. The sandbox serves none.
const PICTURES: &str = "https://p16-sign-va.tiktokcdn.com/sandbox";

/// The vendor's part of a post.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Details {
    pub(crate) publish_id: String,
    pub(crate) info: PostInfo,
    /// When moderation lets it be public, unless a control holds it.
    pub(crate) moderated_at: Timestamp,
}

pub(crate) fn details(post: &Post) -> Details {
    // Written by us from this very type; a default is what is left if it was not.
    serde_json::from_value(post.details.clone()).unwrap_or_default()
}

/// Whether the public id is told to the client: once moderation has let a public post through.
/// What happens to the post later does not take it back.
pub(crate) fn has_public_id(post: &Post, now: Timestamp) -> bool {
    let Details {
        info, moderated_at, ..
    } = details(post);
    info.privacy_level == Privacy::PublicToEveryone
        && now >= moderated_at
        && !post.marks.under_review
        && post.marks.rejected.is_none()
        && post.marks.failed.is_none()
}

/// Whether a public id may still come.
pub(crate) fn is_waiting_for_moderation(post: &Post, now: Timestamp) -> bool {
    details(post).info.privacy_level == Privacy::PublicToEveryone
        && matches!(
            post.state(now),
            PostState::Processing | PostState::Processed
        )
        && !has_public_id(post, now)
}

/// What a stranger gets to see of a post.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Showing {
    Public,
    /// Not there: no such post, or it is not published yet.
    Absent,
    Deleted,
    /// Moderation has not decided.
    Reviewing,
    /// Moderation refused it.
    Refused,
    /// The creator's account is private.
    PrivateAccount,
    /// For the creator alone, as it was posted.
    SelfOnly,
    /// For others than a stranger.
    Private,
    RegionLocked,
}

impl Showing {
    pub(crate) fn of(post: &Post, settings: &Settings, now: Timestamp) -> Self {
        let details = details(post);
        match post.state(now) {
            PostState::Deleted => return Self::Deleted,
            PostState::Processing | PostState::Failed => return Self::Absent,
            PostState::Rejected => return Self::Refused,
            PostState::Processed => {}
        }
        let marks = &post.marks;
        if settings.is_private(&username(&post.account)) {
            Self::PrivateAccount
        } else if details.info.privacy_level == Privacy::SelfOnly {
            Self::SelfOnly
        } else if marks.private || details.info.privacy_level != Privacy::PublicToEveryone {
            Self::Private
        } else if marks.under_review || now < details.moderated_at {
            Self::Reviewing
        } else if marks.region_locked {
            Self::RegionLocked
        } else {
            Self::Public
        }
    }

    /// `statusCode` and `statusMsg` of the page's data.
    pub(crate) fn status(self) -> (u32, &'static str) {
        match self {
            Self::Public => (0, ""),
            Self::Absent => (10204, "item doesn't exist"),
            Self::Deleted => (10204, "status_deleted"),
            Self::Reviewing => (10204, "status_reviewing"),
            Self::Refused => (10204, "status_audit_not_pass"),
            Self::SelfOnly => (10204, "status_self_see"),
            Self::Private => (10216, "private_item"),
            Self::PrivateAccount => (10222, "private_account"),
            Self::RegionLocked => (10231, "cross_border_violation"),
        }
    }

    /// What people read in its place.
    pub(crate) fn sentence(self) -> &'static str {
        match self {
            Self::Public => "",
            Self::Private | Self::SelfOnly => "This video is private",
            Self::PrivateAccount => "This account is private",
            Self::Reviewing => "This video is being reviewed",
            Self::RegionLocked => "This video isn't available in your country or region",
            Self::Absent | Self::Deleted | Self::Refused => "Video currently unavailable",
        }
    }
}

/// The post with this id, if TikTok has it.
pub(crate) fn find(state: &Shared, post_id: &str) -> Option<Arc<Post>> {
    let post = state.posts.get(post_id)?;
    (post.platform == Platform::Tiktok).then_some(post)
}

/// What strangers see of an account, newest first.
pub(crate) fn public_posts(state: &Shared, open_id: &str, now: Timestamp) -> Vec<Arc<Post>> {
    let settings = state.tiktok.settings();
    let mut posts = state.posts.all();
    posts.retain(|post| {
        post.platform == Platform::Tiktok
            && post.account == open_id
            && Showing::of(post, &settings, now) == Showing::Public
    });
    posts.sort_by_key(|post| std::cmp::Reverse(post.published_at()));
    posts
}

/// Playing time in whole seconds; 0 when the file does not say.
pub(crate) fn seconds(post: &Post) -> u64 {
    post.duration_ms.map_or(0, |ms| ms.div_ceil(1000))
}

pub(crate) fn cover(post: &Post) -> String {
    format!("{PICTURES}/cover/{}.jpeg", post.post_id)
}

pub(crate) fn avatar(open_id: &str) -> String {
    format!("{PICTURES}/avatar/{}.jpeg", &hashed(open_id)[..24])
}

/// The address of the page at the vendor.
pub(crate) fn share_url(post: &Post) -> String {
    let name = username(&post.account);
    format!("https://www.tiktok.com/@{name}/video/{}", post.post_id)
}
