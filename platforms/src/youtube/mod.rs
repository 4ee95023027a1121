//! YouTube Data API v3: resumable upload, and reading a video's state and counts.
//!
//! The upload has no idempotency key: two sessions are two videos. What keeps it to one is that
//! the caller stores the session before the first byte leaves, and asks the session (or, without
//! one, the channel's uploads) before it sends anything again. This client only answers the
//! questions; it remembers nothing.
//!
//! Wire format: discovery document of `youtube.v3`, revision 20261104, and the guide to resumable
//! uploads at <https://developers.google.com/youtube/v3/guides/using_resumable_upload_protocol>.

mod clip;
mod meaning;
mod new_video;
mod search;
mod session;
mod upload;
mod video;

use std::time::Duration;

use jiff::Timestamp;
use reqwest::{Client, Method, RequestBuilder, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use url::Url;

use crate::PlatformError;
use crate::http::{Exchange, Service, below};

pub use clip::Clip;
pub use meaning::CODES;
pub use new_video::{NewVideo, Privacy};
pub use session::SessionUri;
pub use upload::{CHUNK_STEP, UploadState};
pub use video::{Counts, UploadStatus, Video};

pub(crate) const SERVICE: Service = Service {
    name: "youtube",
    timeout: "youtube_timeout",
    unreachable: "youtube_unreachable",
    unreadable: "youtube_unreadable_answer",
    misconfigured: "youtube_misconfigured",
};

/// Where YouTube is, who we are there, and how long and how much we listen.
#[derive(Clone, Debug)]
pub struct YouTubeConfig {
    /// The API's root: `https://youtube.googleapis.com/`, or a sandbox on loopback.
    pub base_url: Url,
    /// OAuth 2 access token with `youtube.upload` and `youtube.readonly`.
    pub access_token: SecretString,
    /// Sent as `x-goog-api-key` on reads, so that they count against its project. Optional.
    pub api_key: Option<SecretString>,
    /// Longest time until a connection stands.
    pub connect_timeout: Duration,
    /// Longest time for one whole request; one chunk has to fit into it.
    pub request_timeout: Duration,
    /// Longest answer that is read, in bytes.
    pub max_response_bytes: u64,
    /// Bytes per upload request: a multiple of [`CHUNK_STEP`].
    pub chunk_bytes: u64,
}

impl YouTubeConfig {
    /// 10 s to connect, 120 s per request, 4 MiB per answer, chunks of 8 MiB, no API key.
    #[must_use]
    pub fn new(base_url: Url, access_token: SecretString) -> Self {
        Self {
            base_url,
            access_token,
            api_key: None,
            connect_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(120),
            max_response_bytes: 4 << 20,
            chunk_bytes: 8 << 20,
        }
    }
}

/// The client. Cheap to clone; one per account.
#[derive(Clone, Debug)]
pub struct YouTube {
    config: YouTubeConfig,
    http: Client,
}

impl YouTube {
    /// A client for one account. Nothing is sent.
    ///
    /// # Errors
    /// `youtube_misconfigured` when the base URL is neither https nor on loopback, or the chunk
    /// size is not a multiple of [`CHUNK_STEP`].
    pub fn new(mut config: YouTubeConfig) -> Result<Self, PlatformError> {
        if config.chunk_bytes == 0 || !config.chunk_bytes.is_multiple_of(CHUNK_STEP) {
            return Err(SERVICE.misconfigured(format!(
                "chunks of {} bytes, which is not a multiple of {CHUNK_STEP}",
                config.chunk_bytes
            )));
        }
        config.base_url = below(config.base_url);
        let http = SERVICE.client(
            &config.base_url,
            config.connect_timeout,
            config.request_timeout,
        )?;
        Ok(Self { config, http })
    }

    /// Bytes per upload request.
    #[must_use]
    pub fn chunk_bytes(&self) -> u64 {
        self.config.chunk_bytes
    }

    fn request(&self, method: Method, url: Url) -> RequestBuilder {
        self.http
            .request(method, url)
            .bearer_auth(self.config.access_token.expose_secret())
    }

    /// `path` is one of our own constants, below the configured root.
    fn address(&self, path: &str) -> Result<Url, PlatformError> {
        self.config.base_url.join(path).map_err(|error| {
            SERVICE
                .misconfigured("the base URL takes no path")
                .caused_by(error)
        })
    }

    async fn send(
        &self,
        operation: &'static str,
        request: RequestBuilder,
    ) -> Result<Exchange, PlatformError> {
        SERVICE
            .exchange(operation, request, self.config.max_response_bytes)
            .await
    }

    /// One GET of a list resource.
    async fn read<T: DeserializeOwned>(
        &self,
        operation: &'static str,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<T, PlatformError> {
        let mut request = self.request(Method::GET, self.address(path)?).query(query);
        if let Some(key) = &self.config.api_key {
            request = request.header("x-goog-api-key", key.expose_secret());
        }
        let answer = self.send(operation, request).await?;
        if answer.status != StatusCode::OK {
            return Err(meaning::refused(operation, &answer, Timestamp::now()));
        }
        SERVICE.parse(operation, &answer.body)
    }
}
