//! What a failure means, and what it must not show.

use std::io;
use std::time::Duration;

use platforms::instagram::{CODES, Instagram, InstagramConfig, VideoSource};
use platforms::{LaterWhen, Meaning};
use url::Url;

use super::{config, container, failure, post, reel, start};
use crate::vendor::{Checked, Reply, Vendor};

const BUSY: &str =
    r#"{"17841405822304914":[{"type":"instagram","estimated_time_to_regain_access":12}]}"#;
const FREE: &str =
    r#"{"17841405822304914":[{"type":"instagram","estimated_time_to_regain_access":0}]}"#;

type Expected = (Reply, &'static str, Meaning);

fn later(seconds: u64) -> Meaning {
    Meaning::Later(LaterWhen::After(Duration::from_secs(seconds)))
}

fn fixture(status: u16, name: &str) -> io::Result<Reply> {
    Reply::fixture(status, &format!("instagram/error_{name}"))
}

/// Recorded refusals, told apart by their numbers.
fn by_number() -> io::Result<Vec<Expected>> {
    use Meaning::{Retry, Terminal};
    let refusals = [
        ("publish_limit", "instagram_publish_limit", later(3600)),
        ("spam", "instagram_spam_blocked", Terminal),
        ("restricted", "instagram_account_restricted", Terminal),
        ("download_timeout", "instagram_download_timeout", Retry),
        ("temporary", "instagram_container_failed", Retry),
        ("server", "instagram_unavailable", Retry),
        ("unfetchable", "instagram_video_unfetchable", Terminal),
        ("not_ready", "instagram_not_ready", later(60)),
        (
            "unsupported_format",
            "instagram_unsupported_video",
            Terminal,
        ),
        ("caption_too_long", "instagram_rejected", Terminal),
        ("too_large", "instagram_rejected", Terminal),
        ("media_not_found", "instagram_not_found", Terminal),
        ("container_gone", "instagram_container_gone", Retry),
        ("missing_object", "instagram_not_found", Terminal),
        ("bad_metric", "instagram_rejected", Terminal),
        ("token_expired", "instagram_unauthorized", later(300)),
        ("permission", "instagram_forbidden", Terminal),
        ("app_limit", "instagram_rate_limited", later(300)),
        ("user_limit", "instagram_rate_limited", later(300)),
        ("business_limit", "instagram_rate_limited", later(300)),
        ("service", "instagram_unavailable", Retry),
    ];
    refusals
        .into_iter()
        .map(|(name, code, meaning)| fixture(400, name).map(|reply| (reply, code, meaning)))
        .collect()
}

/// Answers without a number that says more than their status, and waits that are asked for.
fn by_status() -> io::Result<Vec<Expected>> {
    use Meaning::{Retry, Terminal};
    let usage = "x-business-use-case-usage";
    Ok(vec![
        (
            fixture(401, "token_expired")?,
            "instagram_unauthorized",
            later(300),
        ),
        (
            fixture(403, "app_limit")?,
            "instagram_rate_limited",
            later(300),
        ),
        (Reply::text(401, ""), "instagram_unauthorized", later(300)),
        (Reply::text(403, ""), "instagram_forbidden", Terminal),
        (Reply::text(404, ""), "instagram_not_found", Terminal),
        (Reply::text(400, "<html>"), "instagram_rejected", Terminal),
        (Reply::text(413, ""), "instagram_rejected", Terminal),
        (Reply::text(429, ""), "instagram_rate_limited", later(300)),
        (
            Reply::text(429, "").header("retry-after", "7"),
            "instagram_rate_limited",
            later(7),
        ),
        (
            fixture(400, "business_limit")?.header(usage, BUSY),
            "instagram_rate_limited",
            later(12 * 60),
        ),
        (
            fixture(400, "business_limit")?.header(usage, FREE),
            "instagram_rate_limited",
            later(300),
        ),
        (Reply::text(408, ""), "instagram_unavailable", Retry),
        (Reply::text(500, "<html>"), "instagram_unavailable", Retry),
        (
            Reply::text(503, "").header("retry-after", "7"),
            "instagram_unavailable",
            later(7),
        ),
        (Reply::text(302, ""), "instagram_unexpected_status", Retry),
        (Reply::text(418, ""), "instagram_unexpected_status", Retry),
    ])
}

#[tokio::test]
async fn every_refusal_has_one_code_and_one_meaning() -> Checked {
    let (vendor, instagram) = start().await?;
    let all = by_number()?.into_iter().chain(by_status()?);
    for (reply, code, meaning) in all {
        vendor.will_say(std::iter::repeat_n(reply, 5));
        let making = instagram
            .create_container(&reel(), &VideoSource::Upload)
            .await;
        let errors = [
            failure(making)?,
            failure(instagram.container_status(&container()).await)?,
            failure(instagram.send_bytes(&container(), 1, vec![0_u8]).await)?,
            failure(instagram.insights(&post()).await)?,
        ];
        for error in errors {
            assert_eq!((error.code(), error.meaning()), (code, meaning), "{error}");
        }
        // publishing may have acted; which of the answers say so is proven elsewhere
        let publishing = failure(instagram.publish(&container()).await)?;
        assert_eq!(publishing.code(), code, "{publishing}");
        let settled = [meaning, Meaning::Unknown].contains(&publishing.meaning());
        assert!(settled, "{publishing}");
        assert!(CODES.contains(&code));
    }
    Ok(())
}

#[tokio::test]
async fn a_refusal_that_names_its_reason_leaves_nothing_open() -> Checked {
    let (vendor, instagram) = start().await?;
    for (name, meaning) in [
        ("publish_limit", later(3600)),
        ("spam", Meaning::Terminal),
        ("not_ready", later(60)),
        ("token_expired", later(300)),
        ("app_limit", later(300)),
    ] {
        vendor.will_say([fixture(400, name)?]);
        let error = failure(instagram.publish(&container()).await)?;
        assert_eq!(error.meaning(), meaning, "{error}");
    }
    Ok(())
}

#[tokio::test]
async fn a_refusal_is_shown_with_its_numbers_and_words() -> Checked {
    let (vendor, instagram) = start().await?;
    vendor.will_say([fixture(400, "publish_limit")?, fixture(400, "permission")?]);
    let error = failure(instagram.publish(&container()).await)?;
    insta::assert_snapshot!(error, @"instagram publish failed: status 400, code 9/2207042: You reached maximum number of posts that is allowed to be published by Content Publishing API.");
    let error = failure(instagram.insights(&post()).await)?;
    insta::assert_snapshot!(error, @"instagram insights failed: status 400, code 10: (#10) Application does not have permission for this action");
    Ok(())
}

#[tokio::test]
async fn an_answer_that_does_not_come_breaks_or_swells_is_worth_another_try() -> Checked {
    let vendor = Vendor::start().await?;
    let instagram = Instagram::new(InstagramConfig {
        request_timeout: Duration::from_millis(300),
        upload_timeout: Duration::from_millis(300),
        max_response_bytes: 2000,
        ..config(&vendor.base)
    })?;
    for (reply, code) in [
        (
            Reply::text(200, "{}").stalled(Duration::from_secs(3)),
            "instagram_timeout",
        ),
        (Reply::text(200, "{").broken(), "instagram_unreachable"),
        (
            Reply::text(200, &"x".repeat(3000)),
            "instagram_unreadable_answer",
        ),
        (Reply::text(200, "not JSON"), "instagram_unreadable_answer"),
    ] {
        vendor.will_say([reply.clone(), reply]);
        let errors = [
            failure(instagram.container_status(&container()).await)?,
            failure(instagram.send_bytes(&container(), 1, vec![0_u8]).await)?,
        ];
        for error in errors {
            assert_eq!(
                (error.code(), error.meaning()),
                (code, Meaning::Retry),
                "{error}"
            );
        }
        assert!(CODES.contains(&code));
    }
    Ok(())
}

#[tokio::test]
async fn a_redirect_is_not_followed() -> Checked {
    let (vendor, instagram) = start().await?;
    let (other, _) = start().await?;
    let there = Reply::text(307, "").header("location", other.base.as_str());
    vendor.will_say([there.clone(), there]);
    let asking = failure(instagram.media(&post()).await)?;
    let sending = failure(instagram.send_bytes(&container(), 1, vec![0_u8]).await)?;
    for error in [asking, sending] {
        assert_eq!(error.code(), "instagram_unexpected_status");
    }
    assert!(other.asked().is_empty());
    Ok(())
}

#[tokio::test]
async fn no_error_shows_a_token_or_a_whole_body() -> Checked {
    let (vendor, instagram) = start().await?;
    let token = super::TOKEN;
    let long = "long ".repeat(400);
    let graph =
        format!(r#"{{"error":{{"message":"Malformed access token {token} {long}","code":190}}}}"#);
    let upload = format!(r#"{{"debug_info":{{"type":"{token}","message":"{token} {long}"}}}}"#);
    vendor.will_say([
        Reply::text(400, &graph),
        Reply::text(400, &upload),
        Reply::text(200, "{").broken(),
    ]);
    let gone = Instagram::new(config(&Url::parse("http://127.0.0.1:1/vendor")?))?;
    let errors = [
        failure(instagram.media(&post()).await)?,
        failure(instagram.send_bytes(&container(), 1, vec![0_u8]).await)?,
        failure(instagram.send_bytes(&container(), 1, vec![0_u8]).await)?,
        failure(gone.send_bytes(&container(), 1, vec![0_u8]).await)?,
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
    assert!(!format!("{instagram:?}").contains("canary"));
    Ok(())
}

#[test]
fn a_client_that_would_send_its_token_in_clear_is_not_made() -> Checked {
    let good = Url::parse("https://graph.facebook.com/v26.0")?;
    for base in [
        "http://graph.example/",
        "ftp://127.0.0.1/",
        "https://user@graph.example/",
    ] {
        let base = Url::parse(base)?;
        for (base_url, upload_base_url) in [(&base, &good), (&good, &base)] {
            let wrong = InstagramConfig {
                base_url: base_url.clone(),
                upload_base_url: upload_base_url.clone(),
                ..config(&good)
            };
            let error = failure(Instagram::new(wrong))?;
            assert_eq!(
                (error.code(), error.meaning()),
                ("instagram_misconfigured", Meaning::Terminal)
            );
        }
    }
    for user_id in ["", "1/..", "me?fields=id"] {
        let wrong = InstagramConfig {
            user_id: user_id.to_owned(),
            ..config(&good)
        };
        assert_eq!(
            failure(Instagram::new(wrong))?.code(),
            "instagram_misconfigured"
        );
    }
    assert!(Instagram::new(config(&good)).is_ok());
    Ok(())
}
