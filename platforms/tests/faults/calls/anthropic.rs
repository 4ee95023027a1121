//! The calls of `platforms::anthropic`.

use std::error::Error;
use std::time::Duration;

use platforms::anthropic::{
    Answer as Judged, Anthropic, AnthropicConfig, CODES, ImageJpeg, Prices, Prompt,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use url::Url;

use super::{ANSWER_BYTES, Call, Outcome, Platform};
use crate::answer::Answer;

const KEY: &str = "sk-ant-canary";
const PRICES: Prices = Prices {
    input_usd_per_mtok: 4.0,
    output_usd_per_mtok: 20.0,
    cache_read_usd_per_mtok: 0.4,
    cache_write_usd_per_mtok: 5.0,
};

/// A model that judges.
#[derive(Clone)]
pub(crate) struct Judge(Anthropic);

/// What the recorded answer holds.
#[derive(Serialize, Deserialize, JsonSchema)]
struct Verdict {
    score: u8,
    insight: String,
    strengths: Vec<String>,
}

impl Platform for Judge {
    const CODES: &'static [&'static str] = CODES;
    const CALLS: &'static [Call<Self>] = &[Call {
        name: "anthropic::structured",
        answers: |_base| {
            let name = "anthropic/message_structured";
            Ok(vec![Answer::fixture("POST /v1/messages", 200, name)?])
        },
        wrong_type: Some((r#""input_tokens": 2750"#, r#""input_tokens": "2750""#)),
        // Of the blocks, those of an unknown type are passed over; why it stopped counts.
        unknown_word: Some((r#""end_turn""#, r#""of_next_year""#)),
        make: |judge| Box::pin(structured(judge)),
    }];

    fn at(base: &Url, patience: Duration) -> Result<Self, Box<dyn Error>> {
        let model = "claude-opus-5-5".to_owned();
        let config = AnthropicConfig {
            request_timeout: patience,
            max_response_bytes: ANSWER_BYTES,
            ..AnthropicConfig::new(base.clone(), KEY.into(), model, PRICES)
        };
        Ok(Self(Anthropic::new(config)?))
    }
}

async fn structured(judge: Judge) -> Outcome {
    let frame = ImageJpeg::labelled("Frame 1 at 0.2 s", vec![0xff, 0xd8, 0xff, 0xe0]);
    let prompt = Prompt::new("You judge clips.", "How good is the hook?", 1024).with_image(frame);
    let judged: Result<Judged<Verdict>, _> = judge.0.structured(&prompt).await;
    judged.map(drop)
}
