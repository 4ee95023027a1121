//! `post_confirm`: waits until the platform says that the post is published.

use std::time::Duration;

use engine::ending::When;
use engine::{Step, StepContext, StepError};
use jiff::{SignedDuration, Timestamp};
use platforms::youtube::{UploadStatus, Video};
use schema::posts::{self, PostState};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::endings::{self, Plain};
use crate::posting::{Posting, rejected, unknown};
use crate::services::Services;
use crate::target::Target;

/// Between two looks at a young post, and at one that takes long.
const FIRST_POLL: Duration = Duration::from_millis(500);
const LAST_POLL: Duration = Duration::from_secs(60);
/// A platform that has not made up its mind by then will not.
const PATIENCE: SignedDuration = SignedDuration::from_hours(24);

/// Asks the platform about the post, with durable waits in between.
pub struct PostConfirm {
    posting: Posting,
}

/// A published post.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Posted {
    /// Our post.
    pub post_id: String,
    /// The platform's id of it.
    pub platform_post_id: String,
    /// Where people see it.
    pub url: String,
    /// When it was published, by the platform's clock.
    pub published_at: Timestamp,
}

impl PostConfirm {
    /// From the program's services.
    #[must_use]
    pub fn new(services: &Services) -> Self {
        Self {
            posting: Posting::new(services),
        }
    }

    async fn published(
        &self,
        cx: &StepContext,
        post: &posts::Model,
        id: String,
        at: Timestamp,
    ) -> Result<Posted, StepError> {
        let url = format!("https://www.youtube.com/shorts/{id}");
        let row = posts::posted(&self.posting.db, &post.id, at, Some(&url), cx.now())
            .await?
            .into_model();
        // Refused when another execution was faster; then its instant is the one.
        let published_at = row.published_at().unwrap_or(at);
        Ok(Posted {
            post_id: row.id,
            platform_post_id: id,
            url,
            published_at,
        })
    }

    async fn reject(
        &self,
        cx: &StepContext,
        post: &posts::Model,
        code: &str,
        reason: &str,
    ) -> Result<StepError, StepError> {
        let text = format!("YouTube says: {reason}");
        let row = posts::reject(&self.posting.db, &post.id, code, &text, cx.now())
            .await?
            .into_model();
        Ok(rejected(&row))
    }
}

/// When to look again: soon at first, then less and less often, and not for ever. It counts from when
/// the platform had all bytes, because sending them may have taken long.
fn again(post: &posts::Model, now: Timestamp, what: &str) -> StepError {
    let since = now.duration_since(post.updated_at());
    if since > PATIENCE {
        return StepError::terminal("post_not_confirmed", Plain(format!("{what} for a day")));
    }
    let wait = Duration::try_from(since)
        .unwrap_or_default()
        .div_f64(10.0)
        .clamp(FIRST_POLL, LAST_POLL);
    StepError::later("post_processing", When::After(wait), Plain(what.to_owned()))
}

impl Step for PostConfirm {
    const NAME: &'static str = "post_confirm";
    type Input = Target;
    type Output = Posted;

    async fn run(&self, cx: &StepContext, target: Target) -> Result<Posted, StepError> {
        let youtube = self.posting.youtube(&target)?;
        let post = self.posting.post(&target).await?;
        let id = match (&post.platform_post_id, post.state) {
            (_, PostState::Rejected) => return Err(rejected(&post)),
            (_, PostState::Unknown) => return Err(unknown(&post)),
            (Some(id), _) => id.clone(),
            (None, _) => return Err(endings::missing("sent post", &post.id)),
        };
        let Some(video) = youtube
            .video(&id)
            .await
            .map_err(|error| endings::platform(cx, error))?
        else {
            return Err(again(
                &post,
                cx.now(),
                "the platform does not show the post yet",
            ));
        };
        match video {
            Video {
                upload_status: UploadStatus::Processed,
                published_at: Some(at),
                ..
            } => self.published(cx, &post, id, at).await,
            Video {
                upload_status: UploadStatus::Failed { reason },
                ..
            } => Err(self
                .reject(cx, &post, "youtube_processing_failed", &reason)
                .await?),
            Video {
                upload_status: UploadStatus::Rejected { reason },
                ..
            } => Err(self.reject(cx, &post, "youtube_rejected", &reason).await?),
            Video {
                upload_status: UploadStatus::Deleted,
                ..
            } => Err(self.reject(cx, &post, "youtube_deleted", "deleted").await?),
            _ => Err(again(
                &post,
                cx.now(),
                "the platform has not finished processing",
            )),
        }
    }
}
