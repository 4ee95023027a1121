//! Posting to YouTube: a resumable session, whose last byte publishes the video.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use engine::StepError;
use jiff::SignedDuration;
use media::Probe;
use platforms::youtube::{
    self, NewVideo, Privacy, SessionUri, UploadState, UploadStatus, Video, YouTube,
};
use schema::posts::Session;

use super::{Clip, Confirmed, Job, Published, Publisher, Upload, marker};
use crate::endings::{self, Plain};
use crate::files::VideoFile;
use crate::services::Services;

pub(super) const NAME: &str = "youtube";

/// YouTube's category "Entertainment".
const CATEGORY: &str = "24";
const TITLE_CHARS: usize = 100;
/// The channel's list of uploads lags behind by some seconds. What is not in it so long after the
/// last bytes left will not come.
const LOOKING: SignedDuration = SignedDuration::from_mins(10);
/// Our clock may be ahead of YouTube's.
const SKEW: SignedDuration = SignedDuration::from_mins(1);
const FIRST_POLL: Duration = Duration::from_millis(500);

struct OnYouTube {
    client: Arc<YouTube>,
    privacy: Privacy,
}

/// One for each account.
pub(super) fn publishers(services: &Services) -> BTreeMap<String, Arc<dyn Publisher>> {
    let publisher = |account: &crate::services::YouTubeAccount| -> Arc<dyn Publisher> {
        Arc::new(OnYouTube {
            client: account.client.clone(),
            privacy: account.privacy,
        })
    };
    let accounts = services.youtube.iter();
    accounts
        .map(|(name, account)| (name.clone(), publisher(account)))
        .collect()
}

#[async_trait::async_trait]
impl Publisher for OnYouTube {
    /// From YouTube's list of file formats, which has no Matroska.
    fn takes(&self, file: &Probe) -> bool {
        matches!(file.container.as_str(), "mp4" | "mov" | "webm")
    }

    async fn open(&self, job: &Job<'_>, clip: &Clip) -> Result<Session, StepError> {
        let file = youtube::Clip {
            bytes: clip.bytes,
            duration: Duration::from_millis(clip.probe.duration_ms),
        };
        let session = self
            .client
            .open_session(&self.text(job), &file)
            .await
            .map_err(|error| endings::platform(job.cx, error))?;
        Ok(clip.session(session.expose().to_owned(), None))
    }

    async fn find_out(&self, job: &Job<'_>) -> Result<Upload, StepError> {
        let (session, total) = job.session()?;
        let state = self
            .client
            .session_state(&SessionUri::from_stored(session.to_owned()), total)
            .await
            .map_err(|error| endings::asking(job.cx, error))?;
        let said = match state {
            UploadState::Complete(video) => return Ok(Upload::Arrived(Some(video.id))),
            UploadState::Incomplete { next_byte } if next_byte < total => {
                return Ok(Upload::Incomplete { next: next_byte });
            }
            UploadState::Incomplete { .. } => "the upload session has all bytes and names no video",
            UploadState::Gone => "the upload session is gone",
        };
        self.look_for_it(job, said).await
    }

    async fn send(
        &self,
        job: &Job<'_>,
        file: &mut VideoFile,
        mut next: u64,
    ) -> Result<Upload, StepError> {
        let (session, total) = job.session()?;
        let uri = SessionUri::from_stored(session.to_owned());
        loop {
            let chunk = file.part(next, self.client.chunk_bytes()).await?;
            job.allow().await?;
            match self
                .client
                .send_chunk(&uri, next, total, chunk)
                .await
                .map_err(|error| endings::sending(job.cx, error))?
            {
                UploadState::Complete(video) => return Ok(Upload::Arrived(Some(video.id))),
                UploadState::Incomplete { next_byte } if next_byte > next && next_byte < total => {
                    next = next_byte;
                }
                UploadState::Incomplete { .. } => return Ok(Upload::Incomplete { next }),
                UploadState::Gone => {
                    let text = "the upload session is gone".to_owned();
                    return Err(StepError::in_doubt("upload_session_gone", Plain(text)));
                }
            }
        }
    }

    async fn confirm(&self, job: &Job<'_>) -> Result<Confirmed, StepError> {
        let id = job.post.platform_post_id.as_deref();
        let id = id.ok_or_else(|| endings::missing("sent post", &job.post.id))?;
        let Some(video) = self
            .client
            .video(id)
            .await
            .map_err(|error| endings::platform(job.cx, error))?
        else {
            return Err(self.again(job, "the platform does not show the post yet"));
        };
        let said = |reason: &str| format!("YouTube says: {reason}");
        match video {
            Video {
                upload_status: UploadStatus::Processed,
                published_at: Some(at),
                ..
            } => Ok(Confirmed::Published(Published {
                at,
                platform_post_id: Some(id.to_owned()),
                url: Some(format!("https://www.youtube.com/shorts/{id}")),
            })),
            Video {
                upload_status: UploadStatus::Failed { reason },
                ..
            } => Err(job
                .reject("youtube_processing_failed", &said(&reason))
                .await?),
            Video {
                upload_status: UploadStatus::Rejected { reason },
                ..
            } => Err(job.reject("youtube_rejected", &said(&reason)).await?),
            Video {
                upload_status: UploadStatus::Deleted,
                ..
            } => Err(job.reject("youtube_deleted", &said("deleted")).await?),
            _ => Err(self.again(job, "the platform has not finished processing")),
        }
    }
}

impl OnYouTube {
    fn again(&self, job: &Job<'_>, what: &str) -> StepError {
        job.again(FIRST_POLL, 0.1, what)
    }

    /// The session does not say what became of the bytes; the channel's own list may.
    async fn look_for_it(&self, job: &Job<'_>, said: &str) -> Result<Upload, StepError> {
        let post = &job.post;
        let since = post.prepared_at();
        let since = since.saturating_sub(SKEW).unwrap_or(since);
        let found = self
            .client
            .find_upload(&marker(&post.id), since)
            .await
            .map_err(|error| endings::asking(job.cx, error))?;
        if found.is_some() {
            return Ok(Upload::Arrived(found));
        }
        if job.since(post.updated_at()) < LOOKING {
            let text = format!("{said}, and the upload is not in the channel yet");
            return Err(StepError::in_doubt("upload_not_listed", Plain(text)));
        }
        let text = format!(
            "{said}, and no video with our marker is in the channel; look there before anything is sent again"
        );
        Err(job.give_up(&text).await?)
    }

    /// The text around the video. The marker lets an upload be found again whose answer was lost.
    fn text(&self, job: &Job<'_>) -> NewVideo {
        let video = &job.video;
        let hashtags = &video.hashtags.0;
        let caption = match video.caption.trim().is_empty() {
            true => &video.id,
            false => &video.caption,
        };
        NewVideo {
            title: caption.chars().take(TITLE_CHARS).collect(),
            description: format!(
                "{}\n\n{}\n\n{}",
                video.caption,
                hashtags.join(" "),
                marker(&job.post.id)
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
