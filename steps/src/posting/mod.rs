//! What the three `post_…` steps share: the row, the account's client, the text around the video.

use std::collections::BTreeMap;
use std::sync::Arc;

use engine::StepError;
use platforms::youtube::{NewVideo, Privacy, SessionUri, YouTube};
use schema::{DatabaseConnection, posts, videos};
use sha2::{Digest as _, Sha256};

use crate::endings::{Plain, missing};
use crate::services::Services;
use crate::target::Target;

/// YouTube's category "Entertainment".
const CATEGORY: &str = "24";
const TITLE_CHARS: usize = 100;

/// Clients and rows for posting.
#[derive(Clone)]
pub(crate) struct Posting {
    pub(crate) db: DatabaseConnection,
    youtube: BTreeMap<String, Arc<YouTube>>,
    privacy: Privacy,
}

impl Posting {
    pub(crate) fn new(services: &Services) -> Self {
        Self {
            db: services.db.clone(),
            youtube: services.youtube.clone(),
            privacy: services.youtube_privacy,
        }
    }

    /// The client of the target's account.
    pub(crate) fn youtube(&self, target: &Target) -> Result<&YouTube, StepError> {
        if target.platform != "youtube" {
            let text = format!("this build posts to youtube, not to {}", target.platform);
            return Err(StepError::terminal("platform_unsupported", Plain(text)));
        }
        self.youtube
            .get(&target.account)
            .map(Arc::as_ref)
            .ok_or_else(|| {
                let known = self
                    .youtube
                    .keys()
                    .map(String::as_str)
                    .collect::<Vec<_>>()
                    .join(", ");
                StepError::terminal(
                    "account_unknown",
                    Plain(format!(
                        "youtube has no account {}; configured are: {known}",
                        target.account
                    )),
                )
            })
    }

    /// The post's row, which `post_open` has written.
    pub(crate) async fn post(&self, target: &Target) -> Result<posts::Model, StepError> {
        let id = target.post_id();
        posts::get(&self.db, &id)
            .await?
            .ok_or_else(|| missing("post", &id))
    }

    pub(crate) async fn video(&self, target: &Target) -> Result<videos::Model, StepError> {
        videos::get(&self.db, &target.video_id)
            .await?
            .ok_or_else(|| missing("video", &target.video_id))
    }

    /// The text around the video. The marker lets an upload be found again whose answer was lost.
    pub(crate) fn text(&self, video: &videos::Model, post_id: &str) -> NewVideo {
        let hashtags = &video.hashtags.0;
        let caption = if video.caption.trim().is_empty() {
            &video.id
        } else {
            &video.caption
        };
        NewVideo {
            title: caption.chars().take(TITLE_CHARS).collect(),
            description: format!(
                "{}\n\n{}\n\n{}",
                video.caption,
                hashtags.join(" "),
                marker(post_id)
            ),
            tags: hashtags
                .iter()
                .map(|tag| tag.trim_start_matches('#').to_owned())
                .filter(|tag| !tag.is_empty())
                .collect(),
            category_id: CATEGORY.to_owned(),
            privacy: self.privacy,
        }
    }
}

/// What a post's description says so that it can be found again: 16 hex digits of the hash of its id.
#[must_use]
pub fn marker(post_id: &str) -> String {
    let hash: String = Sha256::digest(post_id)
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("ref:{hash}")
}

/// The session and size that the row holds from `open` on.
pub(crate) fn session(post: &posts::Model) -> Result<(SessionUri, u64), StepError> {
    match (
        &post.session,
        post.total_bytes.and_then(|bytes| u64::try_from(bytes).ok()),
    ) {
        (Some(session), Some(total)) => Ok((SessionUri::from_stored(session.clone()), total)),
        _ => Err(missing("upload session of post", &post.id)),
    }
}

/// The ending of a step that finds its post refused, now or earlier.
pub(crate) fn rejected(post: &posts::Model) -> StepError {
    let code = post
        .error_code
        .clone()
        .unwrap_or_else(|| "post_rejected".to_owned());
    let text = post
        .error_message
        .clone()
        .unwrap_or_else(|| "the post was rejected".to_owned());
    StepError::terminal(code, Plain(text))
}

/// The ending of a step that finds its post in doubt.
pub(crate) fn unknown(post: &posts::Model) -> StepError {
    let text = post
        .error_message
        .clone()
        .unwrap_or_else(|| "it is not known whether the post was published".to_owned());
    StepError::unknown("publish_unknown", Plain(text))
}
