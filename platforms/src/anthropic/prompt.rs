//! What is asked: instructions, pictures, a question. Pictures go before the text, which works
//! best according to the vendor's guide to vision.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::AnthropicConfig;

/// The API's limit for a request's body, in bytes. What is counted against it is pictures and
/// text, before they are encoded in vain; the few bytes around them are the API's to count.
const MOST_REQUEST_BYTES: usize = 32 * 1000 * 1000;
/// The limit of the models with the smaller context; the others take 600.
const MOST_IMAGES: usize = 100;

/// One question. It is sent without sampling parameters, which the API refuses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prompt {
    /// Who the model is to be, and the rules. May be empty.
    pub system: String,
    /// Pictures, in order; at most 100.
    pub images: Vec<ImageJpeg>,
    /// The question.
    pub text: String,
    /// Longest answer in tokens; [`AnthropicConfig::max_tokens`] bounds it.
    pub max_tokens: u32,
}

/// A picture as JPEG bytes, with a short text before it if there is a label.
#[derive(Clone, PartialEq, Eq)]
pub struct ImageJpeg {
    /// Said just before the picture, such as `Frame 2 at 1.4 s`.
    pub label: Option<String>,
    /// A JPEG file. Smaller than 2576 pixels on the long edge, or it is shrunk and billed as such.
    pub jpeg: Vec<u8>,
}

impl Prompt {
    /// A question without pictures, of at most `max_tokens` tokens of answer.
    #[must_use]
    pub fn new(system: impl Into<String>, text: impl Into<String>, max_tokens: u32) -> Self {
        Self {
            system: system.into(),
            images: Vec::new(),
            text: text.into(),
            max_tokens,
        }
    }

    /// The same question, with one more picture.
    #[must_use]
    pub fn with_image(mut self, image: ImageJpeg) -> Self {
        self.images.push(image);
        self
    }

    /// The request's body, or the code and message of what the API would refuse.
    pub(super) fn body(
        &self,
        config: &AnthropicConfig,
        schema: Value,
    ) -> Result<Vec<u8>, (&'static str, String)> {
        if self.images.len() > MOST_IMAGES {
            let message = format!("{} images, {MOST_IMAGES} are allowed", self.images.len());
            return Err(("anthropic_rejected", message));
        }
        if let Some(at) = self
            .images
            .iter()
            .position(|image| !image.looks_like_jpeg())
        {
            return Err((
                "anthropic_rejected",
                format!("image {} is not a JPEG file", at + 1),
            ));
        }
        let bytes: usize = self
            .images
            .iter()
            .map(|image| image.jpeg.len().div_ceil(3) * 4)
            .sum();
        let bytes = bytes + self.text.len() + self.system.len();
        if bytes > MOST_REQUEST_BYTES {
            let message = format!("more than {bytes} bytes, {MOST_REQUEST_BYTES} are allowed");
            return Err(("anthropic_request_too_large", message));
        }
        let mut content: Vec<Value> = self.images.iter().flat_map(ImageJpeg::blocks).collect();
        content.push(json!({ "type": "text", "text": self.text }));
        let mut body = json!({
            "model": config.model,
            "max_tokens": self.max_tokens.min(config.max_tokens),
            "messages": [{ "role": "user", "content": content }],
            "output_config": { "format": { "type": "json_schema", "schema": schema } },
        });
        if !self.system.is_empty() {
            body["system"] = Value::String(self.system.clone());
        }
        Ok(body.to_string().into_bytes())
    }
}

impl ImageJpeg {
    /// A picture without a label.
    #[must_use]
    pub fn new(jpeg: Vec<u8>) -> Self {
        Self { label: None, jpeg }
    }

    /// A picture with a short text before it.
    #[must_use]
    pub fn labelled(label: impl Into<String>, jpeg: Vec<u8>) -> Self {
        Self {
            label: Some(label.into()),
            jpeg,
        }
    }

    fn looks_like_jpeg(&self) -> bool {
        self.jpeg.starts_with(&[0xff, 0xd8, 0xff])
    }

    fn blocks(&self) -> Vec<Value> {
        let label = self
            .label
            .iter()
            .map(|label| json!({ "type": "text", "text": label }));
        let source = json!({
            "type": "base64",
            "media_type": "image/jpeg",
            "data": STANDARD.encode(&self.jpeg),
        });
        label
            .chain([json!({ "type": "image", "source": source })])
            .collect()
    }
}

impl std::fmt::Debug for ImageJpeg {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ImageJpeg({:?}, {} bytes)", self.label, self.jpeg.len())
    }
}
