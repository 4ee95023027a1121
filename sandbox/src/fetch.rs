//! Files that a platform fetches itself, by the URL that it was given.
//!
//! The rules are the vendors': https and no redirects. Plain http is taken from loopback only,
//! where the tests' own files are.

use std::net::IpAddr;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures::StreamExt;
use reqwest::{Client, StatusCode, Url};
use tokio::io::AsyncWriteExt;

use crate::SandboxError;

/// How long a connection may take, and each piece of the file.
const IDLE: Duration = Duration::from_secs(30);
/// How long the whole file may take.
const LONGEST: Duration = Duration::from_secs(3600);

/// Why a file did not arrive.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FetchError {
    #[error("the file could not be fetched")]
    Http(#[from] reqwest::Error),
    #[error("the file's host answered {0}")]
    Status(StatusCode),
    #[error("the file is larger than {most} bytes")]
    TooLarge { most: u64 },
    #[error(transparent)]
    Kept(#[from] SandboxError),
}

/// The client for everything that a platform itself asks.
pub(crate) fn client() -> Result<Client, SandboxError> {
    Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .no_proxy()
        .connect_timeout(IDLE)
        .read_timeout(IDLE)
        .timeout(LONGEST)
        .build()
        .map_err(SandboxError::Http)
}

/// The URL, when it is one that a platform would fetch.
pub(crate) fn fetchable(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let host = url.host_str()?;
    let address = host.trim_start_matches('[').trim_end_matches(']');
    let loopback = host == "localhost"
        || address
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback());
    (url.scheme() == "https" || (url.scheme() == "http" && loopback)).then_some(url)
}

/// Fetches a file of at most `most` bytes, replacing what is there. `arrived` counts along.
/// Returns the number of bytes, all of which are in the file.
pub(crate) async fn to_file(
    http: &Client,
    url: Url,
    path: &Path,
    most: u64,
    arrived: &AtomicU64,
) -> Result<u64, FetchError> {
    arrived.store(0, Ordering::Release);
    let answer = http.get(url).send().await?;
    if answer.status() != StatusCode::OK {
        return Err(FetchError::Status(answer.status()));
    }
    let mut file = tokio::fs::File::create(path)
        .await
        .map_err(SandboxError::io("create", path))?;
    let mut length = 0;
    let mut pieces = answer.bytes_stream();
    while let Some(piece) = pieces.next().await {
        let piece = piece?;
        length += piece.len() as u64;
        if length > most {
            return Err(FetchError::TooLarge { most });
        }
        file.write_all(&piece)
            .await
            .map_err(SandboxError::io("write", path))?;
        arrived.store(length, Ordering::Release);
    }
    file.flush()
        .await
        .map_err(SandboxError::io("write", path))?;
    Ok(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_is_fetched_and_http_from_loopback() {
        for url in [
            "https://cdn.example.com/a.mp4",
            "http://127.0.0.1:80/a.mp4",
            "http://[::1]:8080/a.mp4",
            "http://localhost/a.mp4",
        ] {
            assert!(fetchable(url).is_some(), "{url}");
        }
        for url in [
            "http://example.com/a.mp4",
            "file:///etc/passwd",
            "a.mp4",
            "",
        ] {
            assert!(fetchable(url).is_none(), "{url}");
        }
    }
}
