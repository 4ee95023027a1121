//! One media container: a reel that is being made ready.
//!
//! The id of the post that it may become is chosen when it is made. So "published" needs no record
//! of its own: a container is published when the post with its id exists, and can never become
//! two.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::caption;
use crate::SandboxError;
use crate::mp4_duration;
use crate::platform::Platform;
use crate::posts::{Marks, Post, Posts};

/// Most bytes of a reel.
pub(crate) const MOST_BYTES: u64 = 300_000_000;
/// Wall time after which a container that was not published is gone.
const LIFETIME: SignedDuration = SignedDuration::from_hours(24);
/// Playing time of a reel.
const LENGTHS_MS: std::ops::RangeInclusive<u64> = 3_000..=900_000;
/// A file's own idea of its length is off by a frame or two.
const FRAMES_MS: u64 = 100;

/// No format that Instagram takes.
const UNSUPPORTED: u32 = 2_207_026;
pub(crate) const TOO_LARGE: u32 = 2_207_004;
const THUMB_OFFSET: u32 = 2_207_057;

/// What was said when a container was made.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Opening {
    pub(crate) id: String,
    pub(crate) account: String,
    /// Of the post that it may become.
    pub(crate) media_id: String,
    /// From which the post's short code follows.
    pub(crate) pk: u64,
    pub(crate) source: Source,
    pub(crate) reel: Reel,
    pub(crate) opened_at: Timestamp,
}

/// Where the bytes come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Source {
    Upload,
    Url(String),
}

/// What the client says about the reel.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Reel {
    pub(crate) caption: String,
    pub(crate) share_to_feed: bool,
    pub(crate) thumb_offset_ms: Option<u64>,
    pub(crate) cover_url: Option<String>,
    pub(crate) audio_name: Option<String>,
    pub(crate) collaborators: Vec<String>,
    pub(crate) is_ai_generated: bool,
}

/// The vendor's part of a post.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Details {
    pub(crate) pk: u64,
    pub(crate) reel: Reel,
}

impl Details {
    pub(crate) fn of(post: &Post) -> Self {
        // `details` was written by us from this very type; a default is what is left if it was not.
        serde_json::from_value(post.details.clone()).unwrap_or_default()
    }
}

/// A file that has arrived whole.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Arrived {
    pub(crate) at: Timestamp,
    pub(crate) bytes: u64,
    /// Of the file, in hexadecimal.
    pub(crate) sha256: String,
    /// Playing time, when the file says it.
    pub(crate) duration_ms: Option<u64>,
}

impl Arrived {
    /// Reads the whole file: not for the async threads.
    pub(crate) fn read(path: &Path) -> Result<Self, SandboxError> {
        let mut hash = Sha256::new();
        let mut file =
            std::fs::File::open(path).map_err(SandboxError::io("open the upload", path))?;
        let bytes = std::io::copy(&mut file, &mut hash)
            .map_err(SandboxError::io("hash the upload", path))?;
        Ok(Self {
            at: Timestamp::now(),
            bytes,
            sha256: format!("{:x}", hash.finalize()),
            duration_ms: mp4_duration::of_file(path),
        })
    }

    /// The vendor's number for what is wrong with the file, if anything is.
    pub(crate) fn problem(&self, reel: &Reel) -> Option<u32> {
        if self.bytes > MOST_BYTES {
            return Some(TOO_LARGE);
        }
        let Some(length) = self.duration_ms else {
            return Some(UNSUPPORTED);
        };
        let (shortest, longest) = LENGTHS_MS.into_inner();
        if length + FRAMES_MS < shortest || length > longest + FRAMES_MS {
            return Some(UNSUPPORTED);
        }
        let off = reel.thumb_offset_ms.is_some_and(|at| at >= length);
        off.then_some(THUMB_OFFSET)
    }
}

/// What has happened to a container so far.
#[derive(Debug, Clone, Default)]
pub(crate) struct Course {
    /// Size that the upload announced.
    pub(crate) announced: Option<u64>,
    pub(crate) arrived: Option<Arrived>,
    /// The vendor's number for why it failed, other than what is wrong with the file.
    pub(crate) failed: Option<u32>,
    /// Gone before its time, by a fault.
    pub(crate) expired: bool,
}

/// Where a container stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    InProgress,
    Finished,
    Published,
    Failed(u32),
    Expired,
}

/// One container.
#[derive(Debug)]
pub(crate) struct Container {
    pub(crate) opening: Opening,
    pub(crate) file: PathBuf,
    /// Bytes that are in the file.
    pub(crate) received: AtomicU64,
    /// Held by the request that is writing.
    pub(crate) writing: tokio::sync::Mutex<()>,
    course: RwLock<Course>,
}

impl Container {
    pub(crate) fn new(opening: Opening, folder: &Path, received: u64, course: Course) -> Self {
        Self {
            file: folder.join(&opening.id),
            opening,
            received: AtomicU64::new(received),
            writing: tokio::sync::Mutex::new(()),
            course: RwLock::new(course),
        }
    }

    pub(crate) fn received(&self) -> u64 {
        self.received.load(Ordering::Acquire)
    }

    pub(crate) fn course(&self) -> Course {
        let course = self.course.read().unwrap_or_else(PoisonError::into_inner);
        course.clone()
    }

    /// Called once the change is in the journal.
    pub(crate) fn change(&self, change: impl FnOnce(&mut Course)) {
        change(&mut self.course.write().unwrap_or_else(PoisonError::into_inner));
    }

    pub(crate) fn standing(&self, posts: &Posts, now: Timestamp) -> Standing {
        if posts.get(&self.opening.media_id).is_some() {
            return Standing::Published;
        }
        let course = self.course();
        let done = |arrived: &Arrived| now >= posts.processed_at(arrived.at);
        let processed = course.arrived.filter(done);
        let problem = |arrived: &Arrived| arrived.problem(&self.opening.reel);
        if let Some(number) = course
            .failed
            .or_else(|| processed.as_ref().and_then(problem))
        {
            Standing::Failed(number)
        } else if course.expired || now.duration_since(self.opening.opened_at) >= LIFETIME {
            Standing::Expired
        } else if processed.is_some() {
            Standing::Finished
        } else {
            Standing::InProgress
        }
    }

    /// The post that it becomes when it is published at `now`.
    pub(crate) fn to_post(&self, arrived: &Arrived, now: Timestamp) -> Result<Post, SandboxError> {
        let (opening, reel) = (&self.opening, &self.opening.reel);
        let details = Details {
            pk: opening.pk,
            reel: reel.clone(),
        };
        Ok(Post {
            platform: Platform::Instagram,
            account: opening.account.clone(),
            post_id: opening.media_id.clone(),
            title: caption::first_line(&reel.caption).to_owned(),
            description: reel.caption.clone(),
            tags: caption::hashtags(&reel.caption),
            category: None,
            duration_ms: arrived.duration_ms,
            bytes: arrived.bytes,
            sha256: arrived.sha256.clone(),
            created_at: now,
            // Instagram tells whole seconds, which can be hours of audience: it is as old as it
            // says.
            processed_at: Timestamp::from_second(now.as_second()).unwrap_or(now),
            details: serde_json::to_value(details).map_err(|source| SandboxError::Record {
                path: self.file.clone(),
                source,
            })?,
            marks: Marks::default(),
        })
    }
}
