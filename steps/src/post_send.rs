//! `post_send`: sends the bytes. With the last one the video is published.

use std::path::PathBuf;
use std::time::Duration;

use engine::{Asked, Policy, Step, StepContext, StepError};
use jiff::SignedDuration;
use platforms::youtube::{SessionUri, UploadState, YouTube};
use schema::posts::{self, PostState};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::endings::{self, Plain};
use crate::files::{self, VideoFile};
use crate::posting::{Posting, marker, rejected, session, unknown};
use crate::services::Services;
use crate::target::Target;

/// The channel's list of uploads lags behind by some seconds. What is not in it so long after the last
/// bytes left will not come.
const LOOKING: SignedDuration = SignedDuration::from_mins(10);

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

    /// What became of bytes that were allowed to leave: the platform's id of the post, or nothing when
    /// the upload can be continued.
    async fn find_out(
        &self,
        cx: &StepContext,
        youtube: &YouTube,
        post: &posts::Model,
    ) -> Result<Option<String>, StepError> {
        let (uri, total) = session(post)?;
        let state = youtube
            .session_state(&uri, total)
            .await
            .map_err(|error| endings::asking(cx, error))?;
        let said = match state {
            UploadState::Complete(video) => return Ok(Some(video.id)),
            UploadState::Incomplete { next_byte } if next_byte < total => return Ok(None),
            UploadState::Incomplete { .. } => "the upload session has all bytes and names no video",
            UploadState::Gone => "the upload session is gone",
        };
        let found = youtube
            .find_upload(&marker(&post.id), post.prepared_at())
            .await
            .map_err(|error| endings::asking(cx, error))?;
        if found.is_some() {
            return Ok(found);
        }
        if cx.now().duration_since(post.updated_at()) < LOOKING {
            let text = format!("{said}, and the upload is not in the channel yet");
            return Err(StepError::in_doubt("upload_not_listed", Plain(text)));
        }
        Err(self.give_up(cx, post, said).await?)
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
        let path = files::locate(&self.inbox, &video.source).await?;
        let mut file = VideoFile::open(&path).await?;
        file.must_be_of(post)?;
        let (uri, total) = session(post)?;
        let mut next = self.next_byte(cx, youtube, post).await?;
        loop {
            let chunk = file.part(next, youtube.chunk_bytes()).await?;
            self.allow(cx, post, &uri).await?;
            match youtube
                .send_chunk(&uri, next, total, chunk)
                .await
                .map_err(|error| endings::sending(cx, error))?
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

    /// Bytes may leave only if the row says so. It is asked for each chunk, so that it also says when
    /// the last one left.
    async fn allow(
        &self,
        cx: &StepContext,
        post: &posts::Model,
        uri: &SessionUri,
    ) -> Result<(), StepError> {
        let row = posts::start_sending(&self.posting.db, &post.id, uri.expose(), cx.now())
            .await?
            .into_model();
        match row.state == PostState::Sending && row.session.as_deref() == Some(uri.expose()) {
            true => Ok(()),
            false => Err(moved(&row)),
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
            .map_err(|error| endings::asking(cx, error))?
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

    /// Sending takes long, and a worker that is restarted often is no reason to give a post up: each
    /// execution goes on where the session is.
    fn policy() -> Policy {
        Policy {
            time_limit: Duration::from_secs(30 * 60),
            max_interrupted: 30,
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
                Some(id) => id,
                None => self.send(cx, youtube, &target, &post).await?,
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
    /// Marks the post unknown, and gives the ending that says so. `said` is what the session said.
    async fn give_up(
        &self,
        cx: &StepContext,
        post: &posts::Model,
        said: &str,
    ) -> Result<StepError, StepError> {
        let text = format!(
            "{said}, and no video with our marker is in the channel; look there before anything is sent again"
        );
        let marked = posts::unknown(
            &self.posting.db,
            &post.id,
            "publish_unknown",
            &text,
            cx.now(),
        )
        .await?
        .into_model();
        // Somebody else may have found the video since the row was read.
        match marked.state {
            PostState::Unknown => Ok(unknown(&marked)),
            _ => Ok(moved(&marked)),
        }
    }
}

/// The row is no longer as it was read; the next attempt reads it again.
fn moved(post: &posts::Model) -> StepError {
    let text = format!("post {} moved on meanwhile", post.id);
    StepError::in_doubt("post_moved", Plain(text))
}
