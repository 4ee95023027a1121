//! What a `video/ready` message may look like, and what its sender is told when it does not.

use jiff::Timestamp;
use schema::videos::{self, VideoSource};
use serde_json::json;

use crate::bad_values::{self, BadValue};
use crate::harness::{Running, SECRET, SLOW, message, signed, with};

#[tokio::test]
async fn each_bad_value_is_refused_with_its_path_and_leaves_nothing() {
    let server = Running::start(SLOW).await;
    for BadValue {
        at: pointer,
        value,
        field,
        code,
    } in bad_values::all()
    {
        let answer = server
            .post("msg_1", &with(message(), pointer, value.clone()))
            .await;
        let body = &answer.body;
        let said = (
            answer.status,
            &body["field"],
            &body["code"],
            &body["status"],
        );
        assert_eq!(
            said,
            (422, &json!(field), &json!(code), &json!(422)),
            "{pointer} {value}: {body}"
        );
        assert_eq!(
            body["errors"].as_array().map(Vec::len),
            Some(1),
            "{pointer} {value}: {body}"
        );
        assert_eq!(body["type"], format!("urn:flywheel:error:{code}"));
        assert_eq!(answer.headers["content-type"], "application/problem+json");
    }
    assert_eq!(server.event("msg_1").await, None);
    assert_eq!(videos::get(&server.db, "v_1").await.unwrap(), None);
    assert_eq!(server.loops.asked(), 0);
}

