//! What the three `post_…` steps share: the row, the account's publisher, and the moves they make.
//!
//! Everything that differs between platforms is behind [`Publisher`], one file per platform.

mod instagram;
mod publisher;
mod sending;
mod tiktok;
mod youtube;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use engine::ending::When;
use engine::{StepContext, StepError};
use jiff::{SignedDuration, Timestamp};
use schema::posts::{self, PostState};
use schema::{DatabaseConnection, videos};
use sha2::{Digest as _, Sha256};

use crate::endings::{Plain, missing};
use crate::files::Files;
use crate::services::Services;
use crate::target::Target;

pub(crate) use self::publisher::{Clip, Confirmed, Published, Publisher, Upload};
pub(crate) use self::tiktok::{TikTokSession, address as tiktok_address};

/// A platform that has not made up its mind by then will not.
const PATIENCE: SignedDuration = SignedDuration::from_hours(24);
/// Longest wait between two looks at a post.
const LAST_POLL: Duration = Duration::from_secs(60);

/// Rows, files and publishers.
pub(crate) struct Posting {
    pub(crate) db: DatabaseConnection,
    pub(crate) files: Files,
    publishers: BTreeMap<&'static str, BTreeMap<String, Arc<dyn Publisher>>>,
}

impl Posting {
    pub(crate) fn new(services: &Services) -> Self {
        Self {
            db: services.db.clone(),
            files: Files::new(services),
            publishers: BTreeMap::from([
                (instagram::NAME, instagram::publishers(services)),
                (tiktok::NAME, tiktok::publishers(services)),
                (youtube::NAME, youtube::publishers(services)),
            ]),
        }
    }

    /// Who posts to the target's account.
    pub(crate) fn publisher(&self, target: &Target) -> Result<&dyn Publisher, StepError> {
        let names = |names: Vec<&str>| names.join(", ");
        let Some(accounts) = self.publishers.get(target.platform.as_str()) else {
            let known = names(self.publishers.keys().copied().collect());
            let text = format!("this build posts to {known}, not to {}", target.platform);
            return Err(StepError::terminal("platform_unsupported", Plain(text)));
        };
        accounts
            .get(&target.account)
            .map(AsRef::as_ref)
            .ok_or_else(|| {
                let known = names(accounts.keys().map(String::as_str).collect());
                let (platform, account) = (&target.platform, &target.account);
                let text = format!("{platform} has no account {account}; configured are: {known}");
                StepError::terminal("account_unknown", Plain(text))
            })
    }

    /// The work on a post whose row `post_open` has written.
    pub(crate) async fn job<'a>(
        &'a self,
        cx: &'a StepContext,
        target: &Target,
    ) -> Result<Job<'a>, StepError> {
        let id = target.post_id();
        let post = posts::get(&self.db, &id)
            .await?
            .ok_or_else(|| missing("post", &id))?;
        self.job_on(cx, target, post).await
    }

    /// The work on a post.
    pub(crate) async fn job_on<'a>(
        &'a self,
        cx: &'a StepContext,
        target: &Target,
        post: posts::Model,
    ) -> Result<Job<'a>, StepError> {
        let video = videos::get(&self.db, &target.video_id)
            .await?
            .ok_or_else(|| missing("video", &target.video_id))?;
        let db = &self.db;
        Ok(Job {
            cx,
            db,
            post,
            video,
        })
    }
}

/// One execution's work on one post.
pub(crate) struct Job<'a> {
    pub(crate) cx: &'a StepContext,
    pub(crate) db: &'a DatabaseConnection,
    /// As it was read when the work began.
    pub(crate) post: posts::Model,
    pub(crate) video: videos::Model,
}

