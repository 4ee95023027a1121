//! Our own accept loop. The SDK's leaves Nagle's algorithm on (25 ms for each step that awaits) and
//! knows no SIGTERM.

use std::time::Duration;

use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use restate_sdk::endpoint::Endpoint;
use restate_sdk::hyper::HyperEndpoint;
use tokio::net::TcpListener;
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// A connection whose other end is silent for this long is asked whether it is still there, and
/// given up if it does not say so: a Restate that lost its power sends no goodbye.
const PING_EVERY: Duration = Duration::from_secs(20);

/// Serves until `stop`, then lets what is `under_way` come to its end, `grace` at most.
///
/// Until then nothing changes for Restate. To a connection that was told to end it cannot send the next
/// run that wakes, and with that run it gives up all others on that connection, in the middle of their
/// attempts.
pub async fn serve(
    endpoint: Endpoint,
    listener: TcpListener,
    stop: CancellationToken,
    under_way: TaskTracker,
    grace: Duration,
) {
    let stopped = async {
        stop.cancelled().await;
        let until = Instant::now() + grace;
        under_way.close();
        (until, timeout_at(until, under_way.wait()).await.is_ok())
    };
    tokio::pin!(stopped);
    let endpoint = HyperEndpoint::new(endpoint);
    let connections = GracefulShutdown::new();
    let (until, all_ended) = loop {
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
            stopped = &mut stopped => break stopped,
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
    };
    drop(listener);
    if !all_ended {
        tracing::warn!(
            "Steps were still being executed when the worker's grace was over; they will be executed again."
        );
    }
    // Runs that only wait are in no hurry, and replay elsewhere.
    if timeout_at(until, connections.shutdown()).await.is_err() {
        tracing::debug!("Connections of Restate were cut off.");
    }
}
