//! Posting to TikTok: an upload whose last piece makes the post, which then has to be published.
//!
//! Nothing is posted until the last byte has arrived, and before a second upload is opened TikTok
//! is asked what became of the first.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use engine::StepError;
use engine::ending::When;
use jiff::SignedDuration;
use media::Probe;
use platforms::tiktok::{
    self, ChunkPlan, Container, CreatorInfo, NewPost, PrivacyLevel, PublishId, PublishStatus,
    TikTok, UploadState, UploadUrl,
};
use schema::posts::Session;
use schema::videos;
use serde::{Deserialize, Serialize};

use super::{Clip, Confirmed, Job, PATIENCE, Published, Publisher, Upload};
use crate::endings::{self, Plain, missing};
use crate::files::VideoFile;
use crate::services::Services;
use crate::tokens::TikTokTokens;

pub(super) const NAME: &str = "tiktok";

/// An upload's address is good for an hour. What TikTok does not have a good while later, it never
/// will: by then no request is under way, and its numbers have caught up.
const DEAD_AFTER: SignedDuration = SignedDuration::from_mins(75);
/// Between two looks at an upload whose address is gone.
const GONE_POLL: Duration = Duration::from_secs(60);
/// TikTok allows 30 such questions a minute for all posts of an account.
const FIRST_POLL: Duration = Duration::from_secs(2);

struct OnTikTok {
    client: Arc<TikTok>,
    tokens: TikTokTokens,
    privacy: PrivacyLevel,
}

/// What is needed to go on with an upload; kept as JSON in the post's row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TikTokSession {
    upload_url: String,
    chunk_bytes: u64,
    container: Container,
    /// The creator's name, without the `@`: a part of the post's address.
    pub(crate) username: String,
}

impl TikTokSession {
    /// Reads what the row keeps.
    pub(crate) fn of(post: &schema::posts::Model) -> Result<Self, StepError> {
        post.session
            .as_deref()
            .and_then(|session| serde_json::from_str(session).ok())
            .ok_or_else(|| missing("upload session of post", &post.id))
    }
}

/// One for each account.
pub(super) fn publishers(services: &Services) -> BTreeMap<String, Arc<dyn Publisher>> {
    let publisher = |name: &String, account: &crate::services::TikTokAccount| {
        let publisher: Arc<dyn Publisher> = Arc::new(OnTikTok {
            client: account.client.clone(),
            tokens: TikTokTokens::new(
                services.db.clone(),
                account.client.clone(),
                name.clone(),
                account.refresh_token.clone(),
            ),
            privacy: account.privacy,
        });
        (name.clone(), publisher)
    };
    let accounts = services.tiktok.iter();
    accounts
        .map(|(name, account)| publisher(name, account))
        .collect()
}

#[async_trait::async_trait]
impl Publisher for OnTikTok {
    /// From the media transfer guide: MP4, `WebM` or MOV with H.264, H.265, VP8 or VP9.
    fn takes(&self, file: &Probe) -> bool {
        container(file).is_some()
            && matches!(file.video_codec.as_str(), "h264" | "h265" | "vp8" | "vp9")
            && file.frame_rate.is_none_or(|rate| rate.round() <= 60.0)
            && file.width.max(file.height) <= 4096
    }

    async fn open(&self, job: &Job<'_>, clip: &Clip) -> Result<Session, StepError> {
        let creator = self
            .tokens
            .lend(job.cx, async |token| self.client.creator_info(token).await)
            .await?
            .map_err(|error| endings::platform(job.cx, error))?;
        let (post, facts) = (self.text(&job.video), facts(clip));
        let upload = self
            .tokens
            .lend(job.cx, async |token| {
                self.client
                    .init_file_upload(token, &post, &facts, &creator)
                    .await
            })
            .await?
            .map_err(|error| endings::platform(job.cx, error))?;
        let CreatorInfo { username, .. } = creator;
        let session = TikTokSession {
            upload_url: upload.upload_url.expose().to_owned(),
            chunk_bytes: upload.plan.chunk_bytes(),
            // One that was not taken would have been transcoded to MP4.
            container: container(&clip.probe).unwrap_or(Container::Mp4),
            username,
        };
        let session = serde_json::to_string(&session)?;
        Ok(clip.session(session, Some(upload.publish_id.expose().to_owned())))
    }

    async fn find_out(&self, job: &Job<'_>) -> Result<Upload, StepError> {
        let plan = plan(job, &TikTokSession::of(&job.post)?)?;
        match self.status(job).await? {
            PublishStatus::ProcessingUpload { uploaded_bytes } => {
                match uploaded_bytes.map(|bytes| plan.chunk_with(bytes)) {
                    Some(None) => Ok(Upload::Arrived(None)),
                    Some(Some(_)) if is_dead(job) => Ok(Upload::Dead(
                        "the upload was not finished within its hour".to_owned(),
                    )),
                    Some(Some(next)) => Ok(Upload::Incomplete { next }),
                    // The first piece is sent again, and TikTok answers how far it is.
                    None => Ok(Upload::Incomplete { next: 0 }),
                }
            }
            PublishStatus::Complete { post_ids } => {
                Ok(Upload::Arrived(post_ids.into_iter().next()))
            }
            PublishStatus::Failed { reason } if reason.is_temporary() => {
                Ok(Upload::Dead(format!("TikTok says: {}", reason.word())))
            }
            PublishStatus::Failed { reason } => {
                let text = format!("TikTok says: {}", reason.word());
                Err(job.reject(reason.error_code(), &text).await?)
            }
            PublishStatus::ProcessingDownload { .. }
            | PublishStatus::InInbox
            | PublishStatus::Other(_) => {
                let text = "TikTok's word for the post is not one of an upload".to_owned();
                Err(StepError::in_doubt("upload_moved", Plain(text)))
            }
        }
    }

