//! What every request to a platform passes on its way to the handler and back: the request log,
//! and the faults that are set.

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures::{StreamExt, stream};
use std::collections::BTreeMap;
use std::io;
use std::time::Duration;

use crate::SandboxError;
use crate::faults::{Action, When};
use crate::platform::Platform;
use crate::requests::{Progress, Ticket};
use crate::server::DropConnection;
use crate::state::SharedState;

/// Most bytes of a body that are held in memory, or read only to be thrown away.
const BODY_LIMIT: usize = 256 * 1024 * 1024;

/// Long enough for a piece of an answer to have left.
const FLUSHED: Duration = Duration::from_millis(50);

/// In the extensions of a request: how a paid answer is to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ForcedEnd {
    Refusal,
    MaxTokens,
}

/// In the extensions of a request for a page: how the page differs from the usual one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ForcedLayout {
    /// Nothing is where it was.
    Changed,
    /// What people see, and no data for programs.
    WithoutData,
}

/// In the extensions of a request about an Instagram container: what has become of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ForcedFate {
    /// With the vendor's number for the reason.
    Fails {
        problem: u32,
    },
    Expires,
}

/// The middleware.
pub(crate) async fn gate(
    State(state): State<SharedState>,
    request: Request,
    next: Next,
) -> Response {
    let Some((platform, endpoint)) = Platform::classify(&request) else {
        return next.run(request).await;
    };
    let passed = pass(&state, (platform, endpoint), request, next).await;
    passed.unwrap_or_else(|error| {
        // The log is what tests trust: an answer that is not in it must not go out.
        tracing::error!(%error, "the request log could not be written");
        StatusCode::INTERNAL_SERVER_ERROR.into_response()
    })
}

async fn pass(
    state: &SharedState,
    target: (Platform, &'static str),
    request: Request,
    next: Next,
) -> Result<Response, SandboxError> {
    let ticket = Ticket::begin(state, target, request.method().as_str(), request.uri())?;
    let response = match state.faults.take(target.0, target.1) {
        None => next.run(request).await,
        Some((id, action)) => {
            ticket.meets(&id)?;
            apply(target, &action, &ticket, request, next).await?
        }
    };
    if response.extensions().get::<DropConnection>().is_some() {
        ticket.close(Progress::Dropped, None)?;
    } else {
        ticket.close(Progress::Answered, Some(response.status().as_u16()))?;
    }
    Ok(response)
}

async fn apply(
    (platform, endpoint): (Platform, &'static str),
    action: &Action,
    ticket: &Ticket,
    mut request: Request,
    next: Next,
) -> Result<Response, SandboxError> {
    tell(action, &mut request);
    let response = match action {
        Action::Fail {
            status,
            body,
            headers,
        } => {
            drain(request).await;
            let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
            let mut response = match body {
                Some(body) => (status, axum::Json(body)).into_response(),
                None => platform.failure(endpoint, status, action),
            };
            add_headers(&mut response, headers);
            response
        }
        Action::RateLimit { retry_after_s } => {
            drain(request).await;
            let mut response = platform.failure(endpoint, StatusCode::TOO_MANY_REQUESTS, action);
            if let Some(seconds) = retry_after_s {
                let value = HeaderValue::from(*seconds);
                response.headers_mut().insert(header::RETRY_AFTER, value);
            }
            response
        }
        // The platform knows the status that goes with the name.
        Action::QuotaExceeded
        | Action::Overloaded
        | Action::SpendLimit
        | Action::GraphError { .. }
        | Action::VerifyPage
        | Action::LoginWall => {
            drain(request).await;
            platform.failure(endpoint, StatusCode::TOO_MANY_REQUESTS, action)
        }
        Action::EmptyBody => {
            drain(request).await;
            ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], "").into_response()
        }
        Action::Stall { ms, when } => stall(*ms, *when, ticket, request, next).await?,
        Action::DropBefore => dropped(),
        Action::ActThenDrop => {
            next.run(request).await;
            dropped()
        }
        Action::CutBody { bytes } => {
            next.run(cut(request, *bytes)).await;
            dropped()
        }
        Action::Garbage => {
            next.run(request).await;
            (StatusCode::OK, "<html><title>Sorry…</title>\u{0}").into_response()
        }
        Action::Truncate => truncate(next.run(request).await).await,
        // The handler does what it was told.
        Action::ChangedLayout
        | Action::MissingData
        | Action::ContainerFails { .. }
        | Action::ContainerExpires
        | Action::Refusal
        | Action::MaxTokens => next.run(request).await,
    };
    Ok(response)
}

