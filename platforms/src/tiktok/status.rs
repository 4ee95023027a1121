//! What has become of a post, by its publish id.
//!
//! Source: <https://developers.tiktok.com/doc/content-posting-api-reference-get-video-status>.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::post_id::PostId;
use super::{AccessToken, FailReason, PublishId, TikTok, data};
use crate::PlatformError;
use crate::http::excerpt;

/// How far TikTok is with a post.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PublishStatus {
    /// Bytes are missing, or have all arrived and are being processed.
    ProcessingUpload {
        /// How many of them are there, when TikTok says so; see
        /// [`ChunkPlan::chunk_with`](super::ChunkPlan::chunk_with).
        uploaded_bytes: Option<u64>,
    },
    /// TikTok is fetching the file.
    ProcessingDownload {
        /// How many bytes it has, when it says so.
        downloaded_bytes: Option<u64>,
    },
    /// It waits in the creator's inbox to be finished by hand; not for a direct post.
    InInbox,
    /// It is posted.
    Complete {
        /// The ids of its public posts, in decimal. Empty until moderation has let it through,
        /// which may take hours, and for ever while it is not public.
        post_ids: Vec<String>,
    },
    /// No post was made of it, and none will be.
    Failed {
        /// Why.
        reason: FailReason,
    },
    /// A word that we do not know.
    Other(String),
}

impl TikTok {
    /// Asks what has become of a post. TikTok allows 30 of these a minute per token. Scope
    /// `video.publish`.
    ///
    /// # Errors
    /// As in the table of this module's meanings; asking may always be repeated.
    /// `tiktok_unknown_post` when TikTok has no such publish id.
    pub async fn status(
        &self,
        token: &AccessToken,
        publish_id: &PublishId,
    ) -> Result<PublishStatus, PlatformError> {
        const OPERATION: &str = "status";
        let request = self
            .post("v2/post/publish/status/fetch/", token)?
            .json(&json!({ "publish_id": publish_id }));
        let answer = self.ask(OPERATION, request).await?;
        data::<Wire>(OPERATION, &answer).map(PublishStatus::from)
    }
}

/// The misspelling is TikTok's.
#[derive(Deserialize)]
struct Wire {
    status: String,
    fail_reason: Option<String>,
    publicaly_available_post_id: Option<Vec<PostId>>,
    uploaded_bytes: Option<u64>,
    downloaded_bytes: Option<u64>,
}

impl From<Wire> for PublishStatus {
    fn from(wire: Wire) -> Self {
        let ids = wire.publicaly_available_post_id.unwrap_or_default();
        match wire.status.as_str() {
            "PROCESSING_UPLOAD" => Self::ProcessingUpload {
                uploaded_bytes: wire.uploaded_bytes,
            },
            "PROCESSING_DOWNLOAD" => Self::ProcessingDownload {
                downloaded_bytes: wire.downloaded_bytes,
            },
            "SEND_TO_USER_INBOX" => Self::InInbox,
            "PUBLISH_COMPLETE" => Self::Complete {
                post_ids: ids.into_iter().map(|id| id.0).collect(),
            },
            "FAILED" => Self::Failed {
                reason: FailReason::new(&wire.fail_reason.unwrap_or_default()),
            },
            other => Self::Other(excerpt(other)),
        }
    }
}
