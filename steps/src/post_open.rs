//! `post_open`: checks file and text, and opens the upload session. Nothing is published by it.

use std::path::PathBuf;
use std::sync::Arc;

use engine::{Policy, Step, StepContext, StepError};
use media::Media;
use platforms::youtube::YouTube;
use schema::posts::{self, NewPost, PostState, Session, Transition};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::endings;
use crate::files::{self, VideoFile};
use crate::posting::{Posting, rejected, unknown};
use crate::services::Services;
use crate::target::Target;

/// Opens an upload session. Repeatable: of two sessions only the one in the row is ever used, and
/// an unused one disappears.
pub struct PostOpen {
    posting: Posting,
    media: Arc<Media>,
    inbox: PathBuf,
}

/// A post whose bytes may leave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Opened {
    /// The post. Its session is in its row only: it is a secret.
    pub post_id: String,
}

impl PostOpen {
    /// From the program's services.
    #[must_use]
    pub fn new(services: &Services) -> Self {
        Self {
            posting: Posting::new(services),
            media: services.media.clone(),
            inbox: services.inbox.clone(),
        }
    }

    async fn open(
        &self,
        cx: &StepContext,
        target: &Target,
        youtube: &YouTube,
    ) -> Result<Transition, StepError> {
        let post_id = target.post_id();
        let video = self.posting.video(target).await?;
        let path = files::locate(&self.inbox, &video.source).await?;
        self.media.probe(&path).await.map_err(endings::media)?;
        let file = VideoFile::open(&path).await?;
        let text = self.posting.text(&video, &post_id);
        let session = youtube
            .open_session(&text, file.bytes)
            .await
            .map_err(|error| endings::platform(cx, error))?;
        let opened = Session {
            session: session.expose().to_owned(),
            total_bytes: i64::try_from(file.bytes).unwrap_or(i64::MAX),
            content_sha256: file.sha256,
        };
        Ok(posts::open(&self.posting.db, &post_id, opened, None, cx.now()).await?)
    }
}

impl Step for PostOpen {
    const NAME: &'static str = "post_open";
    type Input = Target;
    type Output = Opened;

    /// Looking at a large file takes long, and a worker that is restarted often is no reason to
    /// give a video up.
    fn policy() -> Policy {
        Policy {
            max_interrupted: 30,
            ..Policy::default()
        }
    }

    async fn run(&self, cx: &StepContext, target: Target) -> Result<Opened, StepError> {
        let youtube = self.posting.youtube(&target)?;
        let new = NewPost {
            video_id: target.video_id.clone(),
            platform: target.platform.clone(),
            account: target.account.clone(),
        };
        let mut post = posts::prepare(&self.posting.db, new, cx.now()).await?;
        if post.state == PostState::Prepared {
            // Refused: another execution was faster, and its session is the one.
            post = self.open(cx, &target, youtube).await?.into_model();
        }
        match post.state {
            PostState::Rejected => Err(rejected(&post)),
            PostState::Unknown => Err(unknown(&post)),
            _ => Ok(Opened { post_id: post.id }),
        }
    }
}
