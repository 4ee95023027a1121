//! Instagram's Graph API for Reels: container, resumable upload, publish, and reading what became
//! of it.
//!
//! There is no idempotency key, and two containers that are both published are two posts. What
//! keeps it to one is that the caller stores the container's id before anything is published, and
//! asks the container (then the account's media) before it publishes again. A container is
//! published at most once, by [`publish`](Instagram::publish) and by nothing else. This client
//! only answers the questions; it remembers nothing.
//!
//! Wire format: Graph API v26.0, the guide to publishing at
//! <https://developers.facebook.com/docs/instagram-platform/content-publishing>, and its page on
//! resumable uploads, which need a token of the Facebook login.

mod container;
mod ids;
mod insights;
mod meaning;
mod media;
mod new_reel;
mod publish;
mod upload;
mod usage;

use std::time::Duration;

use jiff::Timestamp;
use reqwest::{Client, Method, RequestBuilder};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::Url;

use crate::PlatformError;
use crate::http::{Exchange, Service, below};

pub use container::{ContainerFailure, ContainerState, VideoSource};
pub use ids::{ContainerId, MediaId};
pub use insights::Insights;
pub use meaning::CODES;
pub use media::Media;
pub use new_reel::NewReel;
pub use publish::PublishingLimit;

pub(crate) const SERVICE: Service = Service {
    name: "instagram",
    timeout: "instagram_timeout",
    unreachable: "instagram_unreachable",
    unreadable: "instagram_unreadable_answer",
    misconfigured: "instagram_misconfigured",
};

/// Where the Graph API is, who we are there, and how long and how much we listen.
#[derive(Clone, Debug)]
pub struct InstagramConfig {
    /// The API's root with its version: `https://graph.facebook.com/v26.0/`, or a sandbox on
    /// loopback.
    pub base_url: Url,
    /// Where bytes go, with the version: `https://rupload.facebook.com/ig-api-upload/v26.0/`. A
    /// container's id is added to it; the address that an answer names is never used.
    pub upload_base_url: Url,
    /// Access token with `instagram_basic` and `instagram_content_publish`, and with
    /// `instagram_manage_insights` for insights.
    pub access_token: SecretString,
    /// The account's id as the Graph API has it, such as `17841405822304914`.
    pub user_id: String,
    /// Longest time until a connection stands.
    pub connect_timeout: Duration,
    /// Longest time for one whole request that carries no video.
    pub request_timeout: Duration,
    /// Longest time for the request that carries the video: all of it has to fit into it.
    pub upload_timeout: Duration,
    /// Longest answer that is read, in bytes.
    pub max_response_bytes: u64,
}

impl InstagramConfig {
    /// 10 s to connect, 60 s per request, 15 min for the video, 4 MiB per answer.
    #[must_use]
    pub fn new(
        base_url: Url,
        upload_base_url: Url,
        access_token: SecretString,
        user_id: String,
    ) -> Self {
        Self {
            base_url,
            upload_base_url,
            access_token,
            user_id,
            connect_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(60),
            upload_timeout: Duration::from_secs(15 * 60),
            max_response_bytes: 4 << 20,
        }
    }
}

/// The client. Cheap to clone; one per account.
#[derive(Clone, Debug)]
pub struct Instagram {
    config: InstagramConfig,
    http: Client,
    upload_http: Client,
}

impl Instagram {
    /// A client for one account. Nothing is sent.
    ///
    /// # Errors
    /// `instagram_misconfigured` when a base URL is neither https nor on loopback, or the
    /// account's id is none.
    pub fn new(mut config: InstagramConfig) -> Result<Self, PlatformError> {
        if !ids::fits_a_path(&config.user_id) {
            return Err(SERVICE.misconfigured("the account's id is not a Graph API id"));
        }
        config.base_url = below(config.base_url);
        config.upload_base_url = below(config.upload_base_url);
        let client = |base: &Url, timeout| SERVICE.client(base, config.connect_timeout, timeout);
        let http = client(&config.base_url, config.request_timeout)?;
        let upload_http = client(&config.upload_base_url, config.upload_timeout)?;
        Ok(Self {
            config,
            http,
            upload_http,
        })
    }

    /// `path` is made of our own constants and of ids that fit a path, below the configured root.
    fn request(&self, method: Method, path: &str) -> Result<RequestBuilder, PlatformError> {
        let url = address(&self.config.base_url, path)?;
        let token = self.config.access_token.expose_secret();
        Ok(self.http.request(method, url).bearer_auth(token))
    }

    /// An edge of the account, such as `media`.
    fn of_the_account(&self, edge: &str) -> String {
        format!("{}/{edge}", self.config.user_id)
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

    /// One request whose answer is JSON.
    async fn answer<T: DeserializeOwned>(
        &self,
        operation: &'static str,
        request: RequestBuilder,
    ) -> Result<T, PlatformError> {
        let answer = self.send(operation, request).await?;
        if !answer.status.is_success() {
            return Err(meaning::refused(operation, &answer, Timestamp::now()));
        }
        SERVICE.parse(operation, &answer.body)
    }

    /// One GET.
    async fn read<T: DeserializeOwned>(
        &self,
        operation: &'static str,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<T, PlatformError> {
        let request = self.request(Method::GET, path)?.query(query);
        self.answer(operation, request).await
    }

    /// One POST to an edge of the account, and the id of what it made.
    async fn create(
        &self,
        operation: &'static str,
        edge: &str,
        body: &Value,
    ) -> Result<String, PlatformError> {
        let request = self
            .request(Method::POST, &self.of_the_account(edge))?
            .json(body);
        let created: Created = self.answer(operation, request).await?;
        Ok(created.id)
    }
}

/// What every POST of the Graph API answers; other fields are not for us.
#[derive(Deserialize)]
struct Created {
    id: String,
}

fn address(base: &Url, path: &str) -> Result<Url, PlatformError> {
    base.join(path).map_err(|error| {
        SERVICE
            .misconfigured("the base URL takes no path")
            .caused_by(error)
    })
}
