//! What a platform has to know so that videos can be posted to it.

use engine::StepError;
use jiff::Timestamp;
use media::Probe;
use schema::posts::Session;

use super::Job;
use crate::files::VideoFile;

/// One account of one platform, as the `post_…` steps need it. Every call may be made again after
/// a crash between any two of its instructions; what must not happen twice is asked for first.
#[async_trait::async_trait]
pub(crate) trait Publisher: Send + Sync {
    /// Whether the platform takes files of this kind. Others are transcoded first; limits are
    /// checked by [`open`](Self::open).
    fn takes(&self, file: &Probe) -> bool;

    /// Checks text and file against the platform's rules, and opens an upload. Nothing is
    /// published by it, and an upload that is not used disappears.
    async fn open(&self, job: &Job<'_>, clip: &Clip) -> Result<Session, StepError>;

    /// What became of bytes that were allowed to leave.
    async fn find_out(&self, job: &Job<'_>) -> Result<Upload, StepError>;

    /// Sends the bytes from `next` on.
    async fn send(
        &self,
        job: &Job<'_>,
        file: &mut VideoFile,
        next: u64,
    ) -> Result<Upload, StepError>;

    /// Sees to it that the post is published, and says when it was. Not yet is `later`.
    async fn confirm(&self, job: &Job<'_>) -> Result<Confirmed, StepError>;
}

/// How far an upload is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Upload {
    /// The platform has everything, and may have named the post.
    Arrived(Option<String>),
    /// Go on with this byte or piece, as the publisher counts them.
    Incomplete { next: u64 },
    /// It never became a post and never will, for this reason: another upload may be opened.
    Dead(String),
}

/// What became of a post whose bytes the platform has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Confirmed {
    /// It is published.
    Published(Published),
    /// It is not and never will be, for this passing reason: another upload may be opened.
    Dead(String),
}

/// A post that people can see, or that is only its owner's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Published {
    /// When, by the platform's clock if it says so.
    pub(crate) at: Timestamp,
    /// The platform's id of the post, as far as it is known.
    pub(crate) platform_post_id: Option<String>,
    /// Where people see it.
    pub(crate) url: Option<String>,
}

/// The facts of a file that is about to be posted.
#[derive(Debug, Clone)]
pub(crate) struct Clip {
    pub(crate) probe: Probe,
    pub(crate) bytes: u64,
    /// Lower-case hex.
    pub(crate) sha256: String,
}

impl Clip {
    pub(crate) fn of(probe: Probe, content: &VideoFile) -> Self {
        Self {
            probe,
            bytes: content.bytes,
            sha256: content.sha256.clone(),
        }
    }

    /// The row's session of an upload of this file.
    pub(crate) fn session(&self, session: String, upload_id: Option<String>) -> Session {
        Session {
            session,
            upload_id,
            total_bytes: i64::try_from(self.bytes).unwrap_or(i64::MAX),
            content_sha256: self.sha256.clone(),
        }
    }
}
