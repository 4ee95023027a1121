//! TikTok's webhooks: whose they are, and what they say.

use std::error::Error;
use std::path::Path;
use std::time::Duration;

use hmac::{Hmac, Mac};
use jiff::Timestamp;
use platforms::tiktok::webhook::{SignatureError, WebhookVerifier};
use platforms::tiktok::{Delivery, Event, EventError, PublishId};
use secrecy::SecretString;
use sha2::Sha256;

use super::publish_id;
use crate::vendor::Checked;

const SECRET: &str = "secret";
const AT: i64 = 1_760_000_000;
const BODY: &str = r#"{"client_key":"bwo2m45353a6k85","event":"post.publish.publicly_available","create_time":1760000000,"user_openid":"act.example12345Example12345Example","content":"{\"publish_id\":\"v_pub_file~v2-1.123456789\",\"post_id\":\"7412345678901234567\",\"publish_type\":\"DIRECT_PUBLISH\"}"}"#;
const HEADER: &str =
    "t=1760000000,s=ac2727b0be6dc0d61b438cbf8258ffeee11cc5a9d332efd6c377ebcbd8801ca2";

fn now(offset: i64) -> Timestamp {
    Timestamp::from_second(AT + offset).unwrap_or_default()
}

fn verifier(secrets: &[&str]) -> Result<WebhookVerifier, SignatureError> {
    let secrets: Vec<SecretString> = secrets.iter().map(|&secret| secret.into()).collect();
    WebhookVerifier::new(&secrets, Duration::from_secs(300))
}

fn signed(secret: &str, body: &str) -> Result<String, Box<dyn Error>> {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(secret.as_bytes()).map_err(|error| error.to_string())?;
    mac.update(format!("{AT}.{body}").as_bytes());
    Ok(format!(
        "t={AT},s={}",
        hex::encode(mac.finalize().into_bytes())
    ))
}

#[test]
fn the_golden_vector_is_taken() -> Checked {
    assert_eq!(signed(SECRET, BODY)?, HEADER);
    verifier(&[SECRET])?.verify(HEADER, BODY.as_bytes(), now(0))?;
    let spaced = HEADER.replace(',', " , ");
    verifier(&[SECRET])?.verify(&spaced, BODY.as_bytes(), now(0))?;
    Ok(())
}

#[test]
fn while_a_secret_is_replaced_either_is_taken() -> Checked {
    let both = verifier(&["next", SECRET])?;
    both.verify(HEADER, BODY.as_bytes(), now(0))?;
    both.verify(&signed("next", BODY)?, BODY.as_bytes(), now(0))?;
    Ok(())
}

#[test]
fn whatever_is_changed_the_signature_no_longer_matches() -> Checked {
    let verifier = verifier(&[SECRET])?;
    let foreign = signed("other", BODY)?;
    let spaced = BODY.replace("\":", "\": ");
    for (header, body) in [
        (HEADER, spaced.as_str()),
        (HEADER, ""),
        (foreign.as_str(), BODY),
        (&HEADER.replace("t=1760000000", "t=1760000001"), BODY),
        (&HEADER[..40], BODY),
        (&HEADER.replace("s=ac", "s=zz"), BODY),
        (&HEADER.replace("s=", "v="), BODY),
        ("t=1760000000", BODY),
        ("t=1760000000,s=", BODY),
    ] {
        assert_eq!(
            verifier.verify(header, body.as_bytes(), now(0)),
            Err(SignatureError::BadSignature),
            "{header}"
        );
    }
    Ok(())
}

#[test]
fn a_signature_is_taken_within_the_tolerance_on_both_sides_and_not_beyond() -> Checked {
    let verifier = verifier(&[SECRET])?;
    let at = |offset| verifier.verify(HEADER, BODY.as_bytes(), now(offset));
    assert_eq!(at(300), Ok(()));
    assert_eq!(at(-300), Ok(()));
    assert_eq!(at(301), Err(SignatureError::TooOld { seconds: 301 }));
    assert_eq!(at(-301), Err(SignatureError::TooNew { seconds: 301 }));
    Ok(())
}

