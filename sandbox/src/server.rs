//! The accept loop, one task per connection.
//!
//! axum's own server always answers. Ours can also close a connection in the middle of a request
//! without a word, which is how a client loses the answer to something that happened.

use std::convert::Infallible;
use std::fmt;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{DefaultBodyLimit, Request};
use axum::response::Response;
use axum::{Router, middleware};
use hyper::body::Incoming;
use hyper::service::Service as _;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::platform::Platform;
use crate::state::Shared;
use crate::{SandboxError, controls, gate, instagram, tiktok};

/// How long answers under way may take after the stop.
const GRACE: Duration = Duration::from_secs(1);

/// In the extensions of a response: do not send it, close the connection.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DropConnection;

/// What the connection task is told instead of a response.
#[derive(Debug)]
struct Dropped;

impl fmt::Display for Dropped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a fault closed the connection")
    }
}

impl std::error::Error for Dropped {}

/// Serves until `stop` is cancelled.
pub(crate) async fn serve(
    state: Arc<Shared>,
    listener: TcpListener,
    stop: CancellationToken,
) -> Result<(), SandboxError> {
    tiktok::resume(&state);
    instagram::resume(&state);
    let router = router(state);
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            // A failed accept (too many open files, a client gone already) is not our end.
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(connection(stream, router.clone(), stop.clone()));
                }
                Err(error) => {
                    tracing::warn!(%error, "could not accept a connection");
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            },
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
        }
    }
    drop(listener);
    let all_done = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(GRACE, all_done).await.is_err() {
        tracing::debug!("closing connections that are still busy");
    }
    connections.shutdown().await;
    Ok(())
}

fn router(state: Arc<Shared>) -> Router {
    let mut router = Router::new().nest("/_sandbox", controls::router());
    for platform in Platform::ALL {
        for (prefix, paths) in platform.mounts() {
            router = router.nest(prefix, paths());
        }
    }
    router
        .layer(middleware::from_fn_with_state(
            Arc::clone(&state),
            gate::gate,
        ))
        // Every handler has its own, documented limit.
        .layer(DefaultBodyLimit::disable())
        .with_state(state)
}

async fn connection(stream: TcpStream, router: Router, stop: CancellationToken) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "could not turn off Nagle's algorithm");
    }
    let service = TowerToHyperService::new(router);
    let service = hyper::service::service_fn(move |request: Request<Incoming>| {
        let answer = service.call(request);
        async move {
            let response: Result<Response, Infallible> = answer.await;
            match response {
                Ok(response) if response.extensions().get::<DropConnection>().is_some() => {
                    Err(Dropped)
                }
                Ok(response) => Ok(response),
                Err(never) => match never {},
            }
        }
    });
    let mut http = hyper::server::conn::http1::Builder::new();
    http.timer(TokioTimer::new());
    let mut connection = pin!(http.serve_connection(TokioIo::new(stream), service));
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
    }
}
