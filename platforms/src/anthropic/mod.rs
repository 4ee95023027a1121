//! Anthropic Messages API: a picture-and-text question with an answer of a given shape.
//!
//! The shape is guaranteed by structured output (`output_config.format`), the truth of it is not:
//! scores are to be clamped and text is to be treated as foreign by whoever uses them. The model
//! gets no tools, so words in a picture can at most change the answer.
//!
//! There is no idempotency key: a request that is sent again is billed again, which is all that
//! can happen. Every answer, and every error after an answer, says what it cost.
//!
//! Wire format: <https://platform.claude.com/docs/en/api/messages>, API version 2026-10-21, which
//! refuses `temperature`, `top_p` and `top_k`.

mod answer;
mod meaning;
mod price;
mod prompt;
mod schema;

use std::time::Duration;

use jiff::Timestamp;
use reqwest::{Client, StatusCode};
use schemars::JsonSchema;
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use url::Url;

use crate::http::{Service, below};
use crate::{Meaning, PlatformError};

pub use answer::Answer;
pub use meaning::CODES;
pub use price::{Prices, Usage};
pub use prompt::{ImageJpeg, Prompt};

pub(crate) const SERVICE: Service = Service {
    name: "anthropic",
    timeout: "anthropic_timeout",
    unreachable: "anthropic_unreachable",
    unreadable: "anthropic_unreadable_answer",
    misconfigured: "anthropic_misconfigured",
};

const VERSION: &str = "2026-10-21";

/// Where the API is, which model answers, what it costs, and how long and how much we listen.
#[derive(Clone, Debug)]
pub struct AnthropicConfig {
    /// The API's root without `/v1`: `https://api.anthropic.com/`, or a sandbox on loopback.
    pub base_url: Url,
    /// Sent as a bearer token.
    pub api_key: SecretString,
    /// The model's id, such as `claude-opus-5-5`.
    pub model: String,
    /// What the model costs; the API does not say it.
    pub prices: Prices,
    /// Longest time until a connection stands.
    pub connect_timeout: Duration,
    /// Longest time for one whole request. An answer comes in one piece, when it is complete.
    pub request_timeout: Duration,
    /// Longest answer that is read, in bytes.
    pub max_response_bytes: u64,
    /// Upper bound of [`Prompt::max_tokens`].
    pub max_tokens: u32,
}

impl AnthropicConfig {
    /// 10 s to connect, 300 s per request, 1 MiB per answer, at most 8192 tokens of output.
    #[must_use]
    pub fn new(base_url: Url, api_key: SecretString, model: String, prices: Prices) -> Self {
        Self {
            base_url,
            api_key,
            model,
            prices,
            connect_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(300),
            max_response_bytes: 1 << 20,
            max_tokens: 8192,
        }
    }
}

/// The client. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Anthropic {
    config: AnthropicConfig,
    http: Client,
}

impl Anthropic {
    /// A client for one key and one model. Nothing is sent.
    ///
    /// # Errors
    /// `anthropic_misconfigured` when the base URL is neither https nor on loopback, or a price
    /// is not a number from 0 on.
    pub fn new(mut config: AnthropicConfig) -> Result<Self, PlatformError> {
        if !config.prices.are_sound() {
            return Err(SERVICE.misconfigured("a price is not a number from 0 to 1000000"));
        }
        config.base_url = below(config.base_url);
        let http = SERVICE.client(
            &config.base_url,
            config.connect_timeout,
            config.request_timeout,
        )?;
        Ok(Self { config, http })
    }

    /// The model that is asked.
    #[must_use]
    pub fn model(&self) -> &str {
        &self.config.model
    }

    /// Asks once, and reads the answer as a `T`. Fields of `T` that the schema cannot express
    /// (bounds of numbers, lengths) are told to the model in words and not enforced.
    ///
    /// # Errors
    /// As in the table of this module's meanings. [`PlatformError::cost_micro_usd`] is what the
    /// failed call was billed.
    pub async fn structured<T: DeserializeOwned + JsonSchema>(
        &self,
        request: &Prompt,
    ) -> Result<Answer<T>, PlatformError> {
        const OPERATION: &str = "structured";
        let body = request
            .body(&self.config, schema::strict::<T>())
            .map_err(|problem| {
                let (code, message) = problem;
                PlatformError::new(SERVICE.name, OPERATION, code, Meaning::Terminal, message)
            })?;
        let url = self.config.base_url.join("v1/messages").map_err(|error| {
            SERVICE
                .misconfigured("the base URL takes no path")
                .caused_by(error)
        })?;
        let request = self
            .http
            .post(url)
            .bearer_auth(self.config.api_key.expose_secret())
            .header("anthropic-version", VERSION)
            .header("content-type", "application/json")
            .body(body);
        let exchange = SERVICE
            .exchange(OPERATION, request, self.config.max_response_bytes)
            .await?;
        if exchange.status != StatusCode::OK {
            return Err(meaning::refused(OPERATION, &exchange, Timestamp::now()));
        }
        answer::read(OPERATION, &exchange, &self.config.prices)
    }
}
