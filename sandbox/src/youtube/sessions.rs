//! Upload sessions and the bytes they have received, kept on disk.
//!
//! The session's video id is chosen when it opens. So "finished" needs no record of its own: a
//! session is finished when the post with its id exists, and one whose last byte arrived just
//! before a kill is finished when the world is opened again. One session can never become two
//! videos.

use std::collections::HashMap;
use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::metadata::Resource;
use crate::SandboxError;
use crate::draw::short_id;
use crate::journal::Journal;
use crate::mp4_duration;
use crate::platform::Platform;
use crate::posts::{Post, Posts};

/// What every chunk but the last is a multiple of.
pub(crate) const UNIT: u64 = 256 * 1024;
/// Wall time after which a session is forgotten.
const LIFETIME: SignedDuration = SignedDuration::from_hours(7 * 24);

/// What was said when a session was opened.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Opening {
    pub(crate) id: String,
    pub(crate) channel_id: String,
    pub(crate) video_id: String,
    /// Announced size in bytes.
    pub(crate) total: Option<u64>,
    pub(crate) resource: Resource,
    pub(crate) opened_at: Timestamp,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Record {
    Opened(Box<Opening>),
    Cancelled { id: String },
}

/// One session.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) opening: Opening,
    pub(crate) file: PathBuf,
    /// Bytes that are in the file to stay.
    received: AtomicU64,
    /// Held by the PUT that is writing.
    pub(crate) writing: tokio::sync::Mutex<()>,
}

impl Session {
    fn new(opening: Opening, folder: &Path, received: u64) -> Self {
        Self {
            file: folder.join(&opening.id),
            opening,
            received: AtomicU64::new(received),
            writing: tokio::sync::Mutex::new(()),
        }
    }

    pub(crate) fn received(&self) -> u64 {
        self.received.load(Ordering::Acquire)
    }

    /// Called with `writing` held, once the bytes are in the file.
    pub(crate) fn set_received(&self, bytes: u64) {
        self.received.store(bytes, Ordering::Release);
    }

    /// The post that these bytes are. Reads the whole file: not for the async threads.
    fn to_post(&self, posts: &Posts) -> Result<Post, SandboxError> {
        let mut hash = Sha256::new();
        let mut file = std::fs::File::open(&self.file)
            .map_err(SandboxError::io("open the upload", &self.file))?;
        let bytes = std::io::copy(&mut file, &mut hash)
            .map_err(SandboxError::io("hash the upload", &self.file))?;
        let snippet = &self.opening.resource.snippet;
        let created_at = Timestamp::now();
        Ok(Post {
            platform: Platform::Youtube,
            account: self.opening.channel_id.clone(),
            post_id: self.opening.video_id.clone(),
            title: snippet.title.clone(),
            description: snippet.description.clone(),
            tags: snippet.tags.clone(),
            category: Some(snippet.category().to_owned()),
            duration_ms: mp4_duration::of_file(&self.file),
            bytes,
            sha256: format!("{:x}", hash.finalize()),
            created_at,
            processed_at: posts.processed_at(created_at),
            details: serde_json::to_value(&self.opening.resource).map_err(|source| {
                SandboxError::Record {
                    path: self.file.clone(),
                    source,
                }
            })?,
            marks: crate::posts::Marks::default(),
        })
    }

    /// Makes the post, or returns the one that is there.
    pub(crate) fn finish(&self, posts: &Posts) -> Result<Arc<Post>, SandboxError> {
        match posts.get(&self.opening.video_id) {
            Some(post) => Ok(post),
            None => posts.add(self.to_post(posts)?),
        }
    }
}

/// All sessions of the world.
#[derive(Debug)]
pub(crate) struct Uploads {
    folder: PathBuf,
    journal: Journal,
    sessions: RwLock<HashMap<String, Arc<Session>>>,
}

impl Uploads {
    pub(crate) fn open(data: &Path) -> Result<Self, SandboxError> {
        let folder = data.join("youtube-uploads");
        std::fs::create_dir_all(&folder).map_err(SandboxError::io("create the folder", &folder))?;
        let (journal, records) = Journal::open(&data.join("youtube-sessions.jsonl"))?;
        let mut sessions = HashMap::new();
        for record in records {
            match record {
                Record::Opened(opening) => {
                    let session = reopen(*opening, &folder)?;
                    sessions.insert(session.opening.id.clone(), Arc::new(session));
                }
                Record::Cancelled { id } => {
                    sessions.remove(&id);
                }
            }
        }
        Ok(Self {
            folder,
            journal,
            sessions: RwLock::new(sessions),
        })
    }

    /// Makes the posts of sessions that had all their bytes when the sandbox was killed.
    pub(crate) fn finish_complete(&self, posts: &Posts) -> Result<(), SandboxError> {
        let sessions = self.sessions.read().unwrap_or_else(PoisonError::into_inner);
        for session in sessions.values() {
            if session.opening.total == Some(session.received()) {
                session.finish(posts)?;
            }
        }
        Ok(())
    }

    /// Opens a session; it is kept when this returns.
    pub(crate) fn start(
        &self,
        channel_id: String,
        total: Option<u64>,
        resource: Resource,
    ) -> Result<Arc<Session>, SandboxError> {
        let id = Uuid::now_v7().simple().to_string();
        let opening = Opening {
            channel_id,
            video_id: short_id(&format!("youtube video {id}"), 11),
            id: id.clone(),
            total,
            resource,
            opened_at: Timestamp::now(),
        };
        self.journal
            .append(&Record::Opened(Box::new(opening.clone())))?;
        let session = Arc::new(Session::new(opening, &self.folder, 0));
        let mut sessions = self
            .sessions
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        sessions.insert(id, Arc::clone(&session));
        Ok(session)
    }

    /// A session that still lives.
    pub(crate) fn get(&self, id: &str) -> Option<Arc<Session>> {
        let sessions = self.sessions.read().unwrap_or_else(PoisonError::into_inner);
        let session = sessions.get(id)?;
        let age = Timestamp::now().duration_since(session.opening.opened_at);
        (age < LIFETIME).then(|| Arc::clone(session))
    }

    /// Forgets a session. A video that it became stays.
    pub(crate) fn cancel(&self, id: &str) -> Result<(), SandboxError> {
        self.journal
            .append(&Record::Cancelled { id: id.to_owned() })?;
        let mut sessions = self
            .sessions
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        sessions.remove(id);
        Ok(())
    }
}

/// A session as its file says. What a kill left of a piece that was not whole is cut off.
fn reopen(opening: Opening, folder: &Path) -> Result<Session, SandboxError> {
    let path = folder.join(&opening.id);
    let length = match std::fs::metadata(&path) {
        Ok(metadata) => metadata.len(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => 0,
        Err(error) => return Err(SandboxError::io("look at", path)(error)),
    };
    let received = if opening.total == Some(length) {
        length
    } else {
        length - length % UNIT
    };
    if received < length {
        OpenOptions::new()
            .write(true)
            .open(&path)
            .and_then(|file| file.set_len(received))
            .map_err(SandboxError::io("cut the torn end of", &path))?;
    }
    Ok(Session::new(opening, folder, received))
}
