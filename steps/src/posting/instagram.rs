//! Posting to Instagram: a container, its bytes, and then one call that publishes it.
//!
//! A container is published at most once, and only by [`confirm`](Publisher::confirm), after the row
//! says that the platform has everything. Before that a container may be thrown away and made anew.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use engine::StepError;
use engine::ending::When;
use jiff::SignedDuration;
use media::Probe;
use platforms::instagram::{
    ContainerFailure, ContainerId, ContainerState, Instagram, Media, MediaId, NewReel, VideoSource,
};
use platforms::{Meaning, PlatformError};
use schema::posts::{self, Session};
use schema::videos;

use super::{Clip, Confirmed, Job, Published, Publisher, Upload, caption, moved};
use crate::endings::{self, Plain, missing};
use crate::files::VideoFile;
use crate::services::Services;

pub(super) const NAME: &str = "instagram";

/// Meta asks for about one question a minute; the first few come sooner, for clips of seconds.
const FIRST_POLL: Duration = Duration::from_secs(2);
const PART: f64 = 0.3;
/// The account's list of posts lags behind. What is not in it so long after publishing was asked
/// for will not come.
const LOOKING: SignedDuration = SignedDuration::from_mins(10);
/// Clocks differ, and Instagram leaves fractions of a second out.
const SKEW: SignedDuration = SignedDuration::from_secs(60);
/// A window that slides: a place in it comes free at an unknown time.
const FULL_WAIT: Duration = Duration::from_secs(30 * 60);

struct OnInstagram {
    client: Arc<Instagram>,
    share_to_feed: bool,
}

/// One for each account.
pub(super) fn publishers(services: &Services) -> BTreeMap<String, Arc<dyn Publisher>> {
    let publisher = |account: &crate::services::InstagramAccount| -> Arc<dyn Publisher> {
        Arc::new(OnInstagram {
            client: account.client.clone(),
            share_to_feed: account.share_to_feed,
        })
    };
    let accounts = services.instagram.iter();
    accounts
        .map(|(name, account)| (name.clone(), publisher(account)))
        .collect()
}

#[async_trait::async_trait]
impl Publisher for OnInstagram {
    /// From the specification of reels: MOV or MP4 with HEVC or H.264, AAC or no sound, 23 to 60
    /// frames a second, at most 1920 pixels wide.
    fn takes(&self, file: &Probe) -> bool {
        matches!(file.container.as_str(), "mp4" | "mov")
            && matches!(file.video_codec.as_str(), "h264" | "h265")
            && file
                .audio_codec
                .as_deref()
                .is_none_or(|codec| codec == "aac")
            && file.frame_rate.is_none_or(|rate| rate.round() <= 60.0)
            && file.width <= 1920
    }

    async fn open(&self, job: &Job<'_>, clip: &Clip) -> Result<Session, StepError> {
        let ending = |error| endings::platform(job.cx, error);
        let reel = NewReel {
            caption: caption(&job.video),
            share_to_feed: self.share_to_feed,
            duration_ms: clip.probe.duration_ms,
            bytes: clip.bytes,
            frame_rate: clip.probe.frame_rate,
        };
        // Nobody has to wait for a free post to hear that.
        reel.check("create_container").map_err(ending)?;
        let limit = self.client.publishing_limit().await.map_err(ending)?;
        if limit.used >= limit.total {
            let (used, total) = (limit.used, limit.total);
            let text = format!("{used} of the {total} posts of 24 hours are used up");
            let when = When::After(FULL_WAIT);
            return Err(StepError::later(
                "instagram_posts_used_up",
                when,
                Plain(text),
            ));
        }
        let made = self
            .client
            .create_container(&reel, &VideoSource::Upload)
            .await;
        let container = made.map_err(ending)?.as_str().to_owned();
        Ok(clip.session(container.clone(), Some(container)))
    }

