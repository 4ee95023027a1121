//! `PULL_FROM_URL`: the file is fetched by us, after the answer was given.
//!
//! A download that a kill interrupted begins again when the world is served again.

use std::sync::Arc;

use super::finish::finish;
use super::source_info::{MOST_BYTES, Source};
use super::uploads::{End, Upload};
use super::webhook;
use crate::SandboxError;
use crate::fetch::{self, FetchError};
use crate::state::SharedState;

/// Starts the download of an opening.
pub(crate) fn start(state: &SharedState, upload: Arc<Upload>) {
    let Source::Url(url) = &upload.opening.source else {
        return;
    };
    // It was checked when the post was opened.
    let Some(url) = fetch::fetchable(url) else {
        return;
    };
    let world = Arc::downgrade(state);
    let http = state.http.clone();
    state.background.start(async move {
        let (file, arrived) = (&upload.file, upload.counter());
        let fetched = fetch::to_file(&http, url, file, MOST_BYTES, arrived).await;
        if let Some(state) = world.upgrade()
            && let Err(error) = conclude(&state, upload, fetched).await
        {
            tracing::error!(%error, "the sandbox failed at its own work");
        }
    });
}

/// Starts the downloads that were under way when the sandbox was killed.
pub(crate) fn resume(state: &SharedState) {
    for upload in state.tiktok.uploads.all() {
        if upload.end().is_none() {
            start(state, upload);
        }
    }
}

async fn conclude(
    state: &SharedState,
    upload: Arc<Upload>,
    fetched: Result<u64, FetchError>,
) -> Result<(), SandboxError> {
    let end = match fetched {
        Ok(_) => End::Fetched,
        Err(error) => {
            tracing::debug!(%error, "a download of a video failed");
            End::Failed("video_pull_failed".to_owned())
        }
    };
    // It may have been cancelled meanwhile.
    if !state.tiktok.uploads.end(&upload, end)? {
        return Ok(());
    }
    if upload.is_whole() {
        finish(state, upload).await?;
    } else {
        webhook::announce_failure(state, &upload);
    }
    Ok(())
}
