//! The resumable upload: open a session, ask it how far it is, send it bytes.
//!
//! Opening a session publishes nothing, and a session takes each byte once; the video exists when
//! the last byte has arrived. So any of these calls may be made again, under one rule: after a
//! [`send_chunk`](YouTube::send_chunk) that did not answer, ask
//! [`session_state`](YouTube::session_state) before a byte is sent.

use jiff::Timestamp;
use reqwest::Method;
use reqwest::header::{CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, HeaderMap, LOCATION, RANGE};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::video::{Video, uploaded};
use super::{Clip, NewVideo, SERVICE, SessionUri, YouTube, meaning};
use crate::http::Exchange;
use crate::{Meaning, PlatformError, violation};

/// Every chunk but the last is a multiple of this, in bytes.
pub const CHUNK_STEP: u64 = 256 * 1024;

/// How far an upload session is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum UploadState {
    /// Bytes are missing.
    Incomplete {
        /// The first byte that YouTube does not have: send from here. If it equals the total,
        /// YouTube has all of them and has not made up its mind; ask again later.
        next_byte: u64,
    },
    /// All bytes have arrived, and this is the video that they became.
    Complete(Video),
    /// YouTube does not know the session (any more). It says nothing about a video: one that was
    /// finished long ago loses its session too, so look for it before a new session is opened.
    Gone,
}

impl YouTube {
    /// Opens a session for the bytes of `clip`. Nothing is published by this: a session that
    /// is never used disappears.
    ///
    /// # Errors
    /// `youtube_invalid_video` names every rule that text and file break, without asking YouTube;
    /// else as in the table of this module's meanings. Any failure may be repeated.
    pub async fn open_session(
        &self,
        video: &NewVideo,
        clip: &Clip,
    ) -> Result<SessionUri, PlatformError> {
        const OPERATION: &str = "open_session";
        let mut violations = video.violations();
        violations.extend(clip.violations());
        violation::refuse(&SERVICE, OPERATION, "youtube_invalid_video", &violations)?;
        let request = self
            .request(Method::POST, self.address("upload/youtube/v3/videos")?)
            .query(&[
                ("part", "snippet,status"),
                ("alt", "json"),
                ("uploadType", "resumable"),
            ])
            .header("x-upload-content-type", "video/*")
            .header("x-upload-content-length", clip.bytes)
            .json(&video.resource());
        let answer = self.send(OPERATION, request).await?;
        if !answer.status.is_success() {
            return Err(meaning::refused(OPERATION, &answer, Timestamp::now()));
        }
        let session = answer
            .headers
            .get(LOCATION)
            .and_then(|location| location.to_str().ok())
            .map(|location| SessionUri::from_stored(location.to_owned()))
            .ok_or_else(|| SERVICE.unreadable(OPERATION, "the answer names no session"))?;
        session.checked(OPERATION, &self.config.base_url)?;
        Ok(session)
    }

    /// Asks how far a session for `total` bytes is. Sends no byte of video.
    ///
    /// # Errors
    /// As in the table of this module's meanings; asking may always be repeated.
    pub async fn session_state(
        &self,
        session: &SessionUri,
        total: u64,
    ) -> Result<UploadState, PlatformError> {
        const OPERATION: &str = "session_state";
        let request = self
            .request(
                Method::PUT,
                session.checked(OPERATION, &self.config.base_url)?,
            )
            .header(CONTENT_RANGE, format!("bytes */{total}"))
            .header(CONTENT_LENGTH, 0);
        let answer = self.send(OPERATION, request).await?;
        state(OPERATION, &answer, total)
    }

    /// Sends the bytes from `offset` on, out of `total`. The chunk is a multiple of
    /// [`CHUNK_STEP`] unless it is the last.
    ///
    /// # Errors
    /// After *any* error but `youtube_bad_chunk` and `youtube_foreign_session` the bytes may
    /// have arrived, and after the last chunk the video may exist: whatever the meaning says, ask
    /// [`session_state`](Self::session_state) before anything is sent again. `retry` means that
    /// asking and going on is worth it, `unknown` that the answer could not be interpreted.
    pub async fn send_chunk(
        &self,
        session: &SessionUri,
        offset: u64,
        total: u64,
        chunk: Vec<u8>,
    ) -> Result<UploadState, PlatformError> {
        const OPERATION: &str = "send_chunk";
        let length = chunk.len() as u64;
        let last = match offset.checked_add(length) {
            Some(end) if length > 0 && end <= total => end - 1,
            _ => return Err(bad_chunk(offset, length, total)),
        };
        if last + 1 < total && !length.is_multiple_of(CHUNK_STEP) {
            return Err(bad_chunk(offset, length, total));
        }
        let request = self
            .request(
                Method::PUT,
                session.checked(OPERATION, &self.config.base_url)?,
            )
            .header(CONTENT_RANGE, format!("bytes {offset}-{last}/{total}"))
            .header(CONTENT_TYPE, "video/*")
            .body(chunk);
        let answer = self.send(OPERATION, request).await?;
        state(OPERATION, &answer, total).map_err(|error| match error.code() {
            "youtube_unexpected_status" => error.meaning_instead(Meaning::Unknown),
            _ => error,
        })
    }
}

/// What a session answers, to bytes and to the question alike.
fn state(
    operation: &'static str,
    answer: &Exchange,
    total: u64,
) -> Result<UploadState, PlatformError> {
    match answer.status.as_u16() {
        200 | 201 => uploaded(operation, &answer.body).map(UploadState::Complete),
        308 => match next_byte(&answer.headers) {
            Some(next_byte) if next_byte <= total => Ok(UploadState::Incomplete { next_byte }),
            _ => Err(SERVICE.unreadable(operation, "the session's range makes no sense")),
        },
        404 | 410 => Ok(UploadState::Gone),
        _ => Err(meaning::refused(operation, answer, Timestamp::now())),
    }
}

/// `Range: bytes=0-262143` means 262144; no `Range` means that nothing has been stored.
fn next_byte(headers: &HeaderMap) -> Option<u64> {
    let Some(range) = headers.get(RANGE) else {
        return Some(0);
    };
    range
        .to_str()
        .ok()?
        .trim()
        .strip_prefix("bytes=0-")?
        .parse::<u64>()
        .ok()?
        .checked_add(1)
}

fn bad_chunk(offset: u64, length: u64, total: u64) -> PlatformError {
    let message = format!(
        "{length} bytes at {offset} of {total}: a chunk is not empty, ends within the file, and \
         is a multiple of {CHUNK_STEP} unless it is the last"
    );
    refusal("send_chunk", "youtube_bad_chunk", message)
}

/// Something that we do not even ask for.
fn refusal(operation: &'static str, code: &'static str, message: String) -> PlatformError {
    PlatformError::new(SERVICE.name, operation, code, Meaning::Terminal, message)
}
