//! Reading a complete answer: why it stopped is looked at before what it says.

use reqwest::header::HeaderMap;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use super::price::{Prices, Usage};
use super::{SERVICE, meaning};
use crate::PlatformError;
use crate::http::Exchange;

/// An answer that was read, and what it took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer<T> {
    /// What the model said. Right in shape, not necessarily in substance.
    pub value: T,
    /// Tokens read and written.
    pub usage: Usage,
    /// What it cost, in millionths of a US dollar, rounded up.
    pub cost_micro_usd: i64,
    /// The model that answered, in the API's words.
    pub model: String,
    /// What the vendor's support asks for.
    pub request_id: Option<String>,
    /// SHA-256 of the response body as it came, in lower-case hex.
    pub raw_sha256: String,
}

#[derive(Deserialize)]
struct Message {
    model: String,
    content: Vec<Block>,
    stop_reason: Option<String>,
    #[serde(default)]
    usage: Usage,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Block {
    Text {
        text: String,
    },
    #[serde(other)]
    Other,
}

pub(super) fn read<T: DeserializeOwned>(
    operation: &'static str,
    exchange: &Exchange,
    prices: &Prices,
) -> Result<Answer<T>, PlatformError> {
    let message: Message = SERVICE.parse(operation, &exchange.body)?;
    let cost_micro_usd = prices.cost_micro_usd(&message.usage);
    let request_id = request_id(&exchange.headers);
    let stop = message.stop_reason.as_deref().unwrap_or("none");
    if !matches!(stop, "end_turn" | "stop_sequence") {
        let error = meaning::stopped(operation, stop, request_id.as_deref());
        return Err(error.costing(cost_micro_usd));
    }
    let text = message.content.iter().find_map(|block| match block {
        Block::Text { text } => Some(text.as_str()),
        Block::Other => None,
    });
    let value = SERVICE
        .parse(operation, text.unwrap_or_default().as_bytes())
        .map_err(|error| error.costing(cost_micro_usd))?;
    Ok(Answer {
        value,
        usage: message.usage,
        cost_micro_usd,
        model: message.model,
        request_id,
        raw_sha256: format!("{:x}", Sha256::digest(&exchange.body)),
    })
}

/// The id of the request, from the header that every answer has.
pub(super) fn request_id(headers: &HeaderMap) -> Option<String> {
    headers
        .get("request-id")
        .and_then(|id| id.to_str().ok())
        .map(str::to_owned)
}