    async fn find_out(&self, job: &Job<'_>) -> Result<Upload, StepError> {
        let state = match self.client.container_status(&container(job)?).await {
            Ok(state) => state,
            // Meta also says so of containers that are there. One that stays away was never published,
            // so nothing is lost with it.
            Err(error) if is_gone(error.code()) => {
                return match job.since(job.post.updated_at()) < LOOKING {
                    true => Err(self.again(job)),
                    false => Ok(Upload::Dead(error.to_string())),
                };
            }
            Err(error) => return Err(endings::asking(job.cx, error)),
        };
        match state {
            ContainerState::InProgress if job.post.arrived_at_ms.is_none() => {
                Ok(Upload::Incomplete { next: 0 })
            }
            ContainerState::InProgress => Err(self.again(job)),
            ContainerState::Finished | ContainerState::Published => Ok(Upload::Arrived(None)),
            ContainerState::Expired => Ok(Upload::Dead("the container has expired".to_owned())),
            ContainerState::Failed(failure) => self.failed(job, &failure).await,
            ContainerState::Other(word) => {
                let text = format!("the container's state is {word}, which is not known here");
                Err(StepError::in_doubt("upload_moved", Plain(text)))
            }
        }
    }

    async fn send(
        &self,
        job: &Job<'_>,
        file: &mut VideoFile,
        _next: u64,
    ) -> Result<Upload, StepError> {
        let bytes = file.stream().await?;
        job.allow().await?;
        let sent = self
            .client
            .send_bytes(&container(job)?, file.bytes, bytes)
            .await;
        match sent {
            Ok(()) => {}
            // Its status says whether that is so.
            Err(error) if is_gone(error.code()) => return Err(self.again(job)),
            Err(error) if is_refusal(&error) => return Err(refused(job, &error).await?),
            Err(error) => return Err(endings::sending(job.cx, error)),
        }
        let (session, _) = job.session()?;
        posts::arrived(job.db, &job.post.id, session, job.cx.now()).await?;
        Err(self.again(job))
    }

    async fn confirm(&self, job: &Job<'_>) -> Result<Confirmed, StepError> {
        let id = match &job.post.platform_post_id {
            Some(id) => MediaId::from_stored(id.clone()),
            None => self.publish(job).await?,
        };
        let post = self
            .client
            .media(&id)
            .await
            .map_err(|error| endings::platform(job.cx, error))?;
        match post {
            Some(Media {
                published_at: Some(at),
                permalink,
                ..
            }) => Ok(Confirmed::Published(Published {
                at,
                platform_post_id: Some(id.as_str().to_owned()),
                url: permalink,
            })),
            _ => Err(self.again(job)),
        }
    }
}

impl OnInstagram {
    fn again(&self, job: &Job<'_>) -> StepError {
        job.again(FIRST_POLL, PART, "Instagram has not finished processing")
    }

    /// A container that cannot be published: another one may fare better, or nothing will.
    async fn failed(&self, job: &Job<'_>, failure: &ContainerFailure) -> Result<Upload, StepError> {
        let error = failure.error();
        match error.meaning() {
            Meaning::Terminal => Err(job.reject(error.code(), &error.to_string()).await?),
            _ => Ok(Upload::Dead(error.to_string())),
        }
    }

    /// The id of the post: publishes the container, unless somebody has done so already.
    async fn publish(&self, job: &Job<'_>) -> Result<MediaId, StepError> {
        let container = container(job)?;
        let state = match self.client.container_status(&container).await {
            Ok(state) => state,
            Err(error) if is_gone(error.code()) => return self.look_for_it(job, &error).await,
            Err(error) => return Err(endings::asking(job.cx, error)),
        };
        let said = match state {
            ContainerState::Finished => {
                // Kept before the request: what follows it is read by whether it is the first.
                if !posts::publishing(job.db, &job.post, job.cx.now()).await? {
                    return Err(moved(&job.post));
                }
                return match self.client.publish(&container).await {
                    Ok(id) => self.link(job, id).await,
                    Err(error) => Err(self.not_published(job, error).await?),
                };
            }
            ContainerState::InProgress => return Err(self.again(job)),
            ContainerState::Published => "the container is published".to_owned(),
            ContainerState::Expired => "the container has expired".to_owned(),
            ContainerState::Failed(failure) => failure.error().to_string(),
            ContainerState::Other(word) => format!("the container's state is {word}"),
        };
        self.look_for_it(job, &said).await
    }

