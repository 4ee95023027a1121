//! What a failure means, and what it must not show.

use std::time::Duration;

use jiff::Timestamp;
use platforms::youtube::{CODES, SessionUri, YouTube, YouTubeConfig};
use platforms::{LaterWhen, Meaning};
use url::Url;

use super::{TOTAL, clip, config, failure, file, session, start};
use crate::vendor::{Checked, Reply, Vendor};

/// Answer, and the code and meaning that it has to have.
fn refusals() -> std::io::Result<Vec<(Reply, &'static str, Meaning)>> {
    use Meaning::{Retry, Terminal};
    let later = |seconds| Meaning::Later(LaterWhen::After(Duration::from_secs(seconds)));
    let fixture = |status, name: &str| Reply::fixture(status, &format!("youtube/error_{name}"));
    Ok(vec![
        (
            fixture(401, "unauthorized")?,
            "youtube_unauthorized",
            later(300),
        ),
        (
            fixture(403, "forbidden")?,
            "youtube_unauthorized",
            later(300),
        ),
        (Reply::text(403, ""), "youtube_forbidden", Terminal),
        (fixture(400, "invalid_title")?, "youtube_rejected", Terminal),
        (
            fixture(400, "upload_limit_exceeded")?,
            "youtube_upload_limit",
            later(6 * 3600),
        ),
        (
            fixture(429, "rate_limited")?,
            "youtube_rate_limited",
            later(30),
        ),
        (
            fixture(403, "rate_limited")?,
            "youtube_rate_limited",
            later(30),
        ),
        (
            fixture(429, "rate_limited")?.header("retry-after", "7"),
            "youtube_rate_limited",
            later(7),
        ),
        (fixture(503, "backend")?, "youtube_unavailable", Retry),
        (
            fixture(503, "backend")?.header("retry-after", "2.5"),
            "youtube_unavailable",
            Meaning::Later(LaterWhen::After(Duration::from_millis(2500))),
        ),
        (Reply::text(500, "<html>"), "youtube_unavailable", Retry),
        (Reply::text(408, ""), "youtube_unavailable", Retry),
        (Reply::text(413, ""), "youtube_rejected", Terminal),
        (Reply::text(418, ""), "youtube_unexpected_status", Retry),
        (Reply::text(302, ""), "youtube_unexpected_status", Retry),
    ])
}

#[tokio::test]
async fn every_refusal_has_one_code_and_one_meaning() -> Checked {
    let (vendor, youtube) = start().await?;
    for (reply, code, meaning) in refusals()? {
        vendor.will_say([reply.clone(), reply.clone(), reply.clone(), reply]);
        let opening = failure(youtube.open_session(&clip(), &file(TOTAL)).await)?;
        let asking = failure(youtube.session_state(&session(&vendor), TOTAL).await)?;
        let reading = failure(youtube.video("a").await)?;
        let sending = failure(
            youtube
                .send_chunk(&session(&vendor), 0, 9, vec![0; 9])
                .await,
        )?;
        for error in [opening, asking, reading] {
            assert_eq!((error.code(), error.meaning()), (code, meaning), "{error}");
        }
        let sent = if code == "youtube_unexpected_status" {
            Meaning::Unknown
        } else {
            meaning
        };
        assert_eq!(
            (sending.code(), sending.meaning()),
            (code, sent),
            "{sending}"
        );
        assert!(CODES.contains(&code));
    }
    Ok(())
}

#[tokio::test]
async fn a_used_up_quota_waits_for_midnight_pacific() -> Checked {
    let (vendor, youtube) = start().await?;
    let names = [(403, "quota_exceeded"), (429, "daily_bucket_exhausted")];
    for (status, name) in names {
        vendor.will_say([Reply::fixture(status, &format!("youtube/error_{name}"))?]);
        let error = failure(youtube.video("a").await)?;
        assert_eq!(error.code(), "youtube_quota_exceeded");
        let Meaning::Later(LaterWhen::At(at)) = error.meaning() else {
            return Err(format!("{:?}", error.meaning()).into());
        };
        let pacific = at.in_tz("America/Los_Angeles")?;
        assert_eq!(
            (pacific.hour(), pacific.minute(), pacific.second()),
            (0, 0, 0)
        );
        let wait = at.duration_since(Timestamp::now());
        assert!(wait.is_positive() && wait.as_hours() <= 25, "{wait}");
    }
    Ok(())
}

