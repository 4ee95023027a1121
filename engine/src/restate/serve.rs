//! Our own accept loop. The SDK's leaves Nagle's algorithm on (25 ms for each step that awaits) and
//! knows no SIGTERM.

use std::time::Duration;

use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use restate_sdk::endpoint::Endpoint;
use restate_sdk::hyper::HyperEndpoint;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// A connection whose other end is silent for this long is asked whether it is still there, and
/// given up if it does not say so: a Restate that lost its power sends no goodbye.
const PING_EVERY: Duration = Duration::from_secs(20);

/// Serves until `stop`, then lets what is being executed come to its end, `grace` at most.
pub async fn serve(
    endpoint: Endpoint,
    listener: TcpListener,
    stop: CancellationToken,
    grace: Duration,
) {
    let endpoint = HyperEndpoint::new(endpoint);
    let connections = GracefulShutdown::new();
    loop {
        let stream = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    tracing::warn!(%error, "A connection could not be accepted.");
                    // Out of file descriptors, most likely: give some a chance to close.
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            },
            () = stop.cancelled() => break,
        };
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "Nagle's algorithm stays on for a connection.");
        }
        let connection = hyper::server::conn::http2::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .keep_alive_interval(PING_EVERY)
            .serve_connection(TokioIo::new(stream), endpoint.clone());
        let connection = connections.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "A connection of Restate broke off.");
            }
        });
    }
    drop(listener);
    if tokio::time::timeout(grace, connections.shutdown())
        .await
        .is_err()
    {
        tracing::warn!(
            "Steps were still being executed when the worker's grace was over; they will be executed again."
        );
    }
}