#[test]
fn a_time_that_makes_no_sense_is_refused() -> Checked {
    let verifier = verifier(&[SECRET])?;
    for header in [
        "",
        "s=ac2727",
        "t=,s=ac2727",
        "t=now,s=ac2727",
        "t=+1760000000,s=ac2727",
        "t=1760000000.5,s=ac2727",
        "t=99999999999999999999,s=ac2727",
    ] {
        let refused = verifier.verify(header, BODY.as_bytes(), now(0));
        assert_eq!(refused, Err(SignatureError::BadTimestamp), "{header}");
    }
    Ok(())
}

#[test]
fn a_secret_that_is_none_is_refused_and_one_that_is_is_not_shown() -> Checked {
    assert_eq!(verifier(&[]).err(), Some(SignatureError::NoSecret));
    assert_eq!(
        verifier(&[SECRET, ""]).err(),
        Some(SignatureError::EmptySecret { number: 2 })
    );
    let shown = format!("{:?}", verifier(&[SECRET])?);
    assert_eq!(shown, "WebhookVerifier(1 secrets, 300s)");
    Ok(())
}

/// A recorded webhook, what it says, and the id that every delivery of it has.
fn check(name: &str, event: Event, id: &str) -> Checked {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/tiktok");
    let body = std::fs::read(folder.join(format!("webhook_{name}.json")))?;
    let delivery = Delivery::parse(&body)?;
    assert_eq!(delivery.event, event, "{name}");
    assert_eq!(delivery.id(), id, "{name}");
    assert_eq!(delivery.at, now(0), "{name}");
    assert_eq!(delivery.client_key, "bwo2m45353a6k85", "{name}");
    assert_eq!(delivery.open_id, "act.example12345Example12345Example");
    Ok(())
}

#[test]
fn every_event_of_a_post_is_told_apart() -> Checked {
    let post_id = || "7412345678901234567".to_owned();
    check(
        "publish_complete",
        Event::PublishComplete {
            publish_id: publish_id(),
        },
        "post.publish.complete:v_pub_file~v2-1.123456789",
    )?;
    check(
        "inbox_delivered",
        Event::InboxDelivered {
            publish_id: PublishId::from_stored("v_inbox_file~v2.123456789".to_owned()),
        },
        "post.publish.inbox_delivered:v_inbox_file~v2.123456789",
    )?;
    check(
        "publicly_available",
        Event::PubliclyAvailable {
            publish_id: publish_id(),
            post_id: post_id(),
        },
        "post.publish.publicly_available:v_pub_file~v2-1.123456789",
    )?;
    check(
        "no_longer_publicly_available",
        Event::NoLongerPubliclyAvailable {
            publish_id: publish_id(),
            post_id: post_id(),
        },
        "post.publish.no_longer_publicaly_available:v_pub_file~v2-1.123456789",
    )
}

#[test]
fn a_post_that_failed_says_why() -> Checked {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/tiktok");
    let body = std::fs::read(folder.join("webhook_publish_failed.json"))?;
    let Event::PublishFailed {
        publish_id: of,
        reason,
    } = Delivery::parse(&body)?.event
    else {
        return Err("not failed".into());
    };
    assert_eq!(of, publish_id());
    assert_eq!(reason.word(), "frame_rate_check_failed");
    Ok(())
}

#[test]
fn an_event_about_no_post_is_known_by_its_account_and_second() -> Checked {
    check(
        "authorization_removed",
        Event::AuthorizationRemoved { reason: 1 },
        "authorization.removed:act.example12345Example12345Example:1760000000",
    )?;
    check(
        "legacy",
        Event::Other,
        "video.publish.completed:act.example12345Example12345Example:1760000000",
    )
}

#[test]
fn a_body_that_is_not_tiktok_s_is_an_error() {
    for body in ["", "[]", "{}", "<html>"] {
        let refused = Delivery::parse(body.as_bytes());
        assert!(matches!(refused, Err(EventError::Body(_))), "{body}");
    }
    for content in ["", "{}", r#"{\"publish_id\":\"a\",\"post_id\":\"b\"}"#] {
        let body = format!(
            r#"{{"client_key":"k","event":"post.publish.publicly_available","create_time":1,"user_openid":"o","content":"{content}"}}"#
        );
        let refused = Delivery::parse(body.as_bytes());
        assert!(
            matches!(refused, Err(EventError::Content { .. })),
            "{content}"
        );
    }
    let body = BODY.replace(
        r#""create_time":1760000000"#,
        r#""create_time":99999999999999"#,
    );
    let refused = Delivery::parse(body.as_bytes());
    assert!(matches!(refused, Err(EventError::Time { .. })));
}
