//! Publishing: what makes a post, and what leaves open whether there is one.

use std::time::Duration;

use platforms::Meaning;
use platforms::instagram::{ContainerId, Instagram, InstagramConfig, PublishingLimit};
use url::Url;

use super::{config, container, failure, post, start};
use crate::vendor::{Checked, Reply, Vendor};

#[tokio::test]
async fn a_container_becomes_a_post() -> Checked {
    let (vendor, instagram) = start().await?;
    vendor.will_say([Reply::fixture(200, "instagram/published")?]);
    assert_eq!(instagram.publish(&container()).await?, post());
    let asked = vendor.asked().remove(0);
    assert_eq!(asked.line, "POST /vendor/17841405822304914/media_publish");
    let body: serde_json::Value = serde_json::from_slice(&asked.body)?;
    assert_eq!(
        body,
        serde_json::json!({ "creation_id": "17889455560051444" })
    );
    Ok(())
}

#[tokio::test]
async fn an_answer_that_is_lost_or_unreadable_leaves_open_whether_it_was_published() -> Checked {
    let vendor = Vendor::start().await?;
    let instagram = Instagram::new(InstagramConfig {
        request_timeout: Duration::from_millis(300),
        max_response_bytes: 2000,
        ..config(&vendor.base)
    })?;
    let published = Reply::fixture(200, "instagram/published")?;
    for (reply, code) in [
        (
            published.stalled(Duration::from_secs(3)),
            "instagram_timeout",
        ),
        (Reply::text(200, "{").broken(), "instagram_unreachable"),
        (Reply::text(200, "<html>"), "instagram_unreadable_answer"),
        (Reply::text(200, "{}"), "instagram_unreadable_answer"),
        (
            Reply::text(200, r#"{"id":17}"#),
            "instagram_unreadable_answer",
        ),
        (
            Reply::text(200, r#"{"id":"../me"}"#),
            "instagram_unreadable_answer",
        ),
        (
            Reply::text(200, &"x".repeat(3000)),
            "instagram_unreadable_answer",
        ),
        (Reply::text(500, ""), "instagram_unavailable"),
        (
            Reply::text(503, "").header("retry-after", "7"),
            "instagram_unavailable",
        ),
        (Reply::text(302, ""), "instagram_unexpected_status"),
        (
            Reply::fixture(400, "instagram/error_server")?,
            "instagram_unavailable",
        ),
        (
            Reply::fixture(400, "instagram/error_temporary")?,
            "instagram_container_failed",
        ),
        (
            Reply::fixture(400, "instagram/error_container_gone")?,
            "instagram_container_gone",
        ),
    ] {
        vendor.will_say([reply]);
        let error = failure(instagram.publish(&container()).await)?;
        assert_eq!(
            (error.code(), error.meaning()),
            (code, Meaning::Unknown),
            "{error}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn without_a_connection_nothing_was_published() -> Checked {
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    let base = Url::parse(&format!("http://{}/", listener.local_addr()?))?;
    drop(listener);
    let instagram = Instagram::new(config(&base))?;
    let error = failure(instagram.publish(&container()).await)?;
    assert_eq!(
        (error.code(), error.meaning()),
        ("instagram_unreachable", Meaning::Retry)
    );
    Ok(())
}

#[tokio::test]
async fn the_limit_of_a_day_is_read() -> Checked {
    let (vendor, instagram) = start().await?;
    vendor.will_say([
        Reply::fixture(200, "instagram/publishing_limit")?,
        Reply::text(200, r#"{"data":[]}"#),
    ]);
    let limit = instagram.publishing_limit().await?;
    assert_eq!(
        limit,
        PublishingLimit {
            used: 2,
            total: 50,
            window_seconds: 86_400
        }
    );
    insta::assert_snapshot!(vendor.asked()[0].line, @"GET /vendor/17841405822304914/content_publishing_limit?fields=quota_usage%2Cconfig");
    let error = failure(instagram.publishing_limit().await)?;
    assert_eq!(error.code(), "instagram_unreadable_answer");
    Ok(())
}

#[tokio::test]
async fn a_stored_id_that_would_change_the_address_is_refused() -> Checked {
    let (vendor, instagram) = start().await?;
    for id in ["", "../me", "1?fields=access_token", "1/media"] {
        let id = ContainerId::from_stored(id.to_owned());
        let errors = [
            failure(instagram.container_status(&id).await)?,
            failure(instagram.send_bytes(&id, 1, vec![0_u8]).await)?,
            failure(instagram.publish(&id).await)?,
        ];
        for error in errors {
            assert_eq!(
                (error.code(), error.meaning()),
                ("instagram_foreign_id", Meaning::Terminal)
            );
        }
    }
    assert!(vendor.asked().is_empty());
    Ok(())
}
