//! Who is listened to, how much he may say, and that hearing it twice changes nothing.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::harness::{OTHER_SECRET, Place, Running, SECRET, SLOW, message, signed, with};

const HEADER_MISSING: &str = "webhook_header_missing";
const SIGNATURE_INVALID: &str = "webhook_signature_invalid";
const TIMESTAMP_INVALID: &str = "webhook_timestamp_invalid";
const ID: &str = "webhook-id";
const SIGNATURE: &str = "webhook-signature";
const TIMESTAMP: &str = "webhook-timestamp";

/// The headers, and the field and code of the answer.
type Case = (Vec<(&'static str, String)>, &'static str, &'static str);

/// One of the good headers is taken away or replaced.
fn altered_headers(body: &[u8], now: Timestamp) -> Vec<Case> {
    let good = signed(SECRET, "msg_1", now, body);
    let without = |name: &str| -> Vec<_> {
        good.iter()
            .filter(|(header, _)| *header != name)
            .cloned()
            .collect()
    };
    let replaced = |name: &'static str, value: &str| {
        let mut headers = without(name);
        headers.push((name, value.to_owned()));
        headers
    };
    let later = (now.as_second() + 1).to_string();
    vec![
        (without(ID), ID, HEADER_MISSING),
        (without(TIMESTAMP), TIMESTAMP, HEADER_MISSING),
        (without(SIGNATURE), SIGNATURE, HEADER_MISSING),
        (replaced(SIGNATURE, ""), SIGNATURE, HEADER_MISSING),
        (replaced(SIGNATURE, "v1,AAAA"), SIGNATURE, SIGNATURE_INVALID),
        (replaced(ID, "msg_2"), SIGNATURE, SIGNATURE_INVALID),
        (replaced(ID, "msg.1"), ID, SIGNATURE_INVALID),
        (replaced(TIMESTAMP, &later), SIGNATURE, SIGNATURE_INVALID),
        (replaced(TIMESTAMP, "soon"), TIMESTAMP, TIMESTAMP_INVALID),
    ]
}

/// Everything fits together, but not with this server, this time or this body.
fn other_signatures(body: &[u8], now: Timestamp) -> Vec<Case> {
    let at = |seconds| {
        signed(
            SECRET,
            "msg_1",
            now + SignedDuration::from_secs(seconds),
            body,
        )
    };
    vec![
        (at(-330).to_vec(), TIMESTAMP, TIMESTAMP_INVALID),
        (at(330).to_vec(), TIMESTAMP, TIMESTAMP_INVALID),
        (
            signed(OTHER_SECRET, "msg_1", now, body).to_vec(),
            SIGNATURE,
            SIGNATURE_INVALID,
        ),
        (
            signed(SECRET, "msg_1", now, b"{}").to_vec(),
            SIGNATURE,
            SIGNATURE_INVALID,
        ),
    ]
}

#[tokio::test]
async fn what_is_not_signed_recently_with_our_secret_is_refused_and_leaves_nothing() {
    let server = Running::start(SLOW).await;
    let body = message().to_string();
    let now = Timestamp::now();
    let altered = altered_headers(body.as_bytes(), now);
    for (headers, field, code) in altered
        .into_iter()
        .chain(other_signatures(body.as_bytes(), now))
    {
        let answer = server.send(&headers, body.clone()).await;
        let said = (answer.status, &answer.body["field"], &answer.body["code"]);
        assert_eq!(
            said,
            (401, &json!(field), &json!(code)),
            "{headers:?}: {}",
            answer.body
        );
    }
    assert_eq!(server.event("msg_1").await, None);
    assert_eq!(server.loops.asked(), 0);
    assert_eq!(server.post("msg_1", &message()).await.status, 202);
}

#[tokio::test]
async fn both_ends_of_the_tolerance_are_taken() {
    let server = Running::start(SLOW).await;
    let body = message().to_string();
    for (id, offset) in [("msg_1", -290), ("msg_2", 290)] {
        let at = Timestamp::now() + SignedDuration::from_secs(offset);
        let answer = server
            .send(&signed(SECRET, id, at, body.as_bytes()), body.clone())
            .await;
        assert_eq!(answer.status, 202, "{}", answer.body);
    }
}

#[tokio::test]
async fn while_a_secret_is_replaced_both_are_taken_and_afterwards_only_the_new_one() {
    let body = message().to_string();
    for (secrets, old, new) in [
        (&[SECRET][..], 202, 401),
        (&[OTHER_SECRET, SECRET][..], 202, 202),
        (&[OTHER_SECRET][..], 401, 202),
    ] {
        let server = Running::at(Place::new().await, SLOW, secrets).await;
        let now = Timestamp::now();
        let with_old = signed(SECRET, "msg_old", now, body.as_bytes());
        let with_new = signed(OTHER_SECRET, "msg_new", now, body.as_bytes());
        assert_eq!(
            server.send(&with_old, body.clone()).await.status,
            old,
            "{secrets:?}"
        );
        assert_eq!(
            server.send(&with_new, body.clone()).await.status,
            new,
            "{secrets:?}"
        );
    }
}

#[tokio::test]
async fn a_replayed_request_starts_nothing() {
    let server = Running::start(SLOW).await;
    let body = message().to_string();
    let headers = signed(SECRET, "msg_1", Timestamp::now(), body.as_bytes());
    let first = server.send(&headers, body.clone()).await;
    let second = server.send(&headers, body).await;
    assert_eq!((first.status, second.status), (202, 200));
    assert_eq!(second.body["duplicate"], json!(true));
    assert_eq!(server.loops.asked(), 1);
}

#[tokio::test]
async fn a_body_of_20_000_bytes_is_taken_and_one_more_is_too_large() {
    let server = Running::start(SLOW).await;
    let padded = |bytes: usize| -> Value {
        let empty = with(message(), "/padding", json!(""));
        let missing = bytes - empty.to_string().len();
        with(message(), "/padding", json!("x".repeat(missing)))
    };
    assert_eq!(server.post("msg_1", &padded(20_000)).await.status, 202);
    let answer = server.post("msg_2", &padded(20_001)).await;
    assert_eq!(answer.status, 413);
    assert_eq!(answer.body["code"], "webhook_body_too_large");
    assert_eq!(server.event("msg_2").await, None);
}

#[tokio::test]
async fn an_id_too_long_for_a_key_is_refused() {
    let server = Running::start(SLOW).await;
    assert_eq!(server.post(&"m".repeat(256), &message()).await.status, 202);
    let answer = server.post(&"m".repeat(257), &message()).await;
    assert_eq!(
        (answer.status, &answer.body["field"]),
        (422, &json!("webhook-id"))
    );
}