#[tokio::test]
async fn an_answer_that_does_not_come_breaks_or_swells_is_worth_another_try() -> Checked {
    let vendor = Vendor::start().await?;
    let youtube = YouTube::new(YouTubeConfig {
        request_timeout: Duration::from_millis(300),
        max_response_bytes: 2000,
        ..config(&vendor.base)
    })?;
    let done = Reply::fixture(200, "youtube/upload_done")?;
    for (reply, code) in [
        (
            done.clone().stalled(Duration::from_secs(3)),
            "youtube_timeout",
        ),
        (Reply::text(200, "{").broken(), "youtube_unreachable"),
        (
            Reply::text(200, &"x".repeat(3000)),
            "youtube_unreadable_answer",
        ),
        (Reply::text(200, "not JSON"), "youtube_unreadable_answer"),
    ] {
        vendor.will_say([reply]);
        let error = failure(
            youtube
                .send_chunk(&session(&vendor), 0, 9, vec![0; 9])
                .await,
        )?;
        assert_eq!(
            (error.code(), error.meaning()),
            (code, Meaning::Retry),
            "{error}"
        );
        assert!(CODES.contains(&code));
    }
    Ok(())
}

#[tokio::test]
async fn nobody_listening_is_worth_another_try() -> Checked {
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    let base = Url::parse(&format!("http://{}/", listener.local_addr()?))?;
    drop(listener);
    let error = failure(YouTube::new(config(&base))?.video("a").await)?;
    assert_eq!(
        (error.code(), error.meaning()),
        ("youtube_unreachable", Meaning::Retry)
    );
    Ok(())
}

#[tokio::test]
async fn no_error_shows_a_token_a_session_or_a_whole_body() -> Checked {
    let (vendor, youtube) = start().await?;
    let session = session(&vendor);
    // YouTube may repeat what it was sent.
    let words = format!("{} canary-session {}", super::TOKEN, "long ".repeat(400));
    let long = format!(r#"{{"error":{{"message":"{words}"}}}}"#);
    vendor.will_say([Reply::text(403, &long), Reply::text(200, "{").broken()]);
    let youtube_gone = YouTube::new(config(&Url::parse("http://127.0.0.1:1/vendor")?))?;
    let gone = SessionUri::from_stored("http://127.0.0.1:1/s?upload_id=canary-session".to_owned());
    let errors = [
        failure(youtube.send_chunk(&session, 0, 9, vec![0; 9]).await)?,
        failure(youtube.send_chunk(&session, 0, 9, vec![0; 9]).await)?,
        failure(youtube_gone.send_chunk(&gone, 0, 9, vec![0; 9]).await)?,
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
    assert!(!format!("{youtube:?}").contains("canary"));
    Ok(())
}

#[test]
fn a_client_that_would_send_its_token_in_clear_is_not_made() -> Checked {
    for base in [
        "http://youtube.example/",
        "ftp://127.0.0.1/",
        "https://user@youtube.example/",
    ] {
        let error = failure(YouTube::new(config(&Url::parse(base)?)))?;
        assert_eq!(
            (error.code(), error.meaning()),
            ("youtube_misconfigured", Meaning::Terminal)
        );
    }
    let odd = YouTubeConfig {
        chunk_bytes: 1000,
        ..config(&Url::parse("http://127.0.0.1:1/")?)
    };
    assert_eq!(failure(YouTube::new(odd))?.code(), "youtube_misconfigured");
    assert!(YouTube::new(config(&Url::parse("https://youtube.googleapis.com")?)).is_ok());
    Ok(())
}