    /// A refusal is one only if nobody has asked before, and the container still waits to be
    /// published: an earlier request whose answer was lost may be at work.
    async fn not_published(
        &self,
        job: &Job<'_>,
        error: PlatformError,
    ) -> Result<StepError, StepError> {
        if !is_refusal(&error) {
            return Ok(endings::sending(job.cx, error));
        }
        let state = self.client.container_status(&container(job)?).await;
        let state = state.map_err(|error| endings::asking(job.cx, error))?;
        if state != ContainerState::Finished {
            return Ok(endings::sending(job.cx, error));
        }
        match job.post.publishing_at() {
            None => refused(job, &error).await,
            Some(first) if job.since(first) < LOOKING => Ok(endings::sending(job.cx, error)),
            Some(_) => {
                let text = format!("{error}, and an earlier request may have published it");
                job.give_up(&text).await
            }
        }
    }

    /// Links the post before anything else may fail.
    async fn link(&self, job: &Job<'_>, id: MediaId) -> Result<MediaId, StepError> {
        let made = posts::sent(job.db, &job.post, Some(id.as_str()), job.cx.now()).await?;
        let row = made.into_model();
        match &row.platform_post_id {
            Some(linked) => Ok(MediaId::from_stored(linked.clone())),
            None => Err(moved(&row)),
        }
    }

    /// What an earlier execution has published without hearing of it is among the account's posts:
    /// with its caption, since its container was made, and not linked to another post of ours.
    async fn look_for_it(
        &self,
        job: &Job<'_>,
        said: &(impl std::fmt::Display + Sync),
    ) -> Result<MediaId, StepError> {
        let post = &job.post;
        let since = post.opened_at().unwrap_or_else(|| post.prepared_at());
        let since = since.saturating_sub(SKEW).unwrap_or(since);
        let listed = self
            .client
            .recent_media(since)
            .await
            .map_err(|error| endings::asking(job.cx, error))?;
        let mut found = Vec::new();
        for media in listed {
            let is_ours = media.caption.as_deref().unwrap_or_default() == caption(&job.video);
            let linked = posts::by_platform_post(job.db, NAME, media.id.as_str());
            if is_ours && linked.await?.is_none() {
                found.push(media.id);
            }
        }
        // A post of the same words may be this one's or another's, whose answer is on its way.
        let doubtful = found.len() > 1 || self.has_twin(job).await?;
        if let Some(id) = found.pop().filter(|_| !doubtful) {
            return self.link(job, id).await;
        }
        let text = match doubtful {
            true => format!("{said}, and several posts have these words"),
            false => format!("{said}, and the post is not among the account's"),
        };
        let asked = post.publishing_at().unwrap_or_else(|| post.updated_at());
        if job.since(asked) < LOOKING {
            return Err(StepError::in_doubt("upload_not_listed", Plain(text)));
        }
        let text = format!("{text}; look there before anything is sent again");
        Err(job.give_up(&text).await?)
    }

    /// Whether another post with the same words waits for its name on this account.
    async fn has_twin(&self, job: &Job<'_>) -> Result<bool, StepError> {
        for other in posts::unnamed(job.db, &job.post.account_id, &job.post.id).await? {
            let video = videos::get(job.db, &other.video_id).await?;
            if video.is_some_and(|video| caption(&video) == caption(&job.video)) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Instagram has answered, and said no.
fn is_refusal(error: &PlatformError) -> bool {
    let code = error.code();
    error.meaning() == Meaning::Terminal && !is_gone(code) && !endings::NOT_SENT.contains(&code)
}

async fn refused(job: &Job<'_>, error: &PlatformError) -> Result<StepError, StepError> {
    job.reject(error.code(), &error.to_string()).await
}

fn container(job: &Job<'_>) -> Result<ContainerId, StepError> {
    job.upload_id()
        .map(|id| ContainerId::from_stored(id.to_owned()))
        .map_err(|_| missing("container of post", &job.post.id))
}

fn is_gone(code: &str) -> bool {
    matches!(code, "instagram_not_found" | "instagram_container_gone")
}
