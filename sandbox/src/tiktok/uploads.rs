//! Posts that were opened and the bytes they have received, kept on disk.
//!
//! The id of the post is chosen when it is opened. So "posted" needs no record of its own: an
//! opening is posted when the post with its id exists, and one whose last byte arrived just before
//! a kill is posted when the world is opened again. One opening can never become two posts.

use std::collections::{HashMap, HashSet};
use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::post_info::PostInfo;
use super::source_info::Source;
use crate::SandboxError;
use crate::journal::Journal;

/// What was said when a post was opened.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Opening {
    pub(crate) publish_id: String,
    /// The number at the end of the publish id, and the name of the file.
    pub(crate) upload_id: String,
    /// The secret part of the URL that takes the bytes.
    pub(crate) upload_token: String,
    pub(crate) open_id: String,
    pub(crate) post_id: String,
    pub(crate) info: PostInfo,
    pub(crate) source: Source,
    pub(crate) opened_at: Timestamp,
}

/// What cannot be seen from the number of bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum End {
    /// The whole file was fetched.
    Fetched,
    /// There will be no post, for this reason.
    Failed(String),
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Record {
    Opened(Box<Opening>),
    Ended { publish_id: String, end: End },
}

/// One opening and its file.
#[derive(Debug)]
pub(crate) struct Upload {
    pub(crate) opening: Opening,
    pub(crate) file: PathBuf,
    /// Bytes that are in the file to stay.
    received: AtomicU64,
    end: OnceLock<End>,
    /// Held by the PUT that is writing.
    pub(crate) writing: tokio::sync::Mutex<()>,
}

impl Upload {
    fn new(opening: Opening, folder: &Path, received: u64) -> Self {
        Self {
            file: folder.join(&opening.upload_id),
            opening,
            received: AtomicU64::new(received),
            end: OnceLock::new(),
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

    /// For what counts along while the file is fetched.
    pub(crate) fn counter(&self) -> &AtomicU64 {
        &self.received
    }

    pub(crate) fn end(&self) -> Option<&End> {
        self.end.get()
    }

    /// Whether the whole file is there.
    pub(crate) fn is_whole(&self) -> bool {
        match self.opening.source {
            Source::File(chunks) => chunks.total == self.received(),
            Source::Url(_) => self.end() == Some(&End::Fetched),
        }
    }
}

/// All openings of the world.
#[derive(Debug)]
pub(crate) struct Uploads {
    folder: PathBuf,
    journal: Journal,
    by_publish_id: RwLock<HashMap<String, Arc<Upload>>>,
}

impl Uploads {
    pub(crate) fn open(data: &Path) -> Result<Self, SandboxError> {
        let folder = data.join("tiktok-uploads");
        std::fs::create_dir_all(&folder).map_err(SandboxError::io("create the folder", &folder))?;
        let (journal, records) = Journal::open(&data.join("tiktok-uploads.jsonl"))?;
        let mut by_publish_id = HashMap::new();
        for record in records {
            match record {
                Record::Opened(opening) => {
                    let upload = Arc::new(reopen(*opening, &folder)?);
                    by_publish_id.insert(upload.opening.publish_id.clone(), upload);
                }
                Record::Ended { publish_id, end } => {
                    if let Some(upload) = by_publish_id.get(&publish_id) {
                        // A second end is never written; if it were, the first would count.
                        let _ = upload.end.set(end);
                    }
                }
            }
        }
        Ok(Self {
            folder,
            journal,
            by_publish_id: RwLock::new(by_publish_id),
        })
    }

    /// Opens a post; it is kept when this returns.
    pub(crate) fn start(
        &self,
        open_id: String,
        info: PostInfo,
        source: Source,
    ) -> Result<Arc<Upload>, SandboxError> {
        let upload_id = new_number().to_string();
        let kind = match source {
            Source::File(_) => "file",
            Source::Url(_) => "url",
        };
        let opening = Opening {
            publish_id: publish_id(kind, &upload_id),
            upload_id,
            upload_token: Uuid::now_v7().simple().to_string(),
            open_id,
            post_id: new_number().to_string(),
            info,
            source,
            opened_at: Timestamp::now(),
        };
        let mut all = self.write();
        self.journal
            .append(&Record::Opened(Box::new(opening.clone())))?;
        let upload = Arc::new(Upload::new(opening, &self.folder, 0));
        all.insert(upload.opening.publish_id.clone(), Arc::clone(&upload));
        Ok(upload)
    }

    /// Writes down how an opening ended; whether it had not ended before.
    pub(crate) fn end(&self, upload: &Upload, end: End) -> Result<bool, SandboxError> {
        // The lock makes this one step: two ends at once are one, and one that comes too late.
        let _all = self.write();
        if upload.end().is_some() {
            return Ok(false);
        }
        self.journal.append(&Record::Ended {
            publish_id: upload.opening.publish_id.clone(),
            end: end.clone(),
        })?;
        Ok(upload.end.set(end).is_ok())
    }

    pub(crate) fn get(&self, publish_id: &str) -> Option<Arc<Upload>> {
        self.read().get(publish_id).cloned()
    }

    /// The opening that this upload URL belongs to.
    pub(crate) fn of_url(&self, upload_id: &str, upload_token: &str) -> Option<Arc<Upload>> {
        self.get(&publish_id("file", upload_id))
            .filter(|upload| upload.opening.upload_token == upload_token)
    }

    pub(crate) fn all(&self) -> Vec<Arc<Upload>> {
        self.read().values().cloned().collect()
    }

    /// The accounts for which something was opened since then.
    pub(crate) fn accounts_since(&self, since: Timestamp) -> HashSet<String> {
        let all = self.read();
        let recent = all
            .values()
            .filter(|upload| upload.opening.opened_at >= since);
        recent
            .map(|upload| upload.opening.open_id.clone())
            .collect()
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, HashMap<String, Arc<Upload>>> {
        self.by_publish_id
            .read()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> std::sync::RwLockWriteGuard<'_, HashMap<String, Arc<Upload>>> {
        self.by_publish_id
            .write()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

fn publish_id(kind: &str, number: &str) -> String {
    format!("v_pub_{kind}~v2-1.{number}")
}

/// 19 digits, the time in the upper half, as the vendor's numbers have it.
fn new_number() -> u64 {
    let seconds = u64::try_from(Timestamp::now().as_second()).unwrap_or(0);
    let chance = Uuid::now_v7().as_u128() & 0xffff_ffff;
    (seconds << 32) | chance as u64
}

/// An opening as its file says. What a kill left of a chunk that was not whole is cut off.
fn reopen(opening: Opening, folder: &Path) -> Result<Upload, SandboxError> {
    let path = folder.join(&opening.upload_id);
    let length = match std::fs::metadata(&path) {
        Ok(metadata) => metadata.len(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => 0,
        Err(error) => return Err(SandboxError::io("look at", path)(error)),
    };
    let received = match opening.source {
        Source::File(chunks) => chunks.whole(length),
        Source::Url(_) => length,
    };
    if received < length {
        OpenOptions::new()
            .write(true)
            .open(&path)
            .and_then(|file| file.set_len(received))
            .map_err(SandboxError::io("cut the torn end of", &path))?;
    }
    Ok(Upload::new(opening, folder, received))
}
