//! Claude: what is refused, what is billed, and that answers come from what was sent.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use image::codecs::jpeg::JpegEncoder;
use image::{GrayImage, Luma};
use reqwest::RequestBuilder;
use serde_json::{Value, json};

use crate::checker::assert_valid;
use crate::world::{Outcome, World};

pub(crate) fn ask(world: &World, body: Value) -> RequestBuilder {
    world
        .client
        .post(format!("{}/anthropic/v1/messages", world.base))
        .header("anthropic-version", "2026-10-21")
        .bearer_auth("sk-ant-x")
        .json(&body)
}

pub(crate) fn plain_request() -> Value {
    json!({
        "model": "claude-opus-5-5",
        "max_tokens": 1000,
        "messages": [{"role": "user", "content": "predicted: 4, actual: 6"}],
    })
}

/// The text of the first block, read as JSON.
async fn structured(world: &World, body: Value) -> Outcome<Value> {
    let message: Value = ask(world, body)
        .send()
        .await?
        .error_for_status()?
        .json()
        .await?;
    assert_eq!(message["stop_reason"], "end_turn");
    let text = message["content"][0]["text"].as_str().ok_or("no text")?;
    Ok(serde_json::from_str(text)?)
}

fn jpeg(width: u32, height: u32, pixel: impl Fn(u32, u32) -> u8) -> Outcome<String> {
    let picture = GrayImage::from_fn(width, height, |x, y| Luma([pixel(x, y)]));
    let mut bytes = Vec::new();
    picture.write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, 90))?;
    Ok(STANDARD.encode(bytes))
}

fn black() -> Outcome<String> {
    jpeg(720, 1280, |_, _| 0)
}

/// Strokes of a font's width in three lines on a bright ground.
fn bright_with_text() -> Outcome<String> {
    jpeg(720, 1280, |x, y| {
        let in_line = matches!(y, 200..260 | 300..360 | 400..460);
        let stroke = (x / 8).is_multiple_of(3) && (60..660).contains(&x);
        if in_line && stroke { 10 } else { 190 }
    })
}

fn picture_request(pictures: &[String], schema: Value) -> Value {
    let mut content = Vec::new();
    for (index, data) in pictures.iter().enumerate() {
        let at = index as f64 * 1.5;
        content.push(json!({"type": "text", "text": format!("Frame {index} at {at:.2} s:")}));
        content.push(json!({
            "type": "image",
            "source": {"type": "base64", "media_type": "image/jpeg", "data": data},
        }));
    }
    content.push(json!({"type": "text", "text": "Score every keyframe."}));
    json!({
        "model": "claude-haiku-5-5",
        "max_tokens": 4000,
        "messages": [{"role": "user", "content": content}],
        "output_config": {"format": {"type": "json_schema", "schema": schema}},
    })
}

fn strings() -> Value {
    json!({"type": "array", "items": {"type": "string"}})
}

