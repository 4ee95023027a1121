//! Who is listened to as TikTok, and that nobody else moves a post.

use std::sync::Arc;

use jiff::Timestamp;
use metrics_exporter_prometheus::PrometheusBuilder;
use schema::posts::PostState;
use serde_json::{Value, json};
use server::{Server, ServerError};

use super::{
    CLIENT_SECRET, PATH, PUBLIC, SIGNATURE, app, complete, deliver, event, listening, post_in,
    publish_id, row, said, send, signature,
};
use crate::harness::{Place, Running, SLOW, with};
use crate::loops::Loops;

const HEADER_MISSING: &str = "webhook_header_missing";
const SIGNATURE_INVALID: &str = "webhook_signature_invalid";
const TIMESTAMP_INVALID: &str = "webhook_timestamp_invalid";
const UNREADABLE: &str = "webhook_tiktok_unreadable";

/// Headers that do not belong to this body, this time or this app, and the code of the answer.
fn bad_headers(body: &str) -> Vec<(Option<String>, &'static str)> {
    let now = Timestamp::now().as_second();
    let signed = |secret, at| Some(signature(secret, at, body));
    let good = signature(CLIENT_SECRET, now, body);
    let hash = good.split_once(",s=").map_or("", |(_, hash)| hash);
    vec![
        (None, HEADER_MISSING),
        (Some(String::new()), HEADER_MISSING),
        (Some("secret".to_owned()), TIMESTAMP_INVALID),
        (Some(format!("s={hash}")), TIMESTAMP_INVALID),
        (Some(format!("t=soon,s={hash}")), TIMESTAMP_INVALID),
        (signed(CLIENT_SECRET, now - 330), TIMESTAMP_INVALID),
        (signed(CLIENT_SECRET, now + 330), TIMESTAMP_INVALID),
        (Some(format!("t={},s={hash}", now + 1)), SIGNATURE_INVALID),
        (Some(format!("t={now}")), SIGNATURE_INVALID),
        (Some(format!("t={now},s=")), SIGNATURE_INVALID),
        (Some(format!("t={now},s=zz")), SIGNATURE_INVALID),
        (signed("another secret", now), SIGNATURE_INVALID),
        (Some(signature(CLIENT_SECRET, now, "{}")), SIGNATURE_INVALID),
    ]
}

#[tokio::test]
async fn what_tiktok_has_not_signed_recently_moves_nothing() {
    let server = listening().await;
    let id = post_in(&server.db, "v_1", PostState::Processing).await;
    let before = row(&server.db, &id).await;
    let body = complete("v_1").to_string();
    for (header, code) in bad_headers(&body) {
        let headers: Vec<_> = header.iter().map(|it| (SIGNATURE, it.clone())).collect();
        let answer = server.send_to(PATH, &headers, body.clone()).await;
        assert_eq!(said(&answer), (401, SIGNATURE, code), "{header:?}");
    }
    assert_eq!(row(&server.db, &id).await, before);
    assert_eq!(send(&server, body).await.status, 200);
    assert_eq!(row(&server.db, &id).await.state, PostState::Posted);
}

#[tokio::test]
async fn an_event_for_another_app_is_refused_although_it_is_signed() {
    let server = listening().await;
    let id = post_in(&server.db, "v_1", PostState::Processing).await;
    let before = row(&server.db, &id).await;
    let foreign = with(complete("v_1"), "/client_key", json!("another app"));
    let answer = deliver(&server, &foreign).await;
    let expected = (401, "client_key", "webhook_tiktok_app_foreign");
    assert_eq!(said(&answer), expected);
    assert_eq!(row(&server.db, &id).await, before);
}

#[tokio::test]
async fn a_signed_body_that_is_no_event_is_refused_by_its_field() {
    let server = listening().await;
    let id = post_in(&server.db, "v_1", PostState::Processing).await;
    let before = row(&server.db, &id).await;
    let good = complete("v_1");
    let replaced = |pointer: &str, value: Value| with(good.clone(), pointer, value).to_string();
    let no_number = json!({"publish_id": publish_id("v_1"), "post_id": "x"});
    for (body, field) in [
        (String::new(), "body"),
        ("{".to_owned(), "body"),
        ("[]".to_owned(), "body"),
        (replaced("/event", json!(null)), "body"),
        (replaced("/create_time", json!("now")), "body"),
        (replaced("/content", json!({"publish_id": "p"})), "body"),
        // In milliseconds.
        (
            replaced("/create_time", json!(1_760_000_000_000_i64)),
            "create_time",
        ),
        (replaced("/content", json!("publish_id")), "content"),
        (replaced("/content", json!("{}")), "content"),
        (event(PUBLIC, &no_number).to_string(), "content"),
    ] {
        let answer = send(&server, body.clone()).await;
        assert_eq!(said(&answer), (400, field, UNREADABLE), "{body}");
    }
    assert_eq!(row(&server.db, &id).await, before);
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_not_read() {
    let server = listening().await;
    let answer = send(&server, "x".repeat(20_001)).await;
    assert_eq!(said(&answer), (413, "body", "webhook_body_too_large"));
}

#[tokio::test]
async fn without_an_app_at_tiktok_events_are_not_taken_and_may_come_again() {
    let server = Running::start(SLOW).await;
    let id = post_in(&server.db, "v_1", PostState::Processing).await;
    let answer = deliver(&server, &complete("v_1")).await;
    assert_eq!(said(&answer), (503, "", "webhook_tiktok_unconfigured"));
    assert_eq!(answer.headers["retry-after"], "5");
    let state = row(&server.db, &id).await.state;
    assert_eq!(state, PostState::Processing);
}

#[tokio::test]
async fn a_server_with_an_empty_client_secret_is_not_built() {
    let place = Place::new().await;
    let handle = PrometheusBuilder::new().build_recorder().handle();
    let loops = Arc::new(Loops::default());
    let built = Server::new(place.db.clone(), loops, handle, app(""));
    assert!(matches!(built, Err(ServerError::TikTokSecret(_))));
}