/// Leaves a word for the handler, if the fault is one that the handler has to play.
fn tell(action: &Action, request: &mut Request) {
    let words = request.extensions_mut();
    match action {
        Action::ChangedLayout => {
            words.insert(ForcedLayout::Changed);
        }
        Action::MissingData => {
            words.insert(ForcedLayout::WithoutData);
        }
        Action::ContainerFails { problem } => {
            words.insert(ForcedFate::Fails { problem: *problem });
        }
        Action::ContainerExpires => {
            words.insert(ForcedFate::Expires);
        }
        Action::Refusal => {
            words.insert(ForcedEnd::Refusal);
        }
        Action::MaxTokens => {
            words.insert(ForcedEnd::MaxTokens);
        }
        _ => {}
    }
}

async fn stall(
    ms: u64,
    when: When,
    ticket: &Ticket,
    request: Request,
    next: Next,
) -> Result<Response, SandboxError> {
    let wait = Duration::from_millis(ms);
    match when {
        When::Before => {
            // With the body read, the server notices a client that goes away, and this request
            // then never acts.
            let (parts, body) = request.into_parts();
            let Ok(body) = axum::body::to_bytes(body, BODY_LIMIT).await else {
                return Ok(dropped());
            };
            ticket.stalls()?;
            tokio::time::sleep(wait).await;
            Ok(next.run(Request::from_parts(parts, body.into())).await)
        }
        When::After => {
            let response = next.run(request).await;
            ticket.stalls()?;
            tokio::time::sleep(wait).await;
            Ok(response)
        }
    }
}

fn dropped() -> Response {
    let mut response = StatusCode::OK.into_response();
    response.extensions_mut().insert(DropConnection);
    response
}

/// Reads what the client sends, so that it is listening when the answer comes.
async fn drain(request: Request) {
    let mut rest = request.into_body().into_data_stream();
    let mut read = 0;
    while let Some(Ok(chunk)) = rest.next().await {
        read += chunk.len();
        if read > BODY_LIMIT {
            break;
        }
    }
}

/// The request, with a body that breaks after `bytes`.
fn cut(request: Request, bytes: u64) -> Request {
    let (parts, body) = request.into_parts();
    let rest = (body.into_data_stream(), bytes);
    let body = stream::try_unfold(rest, |(mut data, left)| async move {
        let cut = || io::Error::new(io::ErrorKind::ConnectionReset, "a fault cut the body");
        if left == 0 {
            return Err(cut());
        }
        match data.next().await {
            Some(Ok(chunk)) => {
                let take = usize::try_from(left).unwrap_or(usize::MAX).min(chunk.len());
                Ok(Some((chunk.slice(..take), (data, left - take as u64))))
            }
            Some(Err(_)) => Err(cut()),
            None => Ok(None),
        }
    });
    Request::from_parts(parts, Body::from_stream(body))
}

/// The response, announced whole and sent half.
async fn truncate(response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    let Ok(body) = axum::body::to_bytes(body, BODY_LIMIT).await else {
        return dropped();
    };
    let length = HeaderValue::from(body.len().max(1) as u64);
    parts.headers.insert(header::CONTENT_LENGTH, length);
    let half: Bytes = body.slice(..body.len() / 2);
    let rest = stream::once(async {
        // Or the head would never leave the server's buffer.
        tokio::time::sleep(FLUSHED).await;
        Err(io::Error::other("a fault cut the answer"))
    });
    let pieces = stream::once(async { Ok(half) }).chain(rest);
    Response::from_parts(parts, Body::from_stream(pieces))
}

fn add_headers(response: &mut Response, headers: &BTreeMap<String, String>) {
    for (name, value) in headers {
        let name = HeaderName::from_bytes(name.as_bytes());
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_str(value)) {
            response.headers_mut().insert(name, value);
        }
    }
}
