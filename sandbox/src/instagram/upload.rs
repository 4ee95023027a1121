//! The upload host: `POST /ig-api-upload/{version}/{ig-container-id}` with a reel's bytes, or with
//! the URL where they are.
//!
//! Bytes count once they are in the file. A request that ends before the file does answers 206;
//! the next one goes on with what `video_status` of the container says, or earlier. Nothing is
//! posted by this.

use std::io::SeekFrom;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::Json;
use axum::body::BodyDataStream;
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use futures::StreamExt;
use jiff::Timestamp;
use serde_json::json;
use tokio::fs::{File, OpenOptions};
use tokio::io::{AsyncSeekExt, AsyncWriteExt};

use super::account::Account;
use super::call;
use super::container::{Container, MOST_BYTES, Source, Standing, TOO_LARGE};
use super::fetching;
use crate::SandboxError;
use crate::state::SharedState;

/// How long the next piece of a body may take.
const IDLE: Duration = Duration::from_secs(30);

/// The upload host's own kind of error, whose message is no Graph API error.
#[derive(Debug)]
pub(crate) struct UploadError {
    status: StatusCode,
    retriable: bool,
    kind: &'static str,
    message: &'static str,
}

impl UploadError {
    /// As on the vendor's page, where a refusal has status 200.
    fn unauthorized() -> Self {
        Self {
            status: StatusCode::OK,
            retriable: false,
            kind: "NotAuthorizedError",
            message: "User not authorized to perform this request",
        }
    }

    fn failed() -> Self {
        Self::of_status(StatusCode::BAD_REQUEST)
    }

    fn wrong_offset() -> Self {
        Self {
            status: StatusCode::PRECONDITION_FAILED,
            retriable: true,
            kind: "OffsetInvalidError",
            message: "Request starting offset is invalid",
        }
    }

    fn partial() -> Self {
        Self {
            status: StatusCode::PARTIAL_CONTENT,
            retriable: true,
            kind: "PartialRequestError",
            message: "Partial request (did not match length of file)",
        }
    }

    /// What the host says with nothing but this status to go by.
    pub(crate) fn of_status(status: StatusCode) -> Self {
        match status.as_u16() {
            401 | 403 => Self {
                status,
                ..Self::unauthorized()
            },
            429 | 500..=599 => Self {
                status,
                retriable: true,
                kind: "ServiceUnavailable",
                message: "Upload service busy",
            },
            _ => Self {
                status,
                retriable: false,
                kind: "ProcessingFailedError",
                message: "Request processing failed",
            },
        }
    }
}

impl From<SandboxError> for UploadError {
    fn from(error: SandboxError) -> Self {
        tracing::error!(%error, "the sandbox failed at its own work");
        Self::of_status(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

impl IntoResponse for UploadError {
    fn into_response(self) -> Response {
        let body = json!({"debug_info": {
            "retriable": self.retriable,
            "type": self.kind,
            "message": self.message,
        }});
        (self.status, Json(body)).into_response()
    }
}

pub(crate) async fn answer(state: &SharedState, container: &str, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let mut body = body.into_data_stream();
    let taken = take(state, container, &parts.headers, &mut body).await;
    // What nobody wants is read all the same: a client that is still sending does not listen.
    while let Ok(Some(Ok(_))) = tokio::time::timeout(IDLE, body.next()).await {}
    match taken {
        Ok(()) => Json(json!({"success": true, "message": "Upload successful."})).into_response(),
        Err(error) => error.into_response(),
    }
}

async fn take(
    state: &SharedState,
    id: &str,
    headers: &HeaderMap,
    body: &mut BodyDataStream,
) -> Result<(), UploadError> {
    let container = own(state, id, headers)?;
    let _writing = container.writing.lock().await;
    match container.standing(&state.posts, Timestamp::now()) {
        // The last request again.
        _ if container.course().arrived.is_some() => return Ok(()),
        Standing::InProgress => {}
        _ => return Err(UploadError::failed()),
    }
    if let Some(url) = text(headers, "file_url") {
        fetching::fetch_now(state, &container, url).await?;
        return match container.course().failed {
            None => Ok(()),
            Some(_) => Err(UploadError::failed()),
        };
    }
    let size = announced(state, &container, headers)?;
    let offset = number(headers, "offset").ok_or_else(UploadError::wrong_offset)?;
    if offset > container.received() {
        return Err(UploadError::wrong_offset());
    }
    receive(&container, offset, size, body).await?;
    if container.received() < size {
        return Err(UploadError::partial());
    }
    finish(state, &container).await?;
    Ok(())
}

/// The container, if it is the sender's and waits for bytes.
fn own(state: &SharedState, id: &str, headers: &HeaderMap) -> Result<Arc<Container>, UploadError> {
    let token = call::token_of(headers).filter(|token| !token.is_empty());
    let account = Account::of_token(&token.ok_or_else(UploadError::unauthorized)?);
    let found = state.instagram.containers.get(&account.id, id);
    let container = found.ok_or_else(UploadError::unauthorized)?;
    if container.opening.source == Source::Upload {
        Ok(container)
    } else {
        Err(UploadError::failed())
    }
}

/// The size of the whole file, which stays what it was when it was first said.
fn announced(
    state: &SharedState,
    container: &Container,
    headers: &HeaderMap,
) -> Result<u64, UploadError> {
    let size = number(headers, "file_size").filter(|size| *size > 0);
    let size = size.ok_or_else(UploadError::failed)?;
    match container.course().announced {
        Some(known) if known == size => {}
        Some(_) => return Err(UploadError::failed()),
        None => state.instagram.containers.announce(container, size)?,
    }
    if size > MOST_BYTES {
        let containers = &state.instagram.containers;
        containers.fail(container, TOO_LARGE)?;
        return Err(UploadError::failed());
    }
    Ok(size)
}

/// Takes in a body that starts at `offset`. One that breaks off is no error here: what arrived is
/// kept.
async fn receive(
    container: &Container,
    offset: u64,
    size: u64,
    body: &mut BodyDataStream,
) -> Result<(), UploadError> {
    let mut file = open_at(container, offset).await?;
    let failed = |error| SandboxError::io("write the upload", &container.file)(error);
    let mut arrived = offset;
    while let Ok(Some(Ok(piece))) = tokio::time::timeout(IDLE, body.next()).await {
        let end = arrived + piece.len() as u64;
        if end > size {
            return Err(UploadError {
                status: StatusCode::BAD_REQUEST,
                retriable: false,
                ..UploadError::partial()
            });
        }
        file.write_all(&piece).await.map_err(failed)?;
        file.flush().await.map_err(failed)?;
        arrived = end;
        container.received.store(arrived, Ordering::Release);
    }
    Ok(())
}

/// The file, without what was behind `offset`.
async fn open_at(container: &Container, offset: u64) -> Result<File, SandboxError> {
    let failed = |error| SandboxError::io("open the upload", &container.file)(error);
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    let mut file = options.open(&container.file).await.map_err(failed)?;
    file.set_len(offset).await.map_err(failed)?;
    file.seek(SeekFrom::Start(offset)).await.map_err(failed)?;
    container.received.store(offset, Ordering::Release);
    Ok(file)
}

async fn finish(state: &SharedState, container: &Arc<Container>) -> Result<(), SandboxError> {
    let (state, container) = (Arc::clone(state), Arc::clone(container));
    tokio::task::spawn_blocking(move || state.instagram.containers.arrive(&container))
        .await
        .map_err(SandboxError::Background)?
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

fn number(headers: &HeaderMap, name: &str) -> Option<u64> {
    text(headers, name)?.parse().ok()
}
