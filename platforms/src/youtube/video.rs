//! A video as YouTube describes it: how far it is, and what was counted.
//!
//! A count that YouTube does not show is missing here, never 0.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::de::{Error as _, Unexpected};
use serde::{Deserialize, Deserializer, Serialize};

use super::{Privacy, SERVICE, YouTube};
use crate::PlatformError;

/// The parts of `videos.list` that are read; each is free, the call costs one unit of quota.
const PARTS: &str = "snippet,statistics,contentDetails,status,processingDetails";

/// A video on YouTube. Straight after an upload only the text and the status are known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Video {
    /// YouTube's id, eleven characters today.
    pub id: String,
    /// When it was published; for a private video, when it was uploaded.
    pub published_at: Option<Timestamp>,
    /// How far YouTube is with it.
    pub upload_status: UploadStatus,
    /// Who may watch it; nothing when YouTube says something we do not know.
    pub privacy: Option<Privacy>,
    /// Its title.
    pub title: String,
    /// Its description.
    pub description: String,
    /// What was counted so far.
    pub counts: Counts,
    /// ISO 8601, such as `PT31S`; `P0D` while it is being processed.
    pub duration: Option<String>,
}

/// `status.uploadStatus`, with the reason where there is one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum UploadStatus {
    /// All bytes have arrived, it is being processed.
    Uploaded,
    /// It can be watched by whom `privacy` says.
    Processed,
    /// It could not be processed: `codec`, `conversion`, `emptyFile`, `invalidFile`, …
    Failed {
        /// YouTube's own word, or `unknown`.
        reason: String,
    },
    /// YouTube does not want it: `duplicate`, `copyright`, `termsOfUse`, …
    Rejected {
        /// YouTube's own word, or `unknown`.
        reason: String,
    },
    /// It was removed.
    Deleted,
    /// A word that we do not know, or `absent`.
    Other(String),
}

/// Counts that a platform may hide: hidden likes, disabled comments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Counts {
    /// How often it was watched.
    pub views: Option<u64>,
    /// How many liked it.
    pub likes: Option<u64>,
    /// How many comments stand below it.
    pub comments: Option<u64>,
}

impl YouTube {
    /// The video as it is now, or nothing: deleted, or hidden from this account.
    ///
    /// # Errors
    /// As in the table of this module's meanings; reading may always be repeated.
    pub async fn video(&self, id: &str) -> Result<Option<Video>, PlatformError> {
        let query = [("part", PARTS), ("id", id)];
        let list: VideoList = self.read("video", "youtube/v3/videos", &query).await?;
        Ok(list
            .items
            .into_iter()
            .find(|item| item.id == id)
            .map(Video::from))
    }
}

/// The video in the answer to an upload's last byte.
pub(super) fn uploaded(operation: &'static str, body: &[u8]) -> Result<Video, PlatformError> {
    SERVICE.parse::<Resource>(operation, body).map(Video::from)
}

#[derive(Deserialize)]
struct VideoList {
    items: Vec<Resource>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Resource {
    id: String,
    #[serde(default)]
    snippet: Snippet,
    #[serde(default)]
    status: Status,
    #[serde(default)]
    statistics: Statistics,
    #[serde(default)]
    content_details: ContentDetails,
    #[serde(default)]
    processing_details: ProcessingDetails,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Snippet {
    published_at: Option<Timestamp>,
    title: String,
    description: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Status {
    upload_status: Option<String>,
    failure_reason: Option<String>,
    rejection_reason: Option<String>,
    privacy_status: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Statistics {
    #[serde(deserialize_with = "decimal")]
    view_count: Option<u64>,
    #[serde(deserialize_with = "decimal")]
    like_count: Option<u64>,
    #[serde(deserialize_with = "decimal")]
    comment_count: Option<u64>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ContentDetails {
    duration: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ProcessingDetails {
    processing_failure_reason: Option<String>,
}

impl From<Resource> for Video {
    fn from(resource: Resource) -> Self {
        let Resource {
            id,
            snippet,
            status,
            statistics,
            content_details,
            processing_details,
        } = resource;
        let privacy = match status.privacy_status.as_deref() {
            Some("private") => Some(Privacy::Private),
            Some("unlisted") => Some(Privacy::Unlisted),
            Some("public") => Some(Privacy::Public),
            _ => None,
        };
        Self {
            id,
            published_at: snippet.published_at,
            upload_status: status.upload_status(processing_details.processing_failure_reason),
            privacy,
            title: snippet.title,
            description: snippet.description,
            counts: Counts {
                views: statistics.view_count,
                likes: statistics.like_count,
                comments: statistics.comment_count,
            },
            duration: content_details.duration,
        }
    }
}

impl Status {
    fn upload_status(self, processing_failure: Option<String>) -> UploadStatus {
        let unknown = || "unknown".to_owned();
        match self.upload_status.as_deref() {
            Some("uploaded") => UploadStatus::Uploaded,
            Some("processed") => UploadStatus::Processed,
            Some("failed") => UploadStatus::Failed {
                reason: self
                    .failure_reason
                    .or(processing_failure)
                    .unwrap_or_else(unknown),
            },
            Some("rejected") => UploadStatus::Rejected {
                reason: self.rejection_reason.unwrap_or_else(unknown),
            },
            Some("deleted") => UploadStatus::Deleted,
            Some(other) => UploadStatus::Other(other.to_owned()),
            None => UploadStatus::Other("absent".to_owned()),
        }
    }
}

/// Counts are decimal strings on the wire, since JSON numbers end at 2^53.
fn decimal<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    let Some(text) = Option::<String>::deserialize(deserializer)? else {
        return Ok(None);
    };
    text.parse()
        .map(Some)
        .map_err(|_| D::Error::invalid_value(Unexpected::Str(&text), &"a decimal count"))
}
