//! TikTok's official APIs: posting a video (Content Posting API, Direct Post), reading its counts
//! (Display API), renewing tokens (OAuth v2), and webhooks.
//!
//! A post has no idempotency key: every `init` is a new post. What keeps it to one is that the
//! caller stores [`PublishId`] and [`UploadUrl`] before the first byte leaves, and asks
//! [`TikTok::status`] before it initialises a second time. With an upload nothing is posted until
//! the last byte has arrived, so an `init` whose answer was lost leaves nothing behind; with
//! [`TikTok::init_pull_from_url`] it may leave a post. This client only answers the questions; it
//! remembers nothing.
//!
//! The access token is an argument of every call, because it lives for hours only and one renewal
//! serves all runs of an account: whoever keeps the account's [`TokenPair`] lends the current token
//! for one call, and renews it when a call ends with `tiktok_unauthorized`. So a client belongs to
//! an app, not to an account.
//!
//! Wire format: <https://developers.tiktok.com/doc/content-posting-api-reference-direct-post>, the
//! pages beside it, and <https://developers.tiktok.com/doc/tiktok-api-v2-video-query>, as of
//! November 2026.

mod chunks;
mod clip;
mod creator;
mod event;
mod fail_reason;
mod init;
mod meaning;
mod new_post;
mod post_id;
mod status;
mod token;
mod upload;
mod upload_url;
mod video;

pub mod webhook;

use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, RequestBuilder};
use secrecy::SecretString;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use url::Url;

use crate::PlatformError;
use crate::http::{Exchange, Service, below};

pub use chunks::{ChunkPlan, LEAST_CHUNK, MOST_BYTES, MOST_CHUNK};
pub use clip::Clip;
pub use creator::{CreatorInfo, PrivacyLevel};
pub use event::{Delivery, Event, EventError};
pub use fail_reason::FailReason;
pub use init::Upload;
pub use meaning::CODES;
pub use new_post::NewPost;
pub use post_id::PublishId;
pub use status::PublishStatus;
pub use token::{AccessToken, RefreshToken, TokenPair};
pub use upload::{Container, UploadState};
pub use upload_url::UploadUrl;
pub use video::{Counts, MOST_QUERIED, Video};

pub(crate) const SERVICE: Service = Service {
    name: "tiktok",
    timeout: "tiktok_timeout",
    unreachable: "tiktok_unreachable",
    unreadable: "tiktok_unreadable_answer",
    misconfigured: "tiktok_misconfigured",
};

/// What the API wants to be told about a body, also where there is none.
const JSON: &str = "application/json; charset=UTF-8";

/// Where TikTok is, which app we are there, and how long and how much we listen.
#[derive(Clone, Debug)]
pub struct TikTokConfig {
    /// The API's root: `https://open.tiktokapis.com/`, or a sandbox on loopback.
    pub base_url: Url,
    /// The app's client key: an id, no secret.
    pub client_key: String,
    /// The app's client secret. It renews tokens, and signs webhooks.
    pub client_secret: SecretString,
    /// Longest time until a connection stands.
    pub connect_timeout: Duration,
    /// Longest time for one whole request; the last chunk, of up to twice
    /// [`chunk_bytes`](Self::chunk_bytes), has to fit into it.
    pub request_timeout: Duration,
    /// Longest answer that is read, in bytes.
    pub max_response_bytes: u64,
    /// Bytes per upload request, [`LEAST_CHUNK`] to [`MOST_CHUNK`]; see [`ChunkPlan`].
    pub chunk_bytes: u64,
}

impl TikTokConfig {
    /// 10 s to connect, 120 s per request, 4 MiB per answer, chunks of 10 MB.
    #[must_use]
    pub fn new(base_url: Url, client_key: String, client_secret: SecretString) -> Self {
        Self {
            base_url,
            client_key,
            client_secret,
            connect_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(120),
            max_response_bytes: 4 << 20,
            chunk_bytes: 10_000_000,
        }
    }
}

/// The client. Cheap to clone; one per app, for all of its accounts.
#[derive(Clone, Debug)]
pub struct TikTok {
    config: TikTokConfig,
    http: Client,
}

impl TikTok {
    /// A client for one app. Nothing is sent.
    ///
    /// # Errors
    /// `tiktok_misconfigured` when the base URL is neither https nor on loopback, or the chunk
    /// size is not one that TikTok takes.
    pub fn new(mut config: TikTokConfig) -> Result<Self, PlatformError> {
        if !(LEAST_CHUNK..=MOST_CHUNK).contains(&config.chunk_bytes) {
            return Err(SERVICE.misconfigured(format!(
                "chunks of {} bytes; TikTok takes {LEAST_CHUNK} to {MOST_CHUNK}",
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

    /// `path` is one of our own constants, below the configured root.
    fn address(&self, path: &str) -> Result<Url, PlatformError> {
        self.config.base_url.join(path).map_err(|error| {
            SERVICE
                .misconfigured("the base URL takes no path")
                .caused_by(error)
        })
    }

    /// A POST in the name of an account; all calls but the token's and the bytes' are such.
    fn post(&self, path: &str, token: &AccessToken) -> Result<RequestBuilder, PlatformError> {
        let request = self.http.post(self.address(path)?);
        Ok(request
            .bearer_auth(token.expose())
            .header(CONTENT_TYPE, JSON))
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

    /// An answer that is a success by its status and by its words: TikTok may say no with a 200.
    async fn ask(
        &self,
        operation: &'static str,
        request: RequestBuilder,
    ) -> Result<Exchange, PlatformError> {
        let answer = self.send(operation, request).await?;
        meaning::check(operation, &answer, Timestamp::now())?;
        Ok(answer)
    }
}

/// What is around every answer of the API, but the token's.
#[derive(Deserialize)]
struct Envelope<T> {
    data: T,
}

/// What a successful answer is about.
fn data<T: DeserializeOwned>(
    operation: &'static str,
    answer: &Exchange,
) -> Result<T, PlatformError> {
    let envelope: Envelope<T> = SERVICE.parse(operation, &answer.body)?;
    Ok(envelope.data)
}

/// An answer that holds a secret: without the parser's own words about it, which may quote it.
fn parse_secret<T: DeserializeOwned>(
    operation: &'static str,
    answer: &Exchange,
) -> Result<T, PlatformError> {
    serde_json::from_slice(&answer.body).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        SERVICE.unreadable(
            operation,
            format!("the answer is not the expected JSON (line {line}, column {column})"),
        )
    })
}
