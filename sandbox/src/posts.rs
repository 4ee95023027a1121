//! What the platforms have received: one record per post, the same for every platform.
//!
//! A post exists from the moment its last byte arrived or, where that is a step of its own, from
//! the moment it was published. It must not know a vendor's format; what only that vendor
//! understands is carried along in `details`.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::SandboxError;
use crate::journal::Journal;
use crate::platform::Platform;

/// One post, as received.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Post {
    pub(crate) platform: Platform,
    /// The platform's id of the account that posted.
    pub(crate) account: String,
    pub(crate) post_id: String,
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) tags: Vec<String>,
    /// The platform's own category, as text.
    pub(crate) category: Option<String>,
    /// Playing time, when the file says it.
    pub(crate) duration_ms: Option<u64>,
    /// Size of the file.
    pub(crate) bytes: u64,
    /// Of the file, in hexadecimal.
    pub(crate) sha256: String,
    /// When it came to exist.
    pub(crate) created_at: Timestamp,
    /// When the platform has processed it and shows it.
    pub(crate) processed_at: Timestamp,
    /// What else the client sent, in the vendor's format.
    pub(crate) details: Value,
    /// What happened to it since, by a control.
    #[serde(default)]
    pub(crate) marks: Marks,
}

/// What a control can do to a post afterwards.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Marks {
    /// The like count is not shown.
    pub(crate) likes_hidden: bool,
    /// No comments, and no count of them.
    pub(crate) comments_disabled: bool,
    /// Gone for everybody.
    pub(crate) deleted: bool,
    /// Moderation refused it, for this reason (`duplicate`, `copyright`, …).
    pub(crate) rejected: Option<String>,
    /// Processing failed, for this reason (`codec`, `conversion`, …).
    pub(crate) failed: Option<String>,
    /// On its page: for its owner alone.
    pub(crate) private: bool,
    /// On its page: moderation has not decided yet, whatever time has passed.
    pub(crate) under_review: bool,
    /// On its page: not shown in the country that asks.
    pub(crate) region_locked: bool,
}

/// Where a post stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum PostState {
    Processing,
    Processed,
    Rejected,
    Failed,
    Deleted,
}

impl Post {
    /// When the audience could first see it.
    pub(crate) fn published_at(&self) -> Timestamp {
        self.processed_at
    }

    /// Where it stands at `now`.
    pub(crate) fn state(&self, now: Timestamp) -> PostState {
        if self.marks.deleted {
            PostState::Deleted
        } else if self.marks.rejected.is_some() {
            PostState::Rejected
        } else if self.marks.failed.is_some() {
            PostState::Failed
        } else if now < self.published_at() {
            PostState::Processing
        } else {
            PostState::Processed
        }
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Record {
    Posted(Box<Post>),
    Marked { post_id: String, marks: Marks },
}

/// All posts, in the order they arrived.
#[derive(Debug)]
pub(crate) struct Posts {
    journal: Journal,
    processing: Duration,
    rows: RwLock<Rows>,
}

#[derive(Debug, Default)]
struct Rows {
    order: Vec<String>,
    by_id: HashMap<String, Arc<Post>>,
}

impl Rows {
    fn apply(&mut self, record: Record) {
        match record {
            Record::Posted(post) => {
                self.order.push(post.post_id.clone());
                self.by_id.insert(post.post_id.clone(), Arc::new(*post));
            }
            Record::Marked { post_id, marks } => {
                if let Some(post) = self.by_id.get_mut(&post_id) {
                    Arc::make_mut(post).marks = marks;
                }
            }
        }
    }
}

impl Posts {
    /// `processing` is the wall time from a post's last byte until its platform shows it.
    pub(crate) fn open(data: &Path, processing: Duration) -> Result<Self, SandboxError> {
        let (journal, records) = Journal::open(&data.join("posts.jsonl"))?;
        let mut rows = Rows::default();
        records.into_iter().for_each(|record| rows.apply(record));
        Ok(Self {
            journal,
            processing,
            rows: RwLock::new(rows),
        })
    }

    /// When a post whose last byte arrived at `created_at` will be processed.
    pub(crate) fn processed_at(&self, created_at: Timestamp) -> Timestamp {
        created_at
            .saturating_add(self.processing)
            .unwrap_or(Timestamp::MAX)
    }

    /// Keeps a post. One that is already there stays as it is.
    pub(crate) fn add(&self, post: Post) -> Result<Arc<Post>, SandboxError> {
        let mut rows = self.rows.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = rows.by_id.get(&post.post_id) {
            return Ok(Arc::clone(known));
        }
        let added = Arc::new(post.clone());
        let record = Record::Posted(Box::new(post));
        self.journal.append(&record)?;
        rows.apply(record);
        Ok(added)
    }

    /// Replaces the marks of a post; nothing when there is no such post.
    pub(crate) fn mark(
        &self,
        post_id: &str,
        marks: Marks,
    ) -> Result<Option<Arc<Post>>, SandboxError> {
        let mut rows = self.rows.write().unwrap_or_else(PoisonError::into_inner);
        if !rows.by_id.contains_key(post_id) {
            return Ok(None);
        }
        let record = Record::Marked {
            post_id: post_id.to_owned(),
            marks,
        };
        self.journal.append(&record)?;
        rows.apply(record);
        Ok(rows.by_id.get(post_id).cloned())
    }

    pub(crate) fn get(&self, post_id: &str) -> Option<Arc<Post>> {
        let rows = self.rows.read().unwrap_or_else(PoisonError::into_inner);
        rows.by_id.get(post_id).cloned()
    }

    /// Oldest first.
    pub(crate) fn all(&self) -> Vec<Arc<Post>> {
        let rows = self.rows.read().unwrap_or_else(PoisonError::into_inner);
        rows.order
            .iter()
            .filter_map(|id| rows.by_id.get(id).cloned())
            .collect()
    }
}
