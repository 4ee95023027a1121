//! `PUT` on an upload URL: one chunk.
//!
//! Chunks come in order and count as a whole: what a broken connection leaves of one is lost. The
//! post exists before its last chunk is answered. Every refusal of a chunk that does not belong
//! here says how far the upload is. Statuses: the vendor's media transfer guide; the answers have
//! no body.

use std::io::SeekFrom;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures::StreamExt;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use tokio::fs::OpenOptions;
use tokio::io::{AsyncSeekExt, AsyncWriteExt};

use super::chunk_range::{ChunkRange, progress};
use super::finish::finish;
use super::source_info::{Chunks, Source};
use super::uploads::Upload;
use crate::SandboxError;
use crate::state::SharedState;

/// How long the next piece of a body may take.
const IDLE: Duration = Duration::from_secs(30);
/// Wall time for which an upload URL is good.
const LIFETIME: SignedDuration = SignedDuration::from_hours(1);
const TYPES: [&str; 3] = ["video/mp4", "video/quicktime", "video/webm"];

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Params {
    upload_id: String,
    upload_token: String,
}

pub(crate) async fn put(
    State(state): State<SharedState>,
    Query(params): Query<Params>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let uploads = &state.tiktok.uploads;
    let found = uploads.of_url(&params.upload_id, &params.upload_token);
    let Some((upload, chunks)) = found.and_then(with_chunks) else {
        return refused(StatusCode::NOT_FOUND, body).await;
    };
    let age = Timestamp::now().duration_since(upload.opening.opened_at);
    if age >= LIFETIME {
        return refused(StatusCode::FORBIDDEN, body).await;
    }
    let _writing = upload.writing.lock().await;
    let status = match admit(&upload, chunks, &headers) {
        Err(status) => {
            drain(body).await;
            status
        }
        Ok(range) => match take(&state, &upload, range, body.into_data_stream()).await {
            Ok(status) => status,
            Err(error) => {
                tracing::error!(%error, "the sandbox failed at its own work");
                StatusCode::INTERNAL_SERVER_ERROR
            }
        },
    };
    let mut response = status.into_response();
    if let Some(value) = progress(upload.received(), chunks.total) {
        response.headers_mut().insert(header::CONTENT_RANGE, value);
    }
    response
}

fn with_chunks(upload: Arc<Upload>) -> Option<(Arc<Upload>, Chunks)> {
    let Source::File(chunks) = upload.opening.source else {
        return None;
    };
    Some((upload, chunks))
}

/// The chunk that this request brings, or the status that refuses it.
fn admit(upload: &Upload, chunks: Chunks, headers: &HeaderMap) -> Result<Range<u64>, StatusCode> {
    let kind = text(headers, header::CONTENT_TYPE).unwrap_or("");
    if !TYPES.contains(&kind) {
        return Err(StatusCode::BAD_REQUEST);
    }
    let length: Option<u64> = text(headers, header::CONTENT_LENGTH).and_then(|l| l.parse().ok());
    let range = ChunkRange::of(headers).ok_or(StatusCode::BAD_REQUEST)?;
    if range.total != chunks.total || length != Some(range.end - range.first) {
        return Err(StatusCode::BAD_REQUEST);
    }
    match chunks.after(upload.received()) {
        Some(next) if next == (range.first..range.end) => Ok(next),
        // Sent before, too early, or cut in another way than was announced.
        _ => Err(StatusCode::RANGE_NOT_SATISFIABLE),
    }
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

/// Writes a chunk. Called with `writing` held.
async fn take(
    state: &SharedState,
    upload: &Arc<Upload>,
    range: Range<u64>,
    body: BodyDataStream,
) -> Result<StatusCode, SandboxError> {
    if !write(upload, &range, body).await? {
        return Ok(StatusCode::BAD_REQUEST);
    }
    upload.set_received(range.end);
    if !upload.is_whole() {
        return Ok(StatusCode::PARTIAL_CONTENT);
    }
    finish(state, Arc::clone(upload)).await?;
    Ok(StatusCode::CREATED)
}

/// Whether the whole chunk is in the file. A body that breaks off is no error of ours.
async fn write(
    upload: &Upload,
    range: &Range<u64>,
    mut body: BodyDataStream,
) -> Result<bool, SandboxError> {
    let failed = |error| SandboxError::io("write the upload", &upload.file)(error);
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    let mut file = options.open(&upload.file).await.map_err(failed)?;
    file.seek(SeekFrom::Start(range.start))
        .await
        .map_err(failed)?;
    let mut at = range.start;
    while let Ok(Some(Ok(piece))) = tokio::time::timeout(IDLE, body.next()).await {
        at += piece.len() as u64;
        if at > range.end {
            break;
        }
        file.write_all(&piece).await.map_err(failed)?;
    }
    file.flush().await.map_err(failed)?;
    Ok(at == range.end)
}

async fn refused(status: StatusCode, body: Body) -> Response {
    drain(body).await;
    status.into_response()
}

/// Reads what is sent, or the client would not listen to the answer.
async fn drain(body: Body) {
    let mut rest = body.into_data_stream();
    while let Ok(Some(Ok(_))) = tokio::time::timeout(IDLE, rest.next()).await {}
}
