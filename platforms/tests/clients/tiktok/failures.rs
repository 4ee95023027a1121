//! What a call means that got no answer, and what an error must not show.

use std::time::Duration;

use platforms::Meaning;
use platforms::tiktok::{CODES, Container, RefreshToken, TikTok, TikTokConfig, UploadUrl};
use url::Url;

use super::refusals::pull;
use super::{
    clip, config, creator, failure, fixture, plan, post, publish_id, start, token, upload_url,
};
use crate::vendor::{Checked, Reply, Vendor};

#[tokio::test]
async fn an_answer_that_does_not_come_breaks_or_swells_is_worth_another_try() -> Checked {
    let vendor = Vendor::start().await?;
    let tiktok = TikTok::new(TikTokConfig {
        request_timeout: Duration::from_millis(300),
        max_response_bytes: 2000,
        ..config(&vendor.base)
    })?;
    let done = fixture(200, "status_complete")?;
    for (reply, code) in [
        (done.stalled(Duration::from_secs(3)), "tiktok_timeout"),
        (Reply::text(200, "{").broken(), "tiktok_unreachable"),
        (
            Reply::text(200, &"x".repeat(3000)),
            "tiktok_unreadable_answer",
        ),
        (Reply::text(200, "not JSON"), "tiktok_unreadable_answer"),
    ] {
        vendor.will_say([reply.clone(), reply]);
        let asking = failure(tiktok.status(&token(), &publish_id()).await)?;
        assert_eq!(
            (asking.code(), asking.meaning()),
            (code, Meaning::Retry),
            "{asking}"
        );
        let pulling = pull(&tiktok).await?;
        assert_eq!(
            (pulling.code(), pulling.meaning()),
            (code, Meaning::Unknown),
            "{pulling}"
        );
        assert!(CODES.contains(&code));
    }
    Ok(())
}

#[tokio::test]
async fn nobody_listening_is_worth_another_try_and_leaves_no_doubt() -> Checked {
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    let base = Url::parse(&format!("http://{}/", listener.local_addr()?))?;
    drop(listener);
    let tiktok = TikTok::new(config(&base))?;
    let errors = [
        failure(tiktok.status(&token(), &publish_id()).await)?,
        pull(&tiktok).await?,
    ];
    for error in errors {
        assert_eq!(
            (error.code(), error.meaning()),
            ("tiktok_unreachable", Meaning::Retry)
        );
    }
    Ok(())
}

#[tokio::test]
async fn no_error_shows_a_token_an_address_or_a_whole_body() -> Checked {
    let (vendor, tiktok) = start().await?;
    let (url, plan) = (upload_url(&vendor), plan()?);
    let gone = UploadUrl::from_stored("http://127.0.0.1:1/u?upload_token=canary-upload".to_owned());
    let tiktok_gone = TikTok::new(config(&Url::parse("http://127.0.0.1:1/vendor")?))?;
    let old = RefreshToken::from_stored("rft.canary-old".into());
    // TikTok may repeat what it was sent.
    let long = format!(
        r#"{{"error":{{"code":"x","message":"canary-upload {}"}}}}"#,
        "long ".repeat(400)
    );
    let repeated =
        r#"{"error":"invalid_request","error_description":"rft.canary-old canary-secret"}"#;
    let chunk = || vec![0; plan.chunk_bytes() as usize];
    vendor.will_say([
        Reply::text(400, &long),
        Reply::text(206, "{").header("content-range", "canary"),
        // What the parser would quote is the secret itself.
        Reply::text(
            200,
            r#"{"access_token":"act.canary","expires_in":"rft.canary"}"#,
        ),
        Reply::text(200, r#"{"data":"https://x.example/?upload_token=canary"}"#),
        Reply::text(400, repeated),
    ]);
    let errors = [
        failure(
            tiktok
                .send_chunk(&url, &plan, 0, Container::Mp4, chunk())
                .await,
        )?,
        failure(
            tiktok
                .send_chunk(&url, &plan, 0, Container::Mp4, chunk())
                .await,
        )?,
        failure(tiktok.refresh(&old).await)?,
        failure(
            tiktok
                .init_file_upload(&token(), &post(), &clip(), &creator())
                .await,
        )?,
        failure(tiktok.refresh(&old).await)?,
        failure(
            tiktok_gone
                .send_chunk(&gone, &plan, 0, Container::Mp4, chunk())
                .await,
        )?,
        failure(tiktok_gone.refresh(&old).await)?,
    ];
    for error in errors {
        let mut shown = format!("{error:?}");
        let mut cause: Option<&dyn std::error::Error> = Some(&error);
        while let Some(error) = cause {
            shown.push_str(&format!("\n{error}\n{error:?}"));
            cause = error.source();
        }
        assert!(!shown.contains("canary"), "{shown}");
        assert!(error.message().len() < 400, "{error}");
    }
    assert!(!format!("{tiktok:?} {old:?} {:?} {url:?}", token()).contains("canary"));
    Ok(())
}

#[test]
fn a_client_that_would_send_a_secret_in_clear_or_odd_chunks_is_not_made() -> Checked {
    for base in [
        "http://open.tiktokapis.com/",
        "ftp://127.0.0.1/",
        "https://user@open.tiktokapis.com/",
    ] {
        let error = failure(TikTok::new(config(&Url::parse(base)?)))?;
        assert_eq!(
            (error.code(), error.meaning()),
            ("tiktok_misconfigured", Meaning::Terminal)
        );
    }
    for chunk_bytes in [0, 5 << 19, 65_000_000] {
        let odd = TikTokConfig {
            chunk_bytes,
            ..config(&Url::parse("http://127.0.0.1:1/")?)
        };
        assert_eq!(failure(TikTok::new(odd))?.code(), "tiktok_misconfigured");
    }
    assert!(TikTok::new(config(&Url::parse("https://open.tiktokapis.com")?)).is_ok());
    Ok(())
}
