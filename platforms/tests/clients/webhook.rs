//! Webhook signatures: the specification's golden vector, and what has to be refused.

use std::time::Duration;

use jiff::Timestamp;
use platforms::webhook::{WebhookError, WebhookVerifier, sign};
use secrecy::SecretString;

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const OTHER: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
const AT: &str = "1614265330";
const BODY: &[u8] = br#"{"test": 2432232314}"#;
const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
const TOLERANCE: Duration = Duration::from_secs(300);

fn now(offset: i64) -> Timestamp {
    Timestamp::from_second(1_614_265_330 + offset).unwrap_or_default()
}

fn verifier(secrets: &[&str]) -> Result<WebhookVerifier, WebhookError> {
    let secrets: Vec<SecretString> = secrets.iter().map(|&secret| secret.into()).collect();
    WebhookVerifier::new(&secrets, TOLERANCE)
}

#[test]
fn the_golden_vector_is_made_and_taken() -> Result<(), WebhookError> {
    assert_eq!(sign(&SECRET.into(), ID, now(0), BODY)?, SIGNATURE);
    verifier(&[SECRET])?.verify(ID, AT, SIGNATURE, BODY, now(0))
}

#[test]
fn while_a_secret_is_replaced_either_is_taken_on_either_side() -> Result<(), WebhookError> {
    let new = sign(&OTHER.into(), ID, now(0), BODY)?;
    let both = verifier(&[OTHER, SECRET])?;
    both.verify(ID, AT, SIGNATURE, BODY, now(0))?;
    both.verify(ID, AT, &new, BODY, now(0))?;
    let sent_with_both = format!("v1a,AAAA {new} {SIGNATURE}");
    verifier(&[SECRET])?.verify(ID, AT, &sent_with_both, BODY, now(0))
}

#[test]
fn whatever_is_changed_the_signature_no_longer_matches() -> Result<(), WebhookError> {
    let verifier = verifier(&[SECRET])?;
    let raw = SIGNATURE.trim_start_matches("v1,");
    for (id, at, signature, body) in [
        ("msg_other", AT, SIGNATURE, BODY),
        (ID, "1614265331", SIGNATURE, BODY),
        (ID, AT, SIGNATURE, br#"{"test":2432232314}"#),
        (ID, AT, SIGNATURE, b""),
        (ID, AT, "", BODY),
        (ID, AT, "v1,", BODY),
        (ID, AT, raw, BODY),
        (ID, AT, &format!("v2,{raw}"), BODY),
        (ID, AT, &SIGNATURE[..40], BODY),
        (ID, AT, &sign(&OTHER.into(), ID, now(0), BODY)?, BODY),
    ] {
        let refused = verifier.verify(id, at, signature, body, now(0));
        assert_eq!(
            refused,
            Err(WebhookError::BadSignature),
            "{id} {at} {signature}"
        );
    }
    Ok(())
}

#[test]
fn a_signature_is_taken_within_the_tolerance_on_both_sides_and_not_beyond()
-> Result<(), WebhookError> {
    let verifier = verifier(&[SECRET])?;
    let at = |offset| verifier.verify(ID, AT, SIGNATURE, BODY, now(offset));
    assert_eq!(at(300), Ok(()));
    assert_eq!(at(-300), Ok(()));
    assert_eq!(at(301), Err(WebhookError::TooOld { seconds: 301 }));
    assert_eq!(at(-301), Err(WebhookError::TooNew { seconds: 301 }));
    Ok(())
}

#[test]
fn an_id_or_a_time_that_makes_no_sense_is_refused() -> Result<(), WebhookError> {
    let verifier = verifier(&[SECRET])?;
    for id in ["", "msg.1614265330"] {
        let refused = verifier.verify(id, AT, SIGNATURE, BODY, now(0));
        assert_eq!(refused, Err(WebhookError::BadId));
        assert_eq!(
            sign(&SECRET.into(), id, now(0), BODY),
            Err(WebhookError::BadId)
        );
    }
    for at in [
        "",
        "now",
        "+1614265330",
        "-1",
        "1614265330.5",
        "99999999999999999999",
        "999999999999999",
    ] {
        let refused = verifier.verify(ID, at, SIGNATURE, BODY, now(0));
        assert_eq!(refused, Err(WebhookError::BadTimestamp), "{at}");
    }
    Ok(())
}

#[test]
fn a_secret_that_is_none_is_refused_by_its_number_and_not_shown() -> Result<(), WebhookError> {
    assert_eq!(verifier(&[]).err(), Some(WebhookError::NoSecret));
    for bad in [
        "",
        "whsec_",
        "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "whsec_c2hvcnQ=",
        "whsec_%%%",
    ] {
        let refused = verifier(&[SECRET, bad]).err();
        assert_eq!(
            refused,
            Some(WebhookError::BadSecret { number: 2 }),
            "{bad}"
        );
    }
    let shown = format!("{:?}", verifier(&[SECRET])?);
    assert_eq!(shown, "WebhookVerifier(1 secrets, 300s)");
    Ok(())
}