#[tokio::test]
async fn everything_that_is_wrong_is_told_at_once_and_the_first_fault_leads() {
    let server = Running::start(SLOW).await;
    let broken = json!({"type": "x", "data": {
        "videoId": "a b", "caption": 3, "source": {},
        "targets": [{"platform": "vine"}, 1], "features": {"trendVelocity": []}
    }});
    let answer = server.post("msg_1", &broken).await;
    let fields: Vec<&str> = answer.body["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["field"].as_str().unwrap())
        .collect();
    assert_eq!(
        fields,
        [
            "type",
            "data.videoId",
            "data.category",
            "data.caption",
            "data.source",
            "data.targets[0].platform",
            "data.targets[0].account",
            "data.targets[1]",
            "data.features.trendVelocity",
        ]
    );
    assert_eq!(answer.body["field"], "type");
    assert_eq!(answer.body["code"], "webhook_type_unknown");
}

#[tokio::test]
async fn the_refusal_of_a_platform_says_what_this_build_posts_to() {
    let server = Running::start(SLOW).await;
    let vine = with(message(), "/data/targets/0/platform", json!("vine"));
    let answer = server.post("msg_1", &vine).await;
    let detail = answer.body["detail"].as_str().unwrap();
    let expected = "This build posts to instagram, tiktok, youtube and not to `vine`.";
    assert_eq!(detail, expected);
}

#[tokio::test]
async fn a_body_that_is_no_json_object_is_refused() {
    let server = Running::start(SLOW).await;
    let deep = "[".repeat(5_000);
    for (body, code) in [
        (&b""[..], "webhook_json_invalid"),
        (b"{\"type\":", "webhook_json_invalid"),
        (b"{} {}", "webhook_json_invalid"),
        (b"\"\xff\"", "webhook_json_invalid"),
        (b"{\"a\":1e999}", "webhook_json_invalid"),
        (deep.as_bytes(), "webhook_json_invalid"),
        (b"[]", "webhook_field_invalid"),
    ] {
        let headers = signed(SECRET, "msg_1", Timestamp::now(), body);
        let answer = server.send(&headers, body.to_vec()).await;
        let said = (answer.status, &answer.body["field"], &answer.body["code"]);
        assert_eq!(said, (422, &json!("body"), &json!(code)), "{}", answer.body);
    }
}

#[tokio::test]
async fn a_full_message_is_kept_as_it_came_and_its_video_in_columns() {
    let server = Running::start(SLOW).await;
    let sent = with(message(), "/data/somethingNew", json!({"x": [1]}));
    assert_eq!(server.post("msg_1", &sent).await.status, 202);
    assert_eq!(server.event("msg_1").await.unwrap().payload, sent);
    let video = videos::get(&server.db, "v_1").await.unwrap().unwrap();
    assert_eq!(video.concept_id.as_deref(), Some("c_1"));
    assert_eq!(video.category, "finance");
    assert_eq!(video.caption, "Three numbers");
    assert_eq!(video.hashtags.0, ["#money", "#saving"]);
    assert_eq!(video.audio_id.as_deref(), Some("a_1"));
    assert_eq!(video.source, VideoSource::Path("inbox/v_1.mp4".to_owned()));
    assert_eq!(
        video.features,
        Some(json!({"trendVelocity": 82.0, "categoryPerformance": 6.5}))
    );
}

#[tokio::test]
async fn a_message_with_nothing_but_what_it_needs_is_taken() {
    let server = Running::start(SLOW).await;
    let least = json!({"type": "video/ready", "data": {
        "videoId": "v_1", "category": "finance", "caption": "c",
        "source": {"path": "v_1.mp4"},
        "targets": [{"platform": "youtube", "account": "main"}],
    }});
    assert_eq!(server.post("msg_1", &least).await.status, 202);
    let video = videos::get(&server.db, "v_1").await.unwrap().unwrap();
    assert_eq!(video.source, VideoSource::Path("v_1.mp4".to_owned()));
    assert_eq!(
        (video.features, video.concept_id, video.hashtags.0.len()),
        (None, None, 0)
    );
}

#[tokio::test]
async fn the_longest_names_are_taken_counted_in_characters() {
    let server = Running::start(SLOW).await;
    let sent = with(message(), "/data/category", json!("é".repeat(64)));
    let sent = with(sent, "/data/conceptId", json!("é".repeat(128)));
    let sent = with(sent, "/data/audioId", json!("é".repeat(128)));
    assert_eq!(server.post("msg_1", &sent).await.status, 202);
}

#[tokio::test]
async fn a_video_at_an_https_url_is_taken_and_its_url_kept_as_it_came() {
    let server = Running::start(SLOW).await;
    let url = "https://cdn.example:8443/V%201.mp4?sig=a%2Fb#t=1";
    let sent = with(message(), "/data/source", json!({ "url": url }));
    assert_eq!(server.post("msg_1", &sent).await.status, 202);
    let video = videos::get(&server.db, "v_1").await.unwrap().unwrap();
    assert_eq!(video.source, VideoSource::Url(url.to_owned()));
}

#[tokio::test]
async fn a_video_goes_to_every_platform_that_is_named() {
    let server = Running::start(SLOW).await;
    let platforms = ["instagram", "tiktok", "youtube"];
    let targets = platforms.map(|platform| json!({"platform": platform, "account": "main"}));
    let sent = with(message(), "/data/targets", json!(targets));
    assert_eq!(server.post("msg_1", &sent).await.status, 202);
    let keys = platforms.map(|platform| format!("v_1/{platform}/main"));
    assert_eq!(server.loops.keys(), keys);
}

#[tokio::test]
async fn features_that_are_not_known_are_absent_and_not_zero() {
    let server = Running::start(SLOW).await;
    let features = json!({"trendVelocity": null, "hashtagScore": 0, "mood": "calm", "new": 2});
    let sent = with(message(), "/data/features", features);
    assert_eq!(server.post("msg_1", &sent).await.status, 202);
    let video = videos::get(&server.db, "v_1").await.unwrap().unwrap();
    assert_eq!(
        video.features,
        Some(json!({"hashtagScore": 0.0, "new": 2.0}))
    );
}

#[tokio::test]
async fn what_our_own_sender_writes_is_read_as_the_same_message() {
    let read = server::VideoReady::read(&message()).unwrap();
    let written = serde_json::to_value(&read).unwrap();
    assert_eq!(written["type"], "video/ready");
    assert_eq!(server::VideoReady::read(&written), Ok(read));
}
