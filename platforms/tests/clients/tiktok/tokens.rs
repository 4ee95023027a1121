//! Renewing an account's tokens.

use std::collections::BTreeMap;
use std::time::Duration;

use platforms::tiktok::RefreshToken;
use platforms::{LaterWhen, Meaning};
use url::form_urlencoded;

use super::{failure, fixture, start};
use crate::vendor::{Checked, Reply};

fn refresh_token() -> RefreshToken {
    RefreshToken::from_stored("rft.canary+old".into())
}

#[tokio::test]
async fn a_refresh_token_is_exchanged_for_the_next_pair() -> Checked {
    let (vendor, tiktok) = start().await?;
    vendor.will_say([fixture(200, "token")?]);

    let pair = tiktok.refresh(&refresh_token()).await?;

    assert_eq!(pair.access.expose(), "act.example12345Example12345Example");
    assert_eq!(pair.refresh.expose(), "rft.example12345Example12345Example");
    assert_eq!(pair.access_lasts, Duration::from_secs(86_400));
    assert_eq!(pair.refresh_lasts, Duration::from_secs(31_536_000));
    assert_eq!(pair.open_id, "afd97af1-b87b-48b9-ac98-410aghda5344");
    assert_eq!(
        pair.scopes,
        ["user.info.basic", "video.publish", "video.list"]
    );
    let asked = vendor.asked().remove(0);
    assert_eq!(asked.line, "POST /vendor/v2/oauth/token/");
    assert_eq!(
        asked.header("content-type"),
        "application/x-www-form-urlencoded"
    );
    assert_eq!(asked.header("authorization"), "");
    let form: BTreeMap<_, _> = form_urlencoded::parse(&asked.body).into_owned().collect();
    let sent: Vec<_> = form
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    assert_eq!(
        sent,
        [
            "client_key=aw-key",
            "client_secret=canary-secret",
            "grant_type=refresh_token",
            "refresh_token=rft.canary+old"
        ]
    );
    Ok(())
}

#[tokio::test]
async fn a_token_that_is_used_up_waits_for_somebody_whatever_the_status() -> Checked {
    let (vendor, tiktok) = start().await?;
    let later = Meaning::Later(LaterWhen::After(Duration::from_secs(300)));
    for (status, name, code) in [
        (400, "error_oauth_invalid_grant", "tiktok_refresh_refused"),
        (200, "error_oauth_invalid_grant", "tiktok_refresh_refused"),
        (401, "error_oauth_invalid_client", "tiktok_client_refused"),
        (200, "error_oauth_invalid_client", "tiktok_client_refused"),
    ] {
        vendor.will_say([fixture(status, name)?]);
        let error = failure(tiktok.refresh(&refresh_token()).await)?;
        assert_eq!((error.code(), error.meaning()), (code, later), "{error}");
    }
    Ok(())
}

#[tokio::test]
async fn half_a_pair_is_no_pair() -> Checked {
    let (vendor, tiktok) = start().await?;
    for body in [
        r#"{"access_token":"act.1","expires_in":1,"open_id":"o"}"#,
        r#"{"access_token":"","expires_in":1,"refresh_token":"rft.1","refresh_expires_in":1,"open_id":"o"}"#,
        r#"{"access_token":"act.1","expires_in":1,"refresh_token":"","refresh_expires_in":1,"open_id":"o"}"#,
        "{}",
    ] {
        vendor.will_say([Reply::text(200, body)]);
        let error = failure(tiktok.refresh(&refresh_token()).await)?;
        assert_eq!(
            (error.code(), error.meaning()),
            ("tiktok_unreadable_answer", Meaning::Retry),
            "{body}"
        );
    }
    Ok(())
}