fn closed(properties: Value) -> Value {
    let required: Vec<String> = properties
        .as_object()
        .map(|fields| fields.keys().cloned().collect())
        .unwrap_or_default();
    json!({
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

fn analysis_schema() -> Value {
    let frame = closed(json!({
        "timestamp": {"type": "number"},
        "hookEffectiveness": {"type": "number"},
        "visualAppeal": {"type": "number"},
        "textReadability": {"type": "integer"},
        "insights": strings(),
    }));
    let mut schema = closed(json!({
        "keyframes": {"type": "array", "items": {"$ref": "#/$defs/Frame"}},
        "overallScore": {"type": "number"},
        "strengths": strings(),
        "weaknesses": strings(),
        "recommendations": strings(),
    }));
    schema["$defs"] = json!({"Frame": frame});
    schema
}

#[tokio::test]
async fn a_black_clip_scores_lower_than_a_bright_one_with_text() -> Outcome {
    let world = World::start(1.0).await?;
    let dark = picture_request(&vec![black()?; 5], analysis_schema());
    let bright = picture_request(&vec![bright_with_text()?; 5], analysis_schema());
    let (dark, bright) = (
        structured(&world, dark).await?,
        structured(&world, bright).await?,
    );
    for answer in [&dark, &bright] {
        assert_valid(&analysis_schema(), answer, &analysis_schema());
        let frames = answer["keyframes"].as_array().ok_or("no frames")?;
        assert_eq!(frames.len(), 5);
        assert_eq!(frames[3]["timestamp"], 4.5);
        assert!(
            !frames[0]["insights"]
                .as_array()
                .ok_or("no insights")?
                .is_empty()
        );
    }
    let score = |answer: &Value, name: &str| answer["keyframes"][1][name].as_f64();
    for name in ["hookEffectiveness", "visualAppeal", "textReadability"] {
        let (low, high) = (score(&dark, name), score(&bright, name));
        assert!(
            low < Some(10.0) && high > Some(30.0),
            "{name} {low:?} {high:?}"
        );
        assert!(high <= Some(100.0));
    }
    let overall = |answer: &Value| answer["overallScore"].as_f64().unwrap_or(f64::NAN);
    assert!(overall(&dark) + 25.0 < overall(&bright));
    assert_ne!(dark["weaknesses"], bright["weaknesses"]);
    Ok(())
}

#[tokio::test]
async fn lettering_is_told_from_plain_pictures_noise_and_patterns() -> Outcome {
    let world = World::start(1.0).await?;
    let plain = jpeg(360, 640, |_, y| (60 + y / 5) as u8)?;
    let noise = jpeg(360, 640, |x, y| {
        (x.wrapping_mul(2_654_435_761) ^ y.wrapping_mul(2_246_822_519) ^ (x * y * 31)).to_le_bytes()
            [1]
    })?;
    let checkers = jpeg(360, 640, |x, y| {
        if (x / 6 + y / 6).is_multiple_of(2) {
            20
        } else {
            230
        }
    })?;
    let pictures = [plain, noise, bright_with_text()?, checkers];
    let answer = structured(&world, picture_request(&pictures, analysis_schema())).await?;
    let readable = |index: usize| answer["keyframes"][index]["textReadability"].as_i64();
    assert!(readable(0) < Some(10) && readable(1) < Some(40), "{answer}");
    assert!(readable(2) > Some(60), "{answer}");
    assert!(readable(3) < Some(40), "{answer}");
    Ok(())
}

#[tokio::test]
async fn a_critique_speaks_of_the_numbers_it_was_given() -> Outcome {
    let world = World::start(1.0).await?;
    let schema = closed(json!({
        "evidence": {"type": "string"},
        "hypothesis": {"type": "string"},
        "proposal": closed(json!({
            "feature": {"type": "string", "enum": ["hashtagScore", "trendVelocity"]},
            "direction": {"type": "string", "enum": ["down", "none", "up"]},
            "change": {"type": "number", "minimum": -0.1, "maximum": 0.1},
        })),
        "lesson": {"type": ["string", "null"], "maxLength": 60},
        "gap": {"type": "number"},
        "exceeded": {"type": "boolean"},
    }));
    let request = |actual: f64| {
        let prompt = json!({
            "predicted_engagement": 0.052,
            "actual_engagement": actual,
            "features": {"trendVelocity": 82.5, "hashtagScore": 40},
        });
        let mut body = plain_request();
        body["messages"][0]["content"] = format!("Explain the gap:\n{prompt}").into();
        body["output_config"] = json!({"format": {"type": "json_schema", "schema": schema}});
        body
    };
    let better = structured(&world, request(0.061)).await?;
    let worse = structured(&world, request(0.031)).await?;
    assert_valid(&schema, &better, &schema);
    let text = |answer: &Value, name: &str| answer[name].as_str().unwrap_or("").to_owned();
    let evidence = text(&better, "evidence");
    assert!(
        evidence.contains("0.052") && evidence.contains("0.061"),
        "{evidence}"
    );
    assert!(
        evidence.contains("above") && evidence.contains("0.009"),
        "{evidence}"
    );
    assert!(text(&worse, "evidence").contains("below"));
    assert!(text(&better, "hypothesis").contains("trendVelocity"));
    assert_eq!(better["proposal"]["direction"], "up");
    assert_eq!(worse["proposal"]["direction"], "down");
    assert_eq!(better["proposal"]["feature"], "trendVelocity");
    assert_eq!(better["gap"], 0.009);
    assert_eq!(
        (&better["exceeded"], &worse["exceeded"]),
        (&json!(true), &json!(false))
    );
    Ok(())
}

#[tokio::test]
async fn any_reasonable_schema_is_satisfied() -> Outcome {
    let world = World::start(1.0).await?;
    let schemas = [
        closed(json!({
            "version": {"const": 3},
            "level": {"enum": ["low", "medium", "high"]},
            "maybe": {"anyOf": [{"type": "null"}, {"type": "number", "maximum": 1, "minimum": 0}]},
            "scores": {"type": "array", "items": {"type": "integer"}, "minItems": 3, "maxItems": 4},
            "nested": closed(json!({"deep": closed(json!({"title": {"type": "string", "minLength": 5}}))})),
            "nothing": {"type": "null"},
        })),
        json!({
            "$defs": {"Node": closed(json!({
                "name": {"type": "string"},
                "children": {"type": "array", "items": {"$ref": "#/$defs/Node"}},
            }))},
            "allOf": [{"$ref": "#/$defs/Node"}],
        }),
        closed(json!({"frames": {"type": "array", "items": {"type": "number", "maximum": 10}}})),
    ];
    for schema in schemas {
        for request in [
            picture_request(&[black()?, bright_with_text()?], schema.clone()),
            picture_request(&[], schema.clone()),
        ] {
            let answer = structured(&world, request).await?;
            assert_valid(&schema, &answer, &schema);
        }
    }
    Ok(())
}

#[tokio::test]
async fn both_ways_to_say_who_is_asking_are_taken_and_none_is_not() -> Outcome {
    let world = World::start(1.0).await?;
    let url = format!("{}/anthropic/v1/messages", world.base);
    let old = world.client.post(&url).json(&plain_request());
    let old = old
        .header("x-api-key", "sk")
        .header("anthropic-version", "2023-06-01");
    let answer = old.send().await?;
    assert_eq!(answer.status(), 200);
    assert!(answer.headers()["request-id"].to_str()?.starts_with("req_"));
    assert!(
        answer
            .headers()
            .contains_key("anthropic-ratelimit-requests-remaining")
    );

    let nobody = world.client.post(&url).json(&plain_request());
    let nobody = nobody
        .header("anthropic-version", "2026-10-21")
        .send()
        .await?;
    assert_eq!(nobody.status(), 401);
    assert_eq!(kind(nobody).await?, "authentication_error");
    let no_version = world.client.post(&url).json(&plain_request());
    let no_version = no_version.bearer_auth("sk").send().await?;
    assert_eq!(no_version.status(), 400);
    assert_eq!(kind(no_version).await?, "invalid_request_error");
    Ok(())
}

async fn kind(answer: reqwest::Response) -> Outcome<String> {
    let body: Value = answer.json().await?;
    assert!(body["request_id"].is_string());
    Ok(body["error"]["type"].as_str().ok_or("no type")?.to_owned())
}

#[tokio::test]
async fn requests_that_the_vendor_refuses_are_refused() -> Outcome {
    let world = World::start(1.0).await?;
    let with = |name: &str, value: Value| {
        let mut body = plain_request();
        body[name] = value;
        body
    };
    let picture = |data: &str| picture_request(&[data.to_owned()], analysis_schema());
    let open_schema = json!({"format": {"type": "json_schema", "schema": {"type": "object"}}});
    let prefill = json!([{"role": "user", "content": "a"}, {"role": "assistant", "content": "{"}]);
    for (body, status) in [
        (with("temperature", json!(1.0)), 400),
        (with("top_p", json!(0.9)), 400),
        (with("top_k", json!(5)), 400),
        (with("max_tokens", Value::Null), 400),
        (with("messages", json!([])), 400),
        (with("messages", prefill), 400),
        (with("output_config", open_schema), 400),
        (with("model", json!("gpt-9")), 404),
        (picture("%%% not base64"), 400),
        (picture(&STANDARD.encode("not a picture")), 400),
    ] {
        let answer = ask(&world, body.clone()).send().await?;
        assert_eq!(answer.status(), status, "{body}");
        kind(answer).await?;
    }
    let url = format!("{}/anthropic/v1/messages", world.base);
    let old = world
        .client
        .post(url)
        .json(&with("temperature", json!(1.0)));
    let old = old
        .header("x-api-key", "sk")
        .header("anthropic-version", "2023-06-01");
    assert_eq!(old.send().await?.status(), 200);
    Ok(())
}

#[tokio::test]
async fn tokens_follow_the_pictures_and_the_text() -> Outcome {
    let world = World::start(1.0).await?;
    let request = picture_request(&[black()?], analysis_schema());
    let message: Value = ask(&world, request.clone()).send().await?.json().await?;
    let used = message["usage"]["input_tokens"]
        .as_u64()
        .ok_or("no tokens")?;
    assert!((1196..1600).contains(&used), "{used}");
    let count = world
        .client
        .post(format!("{}/anthropic/v1/messages/count_tokens", world.base));
    let count = count
        .bearer_auth("sk")
        .header("anthropic-version", "2026-10-21");
    let counted: Value = count.json(&request).send().await?.json().await?;
    assert_eq!(counted, json!({"input_tokens": used}));

    let mut short = request;
    short["max_tokens"] = json!(10);
    let cut: Value = ask(&world, short).send().await?.json().await?;
    assert_eq!(cut["stop_reason"], "max_tokens");
    assert_eq!(cut["usage"]["output_tokens"], 10);
    let text = cut["content"][0]["text"].as_str().ok_or("no text")?;
    assert!(serde_json::from_str::<Value>(text).is_err());
    Ok(())
}
