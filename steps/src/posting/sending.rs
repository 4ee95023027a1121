//! Bringing the bytes to a platform, whatever became of earlier ones.

use engine::StepError;
use schema::posts::{self, PostState};

use super::{Job, Posting, Publisher, Upload, moved, rejected};
use crate::endings::Plain;

/// A file whose uploads fail so often for passing reasons has a lasting one.
const MOST_REOPENED: i64 = 3;

impl Posting {
    /// Brings the bytes to the platform, or finds out that they are there, and keeps that in the
    /// row, which it gives.
    pub(crate) async fn bring(
        &self,
        publisher: &dyn Publisher,
        job: &Job<'_>,
    ) -> Result<posts::Model, StepError> {
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
            Upload::Arrived(platform_post_id) => self.sent(job, platform_post_id).await,
            Upload::Incomplete { .. } => Err(StepError::in_doubt(
                "upload_stuck",
                Plain("the upload does not move on".to_owned()),
            )),
            Upload::Dead(said) => Err(self.reopen(publisher, job, &said).await?),
        }
    }

    /// Another upload in the place of one that never becomes a post; the next attempt sends.
    pub(crate) async fn reopen(
        &self,
        publisher: &dyn Publisher,
        job: &Job<'_>,
        said: &str,
    ) -> Result<StepError, StepError> {
        if job.post.reopened >= MOST_REOPENED {
            return job.reject("upload_given_up", said).await;
        }
        let file = self.files.of_post(job.cx, &job.video.source, &job.post);
        let clip = self.files.clip(job.cx, &file.await?).await?;
        let session = publisher.open(job, &clip).await?;
        // Refused: another execution was faster, and the row says what it did.
        posts::reopen(&self.db, &job.post, session, job.cx.now()).await?;
        let text = format!("{said}; another upload is opened");
        Ok(StepError::in_doubt("upload_reopened", Plain(text)))
    }

    async fn send(
        &self,
        publisher: &dyn Publisher,
        job: &Job<'_>,
        next: u64,
    ) -> Result<Upload, StepError> {
        let file = self.files.of_post(job.cx, &job.video.source, &job.post);
        let mut content = file.await?.content;
        publisher.send(job, &mut content, next).await
    }

    /// Keeps that everything is there.
    async fn sent(
        &self,
        job: &Job<'_>,
        platform_post_id: Option<String>,
    ) -> Result<posts::Model, StepError> {
        let id = platform_post_id.as_deref();
        let row = posts::sent(&self.db, &job.post, id, job.cx.now())
            .await?
            .into_model();
        match row.state {
            PostState::Processing | PostState::Posted => Ok(row),
            PostState::Rejected => Err(rejected(&row)),
            _ => Err(moved(&row)),
        }
    }
}
