//! Sending the bytes, chunk by chunk and in order. With the last one TikTok begins to publish.
//!
//! TikTok takes each byte once, so a chunk may be sent again under one rule: after a
//! [`send_chunk`](TikTok::send_chunk) that did not answer, ask [`status`](TikTok::status) first.
//!
//! Source: <https://developers.tiktok.com/doc/content-posting-api-media-transfer-guide>.

use jiff::Timestamp;
use reqwest::header::{CONTENT_RANGE, CONTENT_TYPE, HeaderValue};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ChunkPlan, SERVICE, TikTok, UploadUrl, meaning};
use crate::http::Exchange;
use crate::{Meaning, PlatformError};

/// The kinds of file that TikTok takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Container {
    /// MP4, which TikTok recommends.
    Mp4,
    /// `QuickTime`, `.mov`.
    Mov,
    /// `WebM`.
    Webm,
}

/// How far an upload is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum UploadState {
    /// Chunks are missing.
    Incomplete {
        /// The first chunk that TikTok does not have, counted from 0: send it next. If it equals
        /// [`ChunkPlan::count`], TikTok has all of them and has not said what it makes of them.
        next_chunk: u64,
    },
    /// All bytes have arrived, and TikTok is publishing the video.
    Complete,
    /// The address is too old, or TikTok does not know it (any more). It says nothing about the
    /// post: an upload that was finished loses its address too, so ask [`TikTok::status`] before
    /// a second `init`.
    Gone,
}

impl TikTok {
    /// Sends the chunk `index` of the plan, counted from 0. The address is the credential: no
    /// token goes with it.
    ///
    /// # Errors
    /// After *any* error but `tiktok_bad_chunk` and `tiktok_foreign_upload` the bytes may have
    /// arrived, and after the last chunk the post may exist: whatever the meaning says, ask
    /// [`status`](Self::status) before anything is sent again. `retry` means that asking and going
    /// on is worth it, `unknown` that the answer could not be interpreted.
    pub async fn send_chunk(
        &self,
        upload_url: &UploadUrl,
        plan: &ChunkPlan,
        index: u64,
        container: Container,
        chunk: Vec<u8>,
    ) -> Result<UploadState, PlatformError> {
        const OPERATION: &str = "send_chunk";
        let total = plan.total_bytes();
        let length = chunk.len() as u64;
        let range = plan
            .range(index)
            .filter(|range| range.end - range.start == length)
            .ok_or_else(|| bad_chunk(OPERATION, plan, index, length))?;
        let request = self
            .http
            .put(upload_url.checked(OPERATION, &self.config.base_url)?)
            .header(
                CONTENT_RANGE,
                format!("bytes {}-{}/{total}", range.start, range.end - 1),
            )
            .header(CONTENT_TYPE, container.content_type())
            .body(chunk);
        let answer = self.send(OPERATION, request).await?;
        state(OPERATION, &answer, plan, index).map_err(|error| match error.code() {
            meaning::UNEXPECTED => error.meaning_instead(Meaning::Unknown),
            _ => error,
        })
    }
}

impl Container {
    fn content_type(self) -> &'static str {
        match self {
            Self::Mp4 => "video/mp4",
            Self::Mov => "video/quicktime",
            Self::Webm => "video/webm",
        }
    }
}

fn state(
    operation: &'static str,
    answer: &Exchange,
    plan: &ChunkPlan,
    index: u64,
) -> Result<UploadState, PlatformError> {
    let unreadable = |message: &str| Err(SERVICE.unreadable(operation, message));
    match (answer.status.as_u16(), answer.headers.get(CONTENT_RANGE)) {
        (201, _) => Ok(UploadState::Complete),
        (206 | 416, Some(range)) => match next_chunk(range, plan) {
            Some(next_chunk) => Ok(UploadState::Incomplete { next_chunk }),
            None => unreadable("the upload's range makes no sense"),
        },
        (206, None) => Ok(UploadState::Incomplete {
            next_chunk: index + 1,
        }),
        (416, None) => unreadable("the answer does not say which bytes are there"),
        (403 | 404, _) => Ok(UploadState::Gone),
        _ => Err(meaning::unlisted(operation, answer, Timestamp::now())),
    }
}

/// `bytes 0-{UPLOADED}/{TOTAL}`. The page calls it the number of bytes, the form is that of the
/// last byte's place: only one of the two lies between chunks.
fn next_chunk(range: &HeaderValue, plan: &ChunkPlan) -> Option<u64> {
    let range = range.to_str().ok()?.trim().strip_prefix("bytes 0-")?;
    let (uploaded, total) = range.split_once('/')?;
    if total.parse::<u64>().ok()? != plan.total_bytes() {
        return None;
    }
    let uploaded: u64 = uploaded.parse().ok()?;
    plan.chunk_after(uploaded)
        .or_else(|| plan.chunk_after(uploaded.checked_add(1)?))
}

/// Bytes that are not those of the plan: the file has changed, or is another.
fn bad_chunk(operation: &'static str, plan: &ChunkPlan, index: u64, length: u64) -> PlatformError {
    let message = match plan.range(index) {
        Some(range) => format!(
            "{length} bytes for chunk {index} of {}, which has {}",
            plan.count(),
            range.end - range.start
        ),
        None => format!("there is no chunk {index}, the file has {}", plan.count()),
    };
    PlatformError::new(
        SERVICE.name,
        operation,
        "tiktok_bad_chunk",
        Meaning::Terminal,
        message,
    )
}
