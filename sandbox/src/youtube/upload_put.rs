//! `PUT` on an upload session: bytes, or the question how many have arrived. `DELETE` cancels.
//!
//! Bytes count once they are in the file, in whole units of 256 KiB and the last rest; what a
//! broken connection leaves over is lost, as the vendor's servers do it. The answer 308 says how
//! far the session is. The post exists before its last PUT is answered.

use std::io::SeekFrom;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::body::{Body, BodyDataStream};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures::StreamExt;
use jiff::Timestamp;
use tokio::fs::{File, OpenOptions};
use tokio::io::{AsyncSeekExt, AsyncWriteExt};

use super::content_range::ContentRange;
use super::error::ApiError;
use super::query::Params;
use super::sessions::{Session, UNIT};
use super::video;
use crate::SandboxError;
use crate::posts::Post;
use crate::state::SharedState;

/// How long the next piece of a body may take.
const IDLE: Duration = Duration::from_secs(30);

pub(crate) async fn put(
    State(state): State<SharedState>,
    params: Params,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    let session = session(&state, &params)?;
    let range = ContentRange::of(&headers)?;
    let mut body = body.into_data_stream();
    if let Some(post) = state.posts.get(&session.opening.video_id) {
        // Already a video: the last PUT again. Its bytes are read, or the client would not
        // listen, and thrown away.
        while let Some(Ok(_)) = body.next().await {}
        return Ok(video_answer(&state, &post));
    }
    let total = match range {
        ContentRange::Question { total } => total.or(session.opening.total),
        ContentRange::Bytes { first, end, total } => {
            let total = check(&session, first, end, total)?;
            receive(&session, first, Some(end), total, body).await?;
            total
        }
        ContentRange::Whole => {
            let length = content_length(&headers).or(session.opening.total);
            receive(&session, 0, length, length, body).await?;
            length
        }
    };
    if total == Some(session.received()) {
        let post = finish(&state, session).await?;
        return Ok(video_answer(&state, &post));
    }
    Ok(incomplete(session.received()))
}

pub(crate) async fn cancel(
    State(state): State<SharedState>,
    params: Params,
) -> Result<Response, ApiError> {
    let session = session(&state, &params)?;
    let _writing = session.writing.lock().await;
    state.uploads.cancel(&session.opening.id)?;
    // "Client closed request", which has no name in the standard.
    let cancelled = StatusCode::from_u16(499).unwrap_or(StatusCode::NO_CONTENT);
    Ok(cancelled.into_response())
}

fn session(state: &SharedState, params: &Params) -> Result<Arc<Session>, ApiError> {
    params
        .get("upload_id")
        .and_then(|id| state.uploads.get(id))
        .ok_or_else(ApiError::not_found)
}

fn content_length(headers: &HeaderMap) -> Option<u64> {
    let value = headers.get(header::CONTENT_LENGTH)?;
    value.to_str().ok()?.parse().ok()
}

/// Refuses a chunk that cannot belong here, and returns the file's size if it is known by now.
fn check(
    session: &Session,
    first: u64,
    end: u64,
    total: Option<u64>,
) -> Result<Option<u64>, ApiError> {
    let refuse = |message: String| Err(ApiError::bad_request("badRequest", message));
    if let (Some(total), Some(announced)) = (total, session.opening.total)
        && total != announced
    {
        return refuse(format!(
            "Invalid request. The upload was announced with {announced} bytes, not {total}."
        ));
    }
    let total = total.or(session.opening.total);
    if total.is_some_and(|total| end > total) {
        return refuse("Invalid request. The chunk ends after the end of the file.".to_owned());
    }
    if total != Some(end) && !(end - first).is_multiple_of(UNIT) {
        return refuse(format!(
            "Invalid request. A chunk that is not the last must be a multiple of {UNIT} bytes."
        ));
    }
    let received = session.received();
    if first > received {
        return refuse(format!(
            "Invalid request. The upload offset is {first}, but {received} bytes have arrived."
        ));
    }
    Ok(total)
}

/// Takes in a body that starts at `first` and is to end at `end`. A body that breaks off is no
/// error: the answer says how far we are.
async fn receive(
    session: &Session,
    first: u64,
    end: Option<u64>,
    total: Option<u64>,
    body: BodyDataStream,
) -> Result<(), ApiError> {
    let _writing = session.writing.lock().await;
    let received = session.received();
    // What is here already is skipped: a repeated chunk changes nothing.
    let mut skip = received.saturating_sub(first);
    let mut file = open_at(session, received).await?;
    let mut held: Vec<u8> = Vec::new();
    let mut arrived = first;
    let mut body = body;
    while let Ok(Some(Ok(piece))) = tokio::time::timeout(IDLE, body.next()).await {
        arrived += piece.len() as u64;
        if end.is_some_and(|end| arrived > end) {
            let message = "Invalid request. The body is longer than its Content-Range.";
            return Err(ApiError::bad_request("badRequest", message));
        }
        let known = usize::try_from(skip).unwrap_or(usize::MAX).min(piece.len());
        skip -= known as u64;
        held.extend_from_slice(&piece[known..]);
        let whole = held.len() - held.len() % UNIT as usize;
        if whole > 0 {
            keep(session, &mut file, &held[..whole]).await?;
            held.drain(..whole);
        }
    }
    if total == Some(session.received() + held.len() as u64) {
        keep(session, &mut file, &held).await?;
    }
    Ok(())
}

async fn open_at(session: &Session, offset: u64) -> Result<File, SandboxError> {
    let failed = |error| SandboxError::io("open the upload", &session.file)(error);
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    let mut file = options.open(&session.file).await.map_err(failed)?;
    file.seek(SeekFrom::Start(offset)).await.map_err(failed)?;
    Ok(file)
}

async fn keep(session: &Session, file: &mut File, bytes: &[u8]) -> Result<(), SandboxError> {
    let failed = |error| SandboxError::io("write the upload", &session.file)(error);
    file.write_all(bytes).await.map_err(failed)?;
    file.flush().await.map_err(failed)?;
    session.set_received(session.received() + bytes.len() as u64);
    Ok(())
}

async fn finish(state: &SharedState, session: Arc<Session>) -> Result<Arc<Post>, SandboxError> {
    let state = Arc::clone(state);
    tokio::task::spawn_blocking(move || session.finish(&state.posts))
        .await
        .map_err(SandboxError::Background)?
}

fn video_answer(state: &SharedState, post: &Post) -> Response {
    let parts = ["snippet", "status"];
    Json(video::resource(
        &state.audience,
        post,
        &parts,
        Timestamp::now(),
    ))
    .into_response()
}

fn incomplete(received: u64) -> Response {
    let status = StatusCode::PERMANENT_REDIRECT;
    if received == 0 {
        // No header means that nothing has arrived.
        return (status, [(header::CONTENT_LENGTH, "0")]).into_response();
    }
    let range = format!("bytes=0-{}", received - 1);
    (status, [(header::RANGE, range)]).into_response()
}
