//! Values that a `video/ready` message cannot have: where they are put into a good message, and
//! which field and code the answer has to name.

use serde_json::{Value, json};

const INVALID: &str = "webhook_field_invalid";

pub(crate) struct BadValue {
    /// JSON pointer into the message.
    pub(crate) at: &'static str,
    /// What is put there.
    pub(crate) value: Value,
    /// What the answer has to name.
    pub(crate) field: &'static str,
    pub(crate) code: &'static str,
}

fn bad(at: &'static str, value: Value, field: &'static str, code: &'static str) -> BadValue {
    BadValue {
        at,
        value,
        field,
        code,
    }
}

fn bad_url(url: &str) -> BadValue {
    let source = json!({ "url": url });
    bad("/data/source", source, "data.source.url", INVALID)
}

/// One character more than the longest.
fn too_long(at: &'static str, longest: usize, field: &'static str) -> BadValue {
    bad(at, json!("é".repeat(longest + 1)), field, INVALID)
}

pub(crate) fn all() -> Vec<BadValue> {
    let groups = [envelope(), video(), source(), targets(), features()];
    groups.into_iter().flatten().collect()
}

fn envelope() -> Vec<BadValue> {
    vec![
        bad("/type", json!(null), "type", INVALID),
        bad("/type", json!("video/gone"), "type", "webhook_type_unknown"),
        bad("/timestamp", json!("yesterday"), "timestamp", INVALID),
        bad("/timestamp", json!(1_800_000_000), "timestamp", INVALID),
        bad("/data", json!(null), "data", INVALID),
        bad("/data", json!([]), "data", INVALID),
    ]
}

fn video() -> Vec<BadValue> {
    vec![
        bad("/data/videoId", json!(null), "data.videoId", INVALID),
        bad("/data/videoId", json!(""), "data.videoId", INVALID),
        bad("/data/videoId", json!(7), "data.videoId", INVALID),
        bad("/data/videoId", json!("a/b"), "data.videoId", INVALID),
        bad("/data/videoId", json!("é"), "data.videoId", INVALID),
        bad(
            "/data/videoId",
            json!("v".repeat(129)),
            "data.videoId",
            INVALID,
        ),
        bad("/data/videoId", json!(".."), "data.videoId", INVALID),
        bad("/data/conceptId", json!(["c"]), "data.conceptId", INVALID),
        too_long("/data/conceptId", 128, "data.conceptId"),
        bad("/data/category", json!(" "), "data.category", INVALID),
        too_long("/data/category", 64, "data.category"),
        bad("/data/category", json!("a\u{0}b"), "data.category", INVALID),
        bad("/data/caption", json!(null), "data.caption", INVALID),
        bad("/data/hashtags", json!("#money"), "data.hashtags", INVALID),
        bad(
            "/data/hashtags",
            json!(["#a", 3]),
            "data.hashtags[1]",
            INVALID,
        ),
        bad("/data/hashtags", json!(["#"]), "data.hashtags[0]", INVALID),
        bad("/data/audioId", json!(1.5), "data.audioId", INVALID),
        too_long("/data/audioId", 128, "data.audioId"),
    ]
}

fn source() -> Vec<BadValue> {
    vec![
        bad("/data/source", json!(null), "data.source", INVALID),
        bad("/data/source", json!("v_1.mp4"), "data.source", INVALID),
        bad("/data/source", json!({}), "data.source", INVALID),
        bad(
            "/data/source",
            json!({"path": "a", "url": "https://b/c"}),
            "data.source",
            INVALID,
        ),
        bad(
            "/data/source",
            json!({"path": "/etc/passwd"}),
            "data.source.path",
            INVALID,
        ),
        bad(
            "/data/source",
            json!({"path": "a/../../b"}),
            "data.source.path",
            INVALID,
        ),
        bad(
            "/data/source",
            json!({"path": "a//b"}),
            "data.source.path",
            INVALID,
        ),
        bad(
            "/data/source",
            json!({"path": "..\\b"}),
            "data.source.path",
            INVALID,
        ),
        bad(
            "/data/source",
            json!({"path": "c:b"}),
            "data.source.path",
            INVALID,
        ),
        bad_url("http://cdn.example/v_1.mp4"),
        bad_url("ftp://cdn.example/v_1.mp4"),
        bad_url("file:///etc/passwd"),
        bad_url("https://"),
        bad_url("https://user@cdn.example/v_1.mp4"),
        bad_url("https://:password@cdn.example/v_1.mp4"),
        bad_url("cdn.example/v_1.mp4"),
        bad(
            "/data/source",
            json!({"url": 7}),
            "data.source.url",
            INVALID,
        ),
    ]
}

fn targets() -> Vec<BadValue> {
    let youtube = json!({"platform": "youtube", "account": "main"});
    vec![
        bad("/data/targets", json!(null), "data.targets", INVALID),
        bad("/data/targets", json!([]), "data.targets", INVALID),
        bad(
            "/data/targets",
            json!(vec![youtube.clone(); 33]),
            "data.targets",
            INVALID,
        ),
        bad(
            "/data/targets",
            json!(["youtube"]),
            "data.targets[0]",
            INVALID,
        ),
        bad(
            "/data/targets",
            json!([{"platform": "youtube"}]),
            "data.targets[0].account",
            INVALID,
        ),
        bad(
            "/data/targets",
            json!([{"platform": "youtube", "account": "a/b"}]),
            "data.targets[0].account",
            INVALID,
        ),
        bad(
            "/data/targets",
            json!([youtube, {"platform": "vine", "account": "main"}]),
            "data.targets[1].platform",
            "webhook_platform_unknown",
        ),
        bad(
            "/data/targets",
            json!([youtube, youtube]),
            "data.targets[1]",
            "webhook_target_duplicate",
        ),
    ]
}

fn features() -> Vec<BadValue> {
    vec![
        bad("/data/features", json!([1]), "data.features", INVALID),
        bad(
            "/data/features",
            json!({"hashtagScore": "40"}),
            "data.features.hashtagScore",
            INVALID,
        ),
        bad("/unknown", json!(["\u{0}"]), "unknown[0]", INVALID),
    ]
}
