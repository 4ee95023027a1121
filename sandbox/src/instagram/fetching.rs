//! Files that Instagram fetches itself: a container's `video_url`, and an upload's `file_url`.

use std::sync::Arc;

use jiff::Timestamp;
use reqwest::Client;

use super::container::{Container, MOST_BYTES, Source, Standing, TOO_LARGE};
use super::containers::Containers;
use crate::SandboxError;
use crate::fetch::{self, FetchError};
use crate::state::SharedState;

/// The media could not be fetched from this URI.
const UNFETCHABLE: u32 = 2_207_052;
/// It takes too long to download the media.
const TOO_SLOW: u32 = 2_207_003;

/// Goes on with what a kill interrupted: fetches the URLs whose files have not arrived.
pub(crate) fn resume(state: &SharedState) {
    let now = Timestamp::now();
    for container in state.instagram.containers.all() {
        let waits = container.course().arrived.is_none();
        if waits && container.standing(&state.posts, now) == Standing::InProgress {
            start(state, &container);
        }
    }
}

/// Starts to fetch a container's URL, if it has one.
pub(crate) fn start(state: &SharedState, container: &Arc<Container>) {
    let Source::Url(url) = &container.opening.source else {
        return;
    };
    let (url, container) = (url.clone(), Arc::clone(container));
    // The world must be able to end while this waits for somebody's server.
    let (world, http) = (Arc::downgrade(state), state.http.clone());
    state.background.start(async move {
        let fetched = to_file(&http, &container, &url).await;
        let Some(state) = world.upgrade() else {
            return;
        };
        let kept = tokio::task::spawn_blocking(move || {
            keep(&state.instagram.containers, &container, fetched)
        });
        match kept.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!(%error, "a fetched file could not be kept"),
            Err(error) => tracing::error!(%error, "a fetched file was not looked at"),
        }
    });
}

/// Fetches a file for an upload, and returns when it is kept, or the container has failed.
pub(crate) async fn fetch_now(
    state: &SharedState,
    container: &Arc<Container>,
    url: &str,
) -> Result<(), SandboxError> {
    let fetched = to_file(&state.http, container, url).await;
    let (state, container) = (Arc::clone(state), Arc::clone(container));
    tokio::task::spawn_blocking(move || keep(&state.instagram.containers, &container, fetched))
        .await
        .map_err(SandboxError::Background)?
}

/// Nothing when the URL is none that is fetched.
async fn to_file(
    http: &Client,
    container: &Container,
    url: &str,
) -> Option<Result<u64, FetchError>> {
    let url = fetch::fetchable(url)?;
    let received = &container.received;
    Some(fetch::to_file(http, url, &container.file, MOST_BYTES, received).await)
}

fn keep(
    containers: &Containers,
    container: &Container,
    fetched: Option<Result<u64, FetchError>>,
) -> Result<(), SandboxError> {
    match fetched {
        Some(Ok(_)) => containers.arrive(container),
        None | Some(Err(FetchError::Status(_))) => containers.fail(container, UNFETCHABLE),
        Some(Err(FetchError::TooLarge { .. })) => containers.fail(container, TOO_LARGE),
        Some(Err(FetchError::Http(error))) => {
            let slow = error.is_timeout();
            containers.fail(container, if slow { TOO_SLOW } else { UNFETCHABLE })
        }
        Some(Err(FetchError::Kept(error))) => Err(error),
    }
}
