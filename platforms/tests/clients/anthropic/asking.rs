//! What is sent, and what an answer says and costs.

use platforms::Meaning;
use platforms::anthropic::{Anthropic, AnthropicConfig, ImageJpeg, Prices, Prompt, Usage};

use super::{KEY, OPUS, Verdict, ask, config, start};
use crate::vendor::{Checked, Reply, Vendor};

#[tokio::test]
async fn an_answer_comes_with_its_tokens_and_its_cost() -> Checked {
    let (vendor, anthropic) = start().await?;
    vendor.will_say([Reply::fixture(200, "anthropic/message_structured")?
        .header("request-id", "req_011CSHoEeqs5C35K2UUqR7Fy")]);

    let answer = ask(&anthropic).await?;

    assert_eq!(answer.value.score, 72);
    assert_eq!(answer.value.strengths, ["high contrast", "clear subject"]);
    let usage = Usage {
        input_tokens: 2750,
        output_tokens: 120,
        ..Usage::default()
    };
    assert_eq!(answer.usage, usage);
    assert_eq!(answer.cost_micro_usd, 2750 * 4 + 120 * 20);
    assert_eq!(answer.model, "claude-opus-5-5");
    assert_eq!(
        answer.request_id.as_deref(),
        Some("req_011CSHoEeqs5C35K2UUqR7Fy")
    );
    assert_eq!(answer.raw_sha256.len(), 64);
    Ok(())
}

#[tokio::test]
async fn pictures_go_before_the_text_and_the_shape_goes_along() -> Checked {
    let (vendor, anthropic) = start().await?;
    vendor.will_say([Reply::fixture(200, "anthropic/message_structured")?]);
    ask(&anthropic).await?;

    let asked = vendor.asked().remove(0);
    assert_eq!(asked.line, "POST /vendor/v1/messages");
    assert_eq!(asked.header("authorization"), format!("Bearer {KEY}"));
    assert_eq!(asked.header("anthropic-version"), "2026-10-21");
    assert_eq!(asked.header("content-type"), "application/json");
    let body: serde_json::Value = serde_json::from_slice(&asked.body)?;
    insta::with_settings!({ sort_maps => true }, {
        insta::assert_json_snapshot!(body, @r#"
        {
          "max_tokens": 1024,
          "messages": [
            {
              "content": [
                {
                  "text": "Frame 1 at 0.2 s",
                  "type": "text"
                },
                {
                  "source": {
                    "data": "/9j/4A==",
                    "media_type": "image/jpeg",
                    "type": "base64"
                  },
                  "type": "image"
                },
                {
                  "source": {
                    "data": "/9j/2w==",
                    "media_type": "image/jpeg",
                    "type": "base64"
                  },
                  "type": "image"
                },
                {
                  "text": "How good is the hook?",
                  "type": "text"
                }
              ],
              "role": "user"
            }
          ],
          "model": "claude-opus-5-5",
          "output_config": {
            "format": {
              "schema": {
                "additionalProperties": false,
                "properties": {
                  "insight": {
                    "type": "string"
                  },
                  "score": {
                    "description": "0 is worst, 100 is best. (minimum: 0, maximum: 255)",
                    "type": "integer"
                  },
                  "strengths": {
                    "items": {
                      "type": "string"
                    },
                    "type": "array"
                  }
                },
                "required": [
                  "score",
                  "insight",
                  "strengths"
                ],
                "type": "object"
              },
              "type": "json_schema"
            }
          },
          "system": "You judge clips."
        }
        "#);
    });
    Ok(())
}

#[tokio::test]
async fn the_configured_bound_of_tokens_wins() -> Checked {
    let vendor = Vendor::start().await?;
    let anthropic = Anthropic::new(AnthropicConfig {
        max_tokens: 100,
        ..config(&vendor)
    })?;
    vendor.will_say([Reply::fixture(200, "anthropic/message_structured")?]);
    ask(&anthropic).await?;
    let body: serde_json::Value = serde_json::from_slice(&vendor.asked()[0].body)?;
    assert_eq!(body["max_tokens"], 100);
    Ok(())
}

#[tokio::test]
async fn what_the_api_would_refuse_is_never_sent() -> Checked {
    let (vendor, anthropic) = start().await?;
    let jpeg = |bytes: usize| {
        let mut jpeg = vec![0; bytes];
        jpeg[..3].copy_from_slice(&[0xff, 0xd8, 0xff]);
        ImageJpeg::new(jpeg)
    };
    let empty = Prompt::new("", "?", 10);
    let png = empty
        .clone()
        .with_image(ImageJpeg::new(b"\x89PNG".to_vec()));
    let many = Prompt {
        images: vec![jpeg(3); 101],
        ..empty.clone()
    };
    let large = empty.with_image(jpeg(25_000_000));
    for (prompt, code) in [
        (png, "anthropic_rejected"),
        (many, "anthropic_rejected"),
        (large, "anthropic_request_too_large"),
    ] {
        let Err(error) = anthropic.structured::<Verdict>(&prompt).await else {
            return Err("was sent".into());
        };
        assert_eq!((error.code(), error.meaning()), (code, Meaning::Terminal));
    }
    assert!(vendor.asked().is_empty());
    Ok(())
}

#[tokio::test]
async fn a_client_with_a_price_that_is_none_is_not_made() -> Checked {
    let vendor = Vendor::start().await?;
    let prices = Prices {
        input_usd_per_mtok: f64::NAN,
        ..OPUS
    };
    let made = Anthropic::new(AnthropicConfig {
        prices,
        ..config(&vendor)
    });
    assert_eq!(
        made.err().map(|error| error.code()),
        Some("anthropic_misconfigured")
    );
    Ok(())
}
