//! `post_send`: sends the bytes. On some platforms the video is published with the last one.

use std::time::Duration;

use engine::{Asked, Policy, Step, StepContext, StepError};
use schema::posts::{self, PostState};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::endings::Plain;
use crate::posting::{Job, Posting, Publisher, Upload, moved, rejected, unknown};
use crate::services::Services;
use crate::target::Target;

/// Sends the bytes into the upload of the post's row. Not repeatable: it asks the platform what
/// became of them before anything is sent again.
pub struct PostSend {
    posting: Posting,
}

/// What the platform made of the bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Sent {
    /// The platform's id of the post, where it has one by now.
    pub platform_post_id: Option<String>,
}

impl PostSend {
    /// From the program's services.
    #[must_use]
    pub fn new(services: &Services) -> Self {
        Self {
            posting: Posting::new(services),
        }
    }

    /// Brings the bytes to the platform, or finds out that they are there.
    async fn bring(
        &self,
        publisher: &dyn Publisher,
        job: &Job<'_>,
    ) -> Result<Option<String>, StepError> {
        let upload = match job.post.state {
            // Bytes were allowed to leave in another run or attempt: ask, whatever the engine knows.
            PostState::Sending => publisher.find_out(job).await?,
            _ => Upload::Incomplete { next: 0 },
        };
        let upload = match upload {
            Upload::Incomplete { next } => self.send(publisher, job, next).await?,
            known => known,
        };
        match upload {
            Upload::Arrived(platform_post_id) => Ok(platform_post_id),
            Upload::Incomplete { .. } => Err(StepError::in_doubt(
                "upload_stuck",
                Plain("the upload does not move on".to_owned()),
            )),
            Upload::Dead(said) => Err(self.reopen(publisher, job, &said).await?),
        }
    }

    async fn send(
        &self,
        publisher: &dyn Publisher,
        job: &Job<'_>,
        next: u64,
    ) -> Result<Upload, StepError> {
        let files = &self.posting.files;
        let mut file = files
            .of_post(job.cx, &job.video.source, &job.post)
            .await?
            .content;
        publisher.send(job, &mut file, next).await
    }

    /// Another upload in the place of one that never becomes a post; the next attempt sends.
    async fn reopen(
        &self,
        publisher: &dyn Publisher,
        job: &Job<'_>,
        said: &str,
    ) -> Result<StepError, StepError> {
        let (old, _) = job.session()?;
        let files = &self.posting.files;
        let file = files.of_post(job.cx, &job.video.source, &job.post).await?;
        let clip = files.clip(&file).await?;
        let session = publisher.open(job, &clip).await?;
        let (db, id) = (&self.posting.db, &job.post.id);
        // Refused: another execution was faster, and its upload is the one.
        posts::reopen(db, id, session, old, job.cx.now()).await?;
        let text = format!("{said}; another upload is opened");
        Ok(StepError::in_doubt("upload_reopened", Plain(text)))
    }

    /// Keeps that everything is there.
    async fn link(
        &self,
        job: &Job<'_>,
        platform_post_id: Option<String>,
    ) -> Result<Sent, StepError> {
        let (db, id) = (&self.posting.db, &job.post.id);
        let linked = posts::sent(db, id, platform_post_id.as_deref(), job.cx.now())
            .await?
            .into_model();
        match linked.state {
            PostState::Rejected => Err(rejected(&linked)),
            PostState::Processing | PostState::Posted => Ok(Sent {
                platform_post_id: linked.platform_post_id,
            }),
            _ => Err(moved(&linked)),
        }
    }
}

impl Step for PostSend {
    const NAME: &'static str = "post_send";
    const REPEATABLE: bool = false;
    type Input = Target;
    type Output = Sent;

    /// Sending takes long, and a worker that is restarted often is no reason to give a post up: each
    /// execution goes on where the upload is.
    fn policy() -> Policy {
        Policy {
            time_limit: Duration::from_secs(30 * 60),
            max_interrupted: 100,
            ..Policy::default()
        }
    }

    async fn run(&self, cx: &StepContext, target: Target) -> Result<Sent, StepError> {
        let publisher = self.posting.publisher(&target)?;
        let job = self.posting.job(cx, &target).await?;
        match job.post.state {
            PostState::Rejected => Err(rejected(&job.post)),
            PostState::Unknown => Err(unknown(&job.post)),
            PostState::Processing | PostState::Posted => Ok(Sent {
                platform_post_id: job.post.platform_post_id,
            }),
            PostState::Prepared | PostState::Open | PostState::Sending => {
                let platform_post_id = self.bring(publisher, &job).await?;
                self.link(&job, platform_post_id).await
            }
        }
    }

    /// The row's state says whether bytes may have left; `run` asks the platform by it, so nothing
    /// has to be found out twice.
    async fn ask(&self, _cx: &StepContext, _target: &Target) -> Result<Asked<Sent>, StepError> {
        Ok(Asked::NotActed)
    }
}