    async fn send(
        &self,
        job: &Job<'_>,
        file: &mut VideoFile,
        mut next: u64,
    ) -> Result<Upload, StepError> {
        let session = TikTokSession::of(&job.post)?;
        let plan = plan(job, &session)?;
        let url = UploadUrl::from_stored(session.upload_url);
        while let Some(range) = plan.range(next) {
            let chunk = file.part(range.start, range.end - range.start).await?;
            job.allow().await?;
            match self
                .client
                .send_chunk(&url, &plan, next, session.container, chunk)
                .await
                .map_err(|error| endings::sending(job.cx, error))?
            {
                UploadState::Complete => return Ok(Upload::Arrived(None)),
                UploadState::Incomplete { next_chunk } if next_chunk > next => next = next_chunk,
                UploadState::Incomplete { .. } => return Ok(Upload::Incomplete { next }),
                // An upload that was finished loses its address too, and TikTok's numbers may be
                // old, or missing: only time tells the one from the other.
                UploadState::Gone => {
                    return match self.find_out(job).await? {
                        Upload::Incomplete { .. } => Err(gone(job).await?),
                        known => Ok(known),
                    };
                }
            }
        }
        Ok(Upload::Arrived(None))
    }

    async fn confirm(&self, job: &Job<'_>) -> Result<Confirmed, StepError> {
        match self.status(job).await? {
            PublishStatus::Complete { post_ids } => {
                let username = TikTokSession::of(&job.post)?.username;
                let id = post_ids.into_iter().next();
                Ok(Confirmed::Published(Published {
                    // TikTok does not say when; it was since the last look.
                    at: job.cx.now(),
                    url: id.as_deref().map(|id| address(&username, id)),
                    platform_post_id: id,
                }))
            }
            PublishStatus::Failed { reason } if reason.is_temporary() => {
                let text = format!("TikTok says: {}", reason.word());
                Ok(Confirmed::Dead(text))
            }
            PublishStatus::Failed { reason } => {
                let text = format!("TikTok says: {}", reason.word());
                Err(job.reject(reason.error_code(), &text).await?)
            }
            _ => Err(job.again(FIRST_POLL, 0.2, "TikTok has not published the post yet")),
        }
    }
}

impl OnTikTok {
    async fn status(&self, job: &Job<'_>) -> Result<PublishStatus, StepError> {
        let id = PublishId::from_stored(job.upload_id()?.to_owned());
        self.tokens
            .lend(job.cx, async |token| self.client.status(token, &id).await)
            .await?
            .map_err(|error| endings::asking(job.cx, error))
    }

    fn text(&self, video: &videos::Model) -> NewPost {
        NewPost {
            caption: video.caption.clone(),
            hashtags: video.hashtags.0.clone(),
            privacy: self.privacy,
            allow_comments: true,
            allow_duets: true,
            allow_stitches: true,
            cover_ms: None,
            made_by_ai: false,
            paid_partnership: false,
            own_business: false,
        }
    }
}

/// Where people see a post.
pub(crate) fn address(username: &str, id: &str) -> String {
    format!("https://www.tiktok.com/@{username}/video/{id}")
}

/// Whether nobody can go on with the upload any more.
fn is_dead(job: &Job<'_>) -> bool {
    let opened = job.post.opened_at();
    opened.is_some_and(|opened| job.since(opened) > DEAD_AFTER)
}

/// Not for ever: an upload of which TikTok says for a day neither how far it is nor that it failed.
async fn gone(job: &Job<'_>) -> Result<StepError, StepError> {
    let text = "the upload's address is gone, and TikTok does not say that all bytes are there";
    if job
        .post
        .opened_at()
        .is_some_and(|opened| job.since(opened) > PATIENCE)
    {
        return job.give_up(text).await;
    }
    let when = When::After(GONE_POLL);
    Ok(StepError::later(
        "upload_address_gone",
        when,
        Plain(text.to_owned()),
    ))
}

fn plan(job: &Job<'_>, session: &TikTokSession) -> Result<ChunkPlan, StepError> {
    let (_, total) = job.session()?;
    ChunkPlan::new(total, session.chunk_bytes)
        .ok_or_else(|| missing("upload session of post", &job.post.id))
}

fn container(file: &Probe) -> Option<Container> {
    match file.container.as_str() {
        "mp4" => Some(Container::Mp4),
        "mov" => Some(Container::Mov),
        "webm" => Some(Container::Webm),
        _ => None,
    }
}

fn facts(clip: &Clip) -> tiktok::Clip {
    tiktok::Clip {
        bytes: clip.bytes,
        duration: Duration::from_millis(clip.probe.duration_ms),
        width: clip.probe.width,
        height: clip.probe.height,
        frame_rate: clip.probe.frame_rate,
    }
}