impl Job<'_> {
    /// What the platform handed out to upload into, and how many bytes go there.
    pub(crate) fn session(&self) -> Result<(&str, u64), StepError> {
        let bytes = self.post.total_bytes;
        match (
            &self.post.session,
            bytes.and_then(|bytes| u64::try_from(bytes).ok()),
        ) {
            (Some(session), Some(total)) => Ok((session, total)),
            _ => Err(missing("upload session of post", &self.post.id)),
        }
    }

    /// The platform's id of what is being made.
    pub(crate) fn upload_id(&self) -> Result<&str, StepError> {
        let id = self.post.upload_id.as_deref();
        id.ok_or_else(|| missing("upload id of post", &self.post.id))
    }

    /// Bytes may leave only if the row says so. It is asked for each request that carries some, so
    /// that it also says when the last one left.
    pub(crate) async fn allow(&self) -> Result<(), StepError> {
        let (session, _) = self.session()?;
        let row = posts::start_sending(self.db, &self.post.id, session, self.cx.now())
            .await?
            .into_model();
        match row.state == PostState::Sending && row.session.as_deref() == Some(session) {
            true => Ok(()),
            false => Err(moved(&row)),
        }
    }

    /// Marks the post refused, and gives the ending that says so.
    pub(crate) async fn reject(&self, code: &str, text: &str) -> Result<StepError, StepError> {
        let row = posts::reject(self.db, &self.post, code, text, self.cx.now())
            .await?
            .into_model();
        // Somebody else may have found the post since the row was read.
        match row.state {
            PostState::Rejected => Ok(rejected(&row)),
            _ => Ok(moved(&row)),
        }
    }

    /// Marks the post unknown, and gives the ending that says so.
    pub(crate) async fn give_up(&self, text: &str) -> Result<StepError, StepError> {
        let now = self.cx.now();
        let row = posts::unknown(self.db, &self.post, "publish_unknown", text, now)
            .await?
            .into_model();
        match row.state {
            PostState::Unknown => Ok(unknown(&row)),
            _ => Ok(moved(&row)),
        }
    }

    /// When to look again: soon at first, then less and less often (each wait is a `part` of the
    /// time that the post has been there), and not for ever. It counts from when the row last
    /// moved, because sending the bytes may have taken long.
    pub(crate) fn again(&self, first: Duration, part: f64, what: &str) -> StepError {
        let since = self.cx.now().duration_since(self.post.updated_at());
        if since > PATIENCE {
            return StepError::terminal("post_not_confirmed", Plain(format!("{what} for a day")));
        }
        let wait = Duration::try_from(since)
            .unwrap_or_default()
            .mul_f64(part)
            .clamp(first, LAST_POLL);
        StepError::later("post_processing", When::After(wait), Plain(what.to_owned()))
    }

    /// How long ago an instant was.
    pub(crate) fn since(&self, instant: Timestamp) -> SignedDuration {
        self.cx.now().duration_since(instant)
    }
}

/// The caption of a video with its hashtags, for platforms that know no others.
pub(crate) fn caption(video: &videos::Model) -> String {
    platforms::caption::with_hashtags(&video.caption, &video.hashtags.0)
}

/// What a post's description says so that it can be found again: 16 hex digits of the hash of its id.
#[must_use]
pub fn marker(post_id: &str) -> String {
    let hash: String = Sha256::digest(post_id)
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("ref:{hash}")
}

/// The ending of a step that finds its post refused, now or earlier.
pub(crate) fn rejected(post: &posts::Model) -> StepError {
    let code = post
        .error_code
        .clone()
        .unwrap_or_else(|| "post_rejected".to_owned());
    let text = post
        .error_message
        .clone()
        .unwrap_or_else(|| "the post was rejected".to_owned());
    StepError::terminal(code, Plain(text))
}

/// The ending of a step that finds its post in doubt.
pub(crate) fn unknown(post: &posts::Model) -> StepError {
    let text = post
        .error_message
        .clone()
        .unwrap_or_else(|| "it is not known whether the post was published".to_owned());
    StepError::unknown("publish_unknown", Plain(text))
}

/// The row is no longer as it was read; the next attempt reads it again.
pub(crate) fn moved(post: &posts::Model) -> StepError {
    let text = format!("post {} moved on meanwhile", post.id);
    StepError::in_doubt("post_moved", Plain(text))
}
