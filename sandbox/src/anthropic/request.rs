//! Reads a Messages request and refuses what the vendor refuses.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::error::ApiError;
use super::headers::Version;
use super::picture::Picture;
use super::schema;

/// Pictures in one request.
const MOST_PICTURES: usize = 100;
/// Pixels along one side.
const MAX_SIDE: u32 = 8000;

/// A request that can be answered.
#[derive(Debug)]
pub(crate) struct MessagesRequest {
    pub(crate) model: String,
    /// Absent when tokens are only counted.
    pub(crate) max_tokens: Option<u64>,
    pub(crate) system: String,
    /// Text and pictures of all messages, in order.
    pub(crate) parts: Vec<Part>,
    /// What the answer must look like.
    pub(crate) schema: Option<Value>,
}

/// One content block.
#[derive(Debug)]
pub(crate) enum Part {
    Text(String),
    Picture(Picture),
}

impl MessagesRequest {
    /// Reads the body. Decodes pictures: not for the async threads.
    pub(crate) fn parse(body: &[u8], version: Version, counting: bool) -> Result<Self, ApiError> {
        let Ok(Value::Object(body)) = serde_json::from_slice(body) else {
            return Err(ApiError::invalid("The request body is not valid JSON"));
        };
        refuse_options(&body, version)?;
        let model = match body.get("model") {
            Some(Value::String(model)) if model.starts_with("claude-") => model.clone(),
            Some(Value::String(model)) => {
                return Err(ApiError::not_found(format!("model: {model}")));
            }
            _ => return Err(ApiError::invalid("model: Field required")),
        };
        let max_tokens = body.get("max_tokens").and_then(Value::as_u64);
        if !counting && max_tokens.is_none_or(|tokens| tokens == 0) {
            let message = "max_tokens: Field required, an integer greater than 0";
            return Err(ApiError::invalid(message));
        }
        let schema = match body.get("output_config").and_then(|c| c.get("format")) {
            None | Some(Value::Null) => None,
            Some(format) => Some(schema_of(format)?),
        };
        Ok(Self {
            model,
            max_tokens,
            system: system_of(body.get("system"))?,
            parts: parts_of(body.get("messages"))?,
            schema,
        })
    }

    /// All text, in order.
    pub(crate) fn text(&self) -> String {
        let mut text = self.system.clone();
        for part in &self.parts {
            if let Part::Text(more) = part {
                text.push('\n');
                text.push_str(more);
            }
        }
        text
    }
}

fn refuse_options(body: &Map<String, Value>, version: Version) -> Result<(), ApiError> {
    if version == Version::V2026 {
        for name in ["temperature", "top_p", "top_k"] {
            if body.contains_key(name) {
                let message = format!("{name}: this parameter is not supported");
                return Err(ApiError::invalid(message));
            }
        }
    }
    if body.get("stream") == Some(&Value::Bool(true)) {
        let message = "stream: the sandbox does not serve streaming";
        return Err(ApiError::invalid(message));
    }
    let choice = body
        .get("tool_choice")
        .and_then(|choice| choice.get("type"));
    if choice.is_some_and(|kind| kind == "any" || kind == "tool") {
        let message = "tool_choice: the sandbox does not call tools";
        return Err(ApiError::invalid(message));
    }
    Ok(())
}

fn schema_of(format: &Value) -> Result<Value, ApiError> {
    if format.get("type") != Some(&json!("json_schema")) {
        let message = "output_config.format.type: Input should be 'json_schema'";
        return Err(ApiError::invalid(message));
    }
    let Some(schema @ Value::Object(_)) = format.get("schema") else {
        let message = "output_config.format.schema: Field required";
        return Err(ApiError::invalid(message));
    };
    schema::check(schema)?;
    Ok(schema.clone())
}

