//! The Anthropic client against recorded answers.

mod asking;
mod failures;

use std::time::Duration;

use platforms::PlatformError;
use platforms::anthropic::{Answer, Anthropic, AnthropicConfig, ImageJpeg, Prices, Prompt};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::vendor::Vendor;

pub(crate) const KEY: &str = "sk-ant-canary";
pub(crate) const OPUS: Prices = Prices {
    input_usd_per_mtok: 4.0,
    output_usd_per_mtok: 20.0,
    cache_read_usd_per_mtok: 0.4,
    cache_write_usd_per_mtok: 5.0,
};

#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Verdict {
    /// 0 is worst, 100 is best.
    pub(crate) score: u8,
    pub(crate) insight: String,
    pub(crate) strengths: Vec<String>,
}

pub(crate) fn config(vendor: &Vendor) -> AnthropicConfig {
    let model = "claude-opus-5-5".to_owned();
    AnthropicConfig {
        request_timeout: Duration::from_secs(5),
        ..AnthropicConfig::new(vendor.base.clone(), KEY.into(), model, OPUS)
    }
}

pub(crate) async fn start() -> Result<(Vendor, Anthropic), Box<dyn std::error::Error>> {
    let vendor = Vendor::start().await?;
    let anthropic = Anthropic::new(config(&vendor))?;
    Ok((vendor, anthropic))
}

pub(crate) fn prompt() -> Prompt {
    Prompt::new("You judge clips.", "How good is the hook?", 1024)
        .with_image(ImageJpeg::labelled(
            "Frame 1 at 0.2 s",
            vec![0xff, 0xd8, 0xff, 0xe0],
        ))
        .with_image(ImageJpeg::new(vec![0xff, 0xd8, 0xff, 0xdb]))
}

pub(crate) async fn ask(anthropic: &Anthropic) -> Result<Answer<Verdict>, PlatformError> {
    anthropic.structured(&prompt()).await
}

pub(crate) async fn failure(
    anthropic: &Anthropic,
) -> Result<PlatformError, Box<dyn std::error::Error>> {
    match ask(anthropic).await {
        Err(error) => Ok(error),
        Ok(answer) => Err(format!("succeeded with {answer:?}").into()),
    }
}
