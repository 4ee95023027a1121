//! `post_open`: checks file and text, and opens the upload. Nothing is published by it.

use std::time::Duration;

use engine::{Policy, Step, StepContext, StepError};
use schema::posts::{self, NewPost, PostState};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::posting::{Posting, rejected, unknown};
use crate::services::Services;
use crate::target::Target;

/// Opens an upload. Repeatable: of two uploads only the one in the row is ever used, and an unused
/// one disappears.
pub struct PostOpen {
    posting: Posting,
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
        }
    }

    async fn open(
        &self,
        cx: &StepContext,
        target: &Target,
        post: posts::Model,
    ) -> Result<posts::Model, StepError> {
        let publisher = self.posting.publisher(target)?;
        let job = self.posting.job_on(cx, target, post).await?;
        let source = &job.video.source;
        let takes = |probe: &_| publisher.takes(probe);
        let clip = self.posting.files.for_post(cx, source, takes).await?;
        let session = publisher.open(&job, &clip).await?;
        // Refused: another execution was faster, and its upload is the one.
        let opened = posts::open(&self.posting.db, &job.post.id, session, None, cx.now());
        Ok(opened.await?.into_model())
    }
}

impl Step for PostOpen {
    const NAME: &'static str = "post_open";
    type Input = Target;
    type Output = Opened;

    /// Fetching, transcoding and looking at a large file take long, and a worker that is restarted often is no reason to
    /// give a video up.
    fn policy() -> Policy {
        Policy {
            time_limit: Duration::from_secs(40 * 60),
            max_interrupted: 100,
            ..Policy::default()
        }
    }

    async fn run(&self, cx: &StepContext, target: Target) -> Result<Opened, StepError> {
        // Before the row: what can never be posted leaves none behind.
        self.posting.publisher(&target)?;
        let new = NewPost {
            video_id: target.video_id.clone(),
            platform: target.platform.clone(),
            account: target.account.clone(),
        };
        let mut post = posts::prepare(&self.posting.db, new, cx.now()).await?;
        if post.state == PostState::Prepared {
            post = self.open(cx, &target, post).await?;
        }
        match post.state {
            PostState::Rejected => Err(rejected(&post)),
            PostState::Unknown => Err(unknown(&post)),
            _ => Ok(Opened { post_id: post.id }),
        }
    }
}
