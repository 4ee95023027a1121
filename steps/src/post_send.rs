//! `post_send`: sends the bytes. With the last one the video is published.

use std::path::PathBuf;
use std::time::Duration;

use engine::{Asked, Policy, Step, StepContext, StepError};
use platforms::youtube::{UploadState, YouTube};
use schema::posts::{self, PostState};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::endings::{self, Plain};
use crate::files;
use crate::posting::{Posting, marker, rejected, session, unknown};
use crate::services::Services;
use crate::target::Target;

/// A vanished upload is looked for this often before it is given up.
const LOOKS: u32 = 5;

/// Sends the bytes into the session of the post's row. Not repeatable: it asks the session, and then
/// the channel's own uploads, before anything is sent again.
pub struct PostSend {
    posting: Posting,
    inbox: PathBuf,
}

/// What the platform made of the bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Sent {
    /// The platform's id of the post.
    pub platform_post_id: String,
}

impl PostSend {
    /// From the program's services.
    #[must_use]
    pub fn new(services: &Services) -> Self {
        Self {
            posting: Posting::new(services),
            inbox: services.inbox.clone(),
        }
    }

    /// Links the platform's post to ours.
    async fn link(
        &self,
        cx: &StepContext,
        post: &posts::Model,
        platform_post_id: String,
    ) -> Result<Sent, StepError> {
        let linked = posts::sent(&self.posting.db, &post.id, &platform_post_id, cx.now())
            .await?
            .into_model();
        match linked.state {
            PostState::Rejected => Err(rejected(&linked)),
            _ => Ok(Sent {
                platform_post_id: linked.platform_post_id.unwrap_or(platform_post_id),
            }),
        }
    }

    /// What became of bytes that were allowed to leave: `None` when the upload can be continued.
    async fn find_out(
        &self,
        cx: &StepContext,
        youtube: &YouTube,
        post: &posts::Model,
    ) -> Result<Asked<String>, StepError> {
        let (uri, total) = session(post)?;
        let state = youtube
            .session_state(&uri, total)
            .await
            .map_err(|error| endings::acting(cx, error))?;
        match state {
            UploadState::Complete(video) => return Ok(Asked::Done(video.id)),
            UploadState::Incomplete { next_byte } if next_byte < total => {
                return Ok(Asked::NotActed);
            }
            // All bytes are there and no word yet, or the session is gone: is there a video?
            UploadState::Incomplete { .. } | UploadState::Gone => {}
        }
        let found = youtube
            .find_upload(&marker(&post.id), post.prepared_at())
            .await;
        match found.map_err(|error| endings::acting(cx, error))? {
            Some(id) => Ok(Asked::Done(id)),
            // The list of uploads lags behind by some seconds.
            None if cx.attempt() < LOOKS => Err(StepError::in_doubt(
                "upload_not_listed",
                Plain("the upload is not in the channel yet".to_owned()),
            )),
            None => Ok(Asked::CannotTell),
        }
    }

    /// Sends from wherever the session is.
    async fn send(
        &self,
        cx: &StepContext,
        youtube: &YouTube,
        target: &Target,
        post: &posts::Model,
    ) -> Result<String, StepError> {
        let video = self.posting.video(target).await?;
        let file = files::read(files::locate(&self.inbox, &video.source).await?).await?;
        let (uri, total) = session(post)?;
        if post.content_sha256.as_deref() != Some(file.sha256.as_str()) {
            let text = format!(
                "the file of {} changed after its upload was opened; send it as a new video",
                target.video_id
            );
            return Err(StepError::terminal("source_changed", Plain(text)));
        }
        let started = posts::start_sending(&self.posting.db, &post.id, uri.expose(), cx.now())
            .await?
            .into_model();
        if started.session.as_deref() != Some(uri.expose()) || started.state != PostState::Sending {
            return Err(StepError::in_doubt(
                "post_moved",
                Plain(format!("post {} moved on meanwhile", post.id)),
            ));
        }
        let mut next = self.next_byte(cx, youtube, post).await?;
        loop {
            let chunk = files::part(&file.path, next, youtube.chunk_bytes()).await?;
            match youtube
                .send_chunk(&uri, next, total, chunk)
                .await
                .map_err(|error| endings::acting(cx, error))?
            {
                UploadState::Complete(video) => return Ok(video.id),
                UploadState::Incomplete { next_byte } if next_byte > next && next_byte < total => {
                    next = next_byte
                }
                UploadState::Incomplete { .. } => {
                    return Err(StepError::in_doubt(
                        "upload_stuck",
                        Plain("the upload does not move on".to_owned()),
                    ));
                }
                UploadState::Gone => {
                    return Err(StepError::in_doubt(
                        "upload_session_gone",
                        Plain("the upload session is gone".to_owned()),
                    ));
                }
            }
        }
    }

    /// Where to go on: the start for a session that had nothing, else where the session says.
    async fn next_byte(
        &self,
        cx: &StepContext,
        youtube: &YouTube,
        post: &posts::Model,
    ) -> Result<u64, StepError> {
        if post.state == PostState::Open {
            return Ok(0);
        }
        let (uri, total) = session(post)?;
        match youtube
            .session_state(&uri, total)
            .await
            .map_err(|error| endings::acting(cx, error))?
        {
            UploadState::Incomplete { next_byte } if next_byte < total => Ok(next_byte),
            // Between the question and now it came to its end; the next attempt asks.
            _ => Err(StepError::in_doubt(
                "upload_moved",
                Plain("the upload moved on meanwhile".to_owned()),
            )),
        }
    }
}

impl Step for PostSend {
    const NAME: &'static str = "post_send";
    const REPEATABLE: bool = false;
    type Input = Target;
    type Output = Sent;

    fn policy() -> Policy {
        Policy {
            time_limit: Duration::from_secs(30 * 60),
            ..Policy::default()
        }
    }

    async fn run(&self, cx: &StepContext, target: Target) -> Result<Sent, StepError> {
        let youtube = self.posting.youtube(&target)?;
        let post = self.posting.post(&target).await?;
        let platform_post_id = match (post.state, &post.platform_post_id) {
            (PostState::Rejected, _) => return Err(rejected(&post)),
            (PostState::Unknown, _) => return Err(unknown(&post)),
            (_, Some(id)) => {
                return Ok(Sent {
                    platform_post_id: id.clone(),
                });
            }
            // Bytes were allowed to leave in another run or attempt: ask, whatever the engine knows.
            (PostState::Sending, None) => match self.find_out(cx, youtube, &post).await? {
                Asked::Done(id) => id,
                Asked::NotActed => self.send(cx, youtube, &target, &post).await?,
                Asked::CannotTell => return Err(self.give_up(cx, &post).await?),
            },
            _ => self.send(cx, youtube, &target, &post).await?,
        };
        self.link(cx, &post, platform_post_id).await
    }

    /// The row's state says whether bytes may have left; `run` asks the platform by it, so nothing
    /// has to be found out twice.
    async fn ask(&self, _cx: &StepContext, _target: &Target) -> Result<Asked<Sent>, StepError> {
        Ok(Asked::NotActed)
    }
}

impl PostSend {
    /// Marks the post unknown, and gives the ending that says so.
    async fn give_up(&self, cx: &StepContext, post: &posts::Model) -> Result<StepError, StepError> {
        let text = "the upload session is gone and no video with our marker is in the channel; look there before anything is sent again";
        let marked = posts::unknown(
            &self.posting.db,
            &post.id,
            "publish_unknown",
            text,
            cx.now(),
        )
        .await?
        .into_model();
        Ok(unknown(&marked))
    }
}