fn system_of(system: Option<&Value>) -> Result<String, ApiError> {
    match system {
        None | Some(Value::Null) => Ok(String::new()),
        Some(Value::String(text)) => Ok(text.clone()),
        Some(Value::Array(blocks)) => {
            let texts: Vec<&str> = blocks
                .iter()
                .filter_map(|block| block.get("text")?.as_str())
                .collect();
            Ok(texts.join("\n"))
        }
        Some(_) => Err(ApiError::invalid("system: Input should be a valid string")),
    }
}

fn parts_of(messages: Option<&Value>) -> Result<Vec<Part>, ApiError> {
    let messages = messages
        .and_then(Value::as_array)
        .filter(|messages| !messages.is_empty())
        .ok_or_else(|| ApiError::invalid("messages: at least one message is required"))?;
    let role = |message: &Value| {
        message
            .get("role")
            .and_then(Value::as_str)
            .map(str::to_owned)
    };
    if messages.last().and_then(role).as_deref() != Some("user") {
        let message = "messages: the last message must use the \"user\" role";
        return Err(ApiError::invalid(message));
    }
    let mut parts = Vec::new();
    let mut pictures = 0;
    for (m, message) in messages.iter().enumerate() {
        if !matches!(role(message).as_deref(), Some("user" | "assistant")) {
            let message = format!("messages.{m}.role: Input should be 'user' or 'assistant'");
            return Err(ApiError::invalid(message));
        }
        match message.get("content") {
            Some(Value::String(text)) => parts.push(Part::Text(text.clone())),
            Some(Value::Array(blocks)) => {
                for (b, block) in blocks.iter().enumerate() {
                    let part = part_of(block, &format!("messages.{m}.content.{b}"))?;
                    pictures += usize::from(matches!(part, Part::Picture(_)));
                    parts.push(part);
                }
            }
            _ => {
                let message = format!("messages.{m}.content: Field required");
                return Err(ApiError::invalid(message));
            }
        }
    }
    if pictures > MOST_PICTURES {
        let message = format!("messages: too many images: {pictures} > {MOST_PICTURES}");
        return Err(ApiError::invalid(message));
    }
    Ok(parts)
}

fn part_of(block: &Value, path: &str) -> Result<Part, ApiError> {
    match block.get("type").and_then(Value::as_str) {
        Some("text") => match block.get("text").and_then(Value::as_str) {
            Some("") => Err(ApiError::invalid(format!(
                "{path}: text content blocks must be non-empty"
            ))),
            Some(text) => Ok(Part::Text(text.to_owned())),
            None => Err(ApiError::invalid(format!("{path}.text: Field required"))),
        },
        Some("image") => picture_of(block, path).map(Part::Picture),
        other => Err(ApiError::invalid(format!(
            "{path}.type: the sandbox reads text and image, not {}",
            other.unwrap_or("nothing")
        ))),
    }
}

fn picture_of(block: &Value, path: &str) -> Result<Picture, ApiError> {
    let source = &block["source"];
    let field = |name: &str| source.get(name).and_then(Value::as_str);
    let path = format!("{path}.image.source");
    if field("type") != Some("base64") {
        let message = format!("{path}.type: the sandbox reads base64 only");
        return Err(ApiError::invalid(message));
    }
    if field("media_type") != Some("image/jpeg") {
        let message = format!("{path}.media_type: the sandbox decodes image/jpeg only");
        return Err(ApiError::invalid(message));
    }
    let bytes = field("data")
        .and_then(|data| STANDARD.decode(data).ok())
        .ok_or_else(|| ApiError::invalid(format!("{path}.base64.data: invalid base64 data")))?;
    let picture = Picture::decode(&bytes)
        .map_err(|_| ApiError::invalid(format!("{path}.base64: Could not process image")))?;
    if picture.width.max(picture.height) > MAX_SIDE {
        let message = format!("{path}: image dimensions exceed the maximum of {MAX_SIDE} pixels");
        return Err(ApiError::invalid(message).with_details(json!({
            "error_code": "image_dimensions_too_large",
            "max_side_length_pixels": MAX_SIDE,
            "paths": [path],
        })));
    }
    Ok(picture)
}
