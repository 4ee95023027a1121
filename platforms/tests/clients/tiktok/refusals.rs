//! What a refusal means: one code and one meaning for each, whatever was asked.

use std::error::Error;
use std::io;
use std::time::Duration;

use platforms::tiktok::{CODES, RefreshToken, TikTok};
use platforms::{LaterWhen, Meaning, PlatformError};
use url::Url;

use super::{clip, creator, failure, fixture, post, publish_id, start, token};
use crate::vendor::{Checked, Reply};

/// The error of an attempt to have TikTok fetch a file.
pub(crate) async fn pull(tiktok: &TikTok) -> Result<PlatformError, Box<dyn Error>> {
    let address = Url::parse("https://media.oddloop.example/v_1.mp4")?;
    let (token, post, clip, creator) = (token(), post(), clip(), creator());
    let pulled = tiktok.init_pull_from_url(&token, &post, &clip, &creator, &address);
    failure(pulled.await)
}

/// Status, recorded error, and the code and meaning that it has to have.
const RECORDED: &[(u16, &str, &str, Meaning)] = &[
    (
        401,
        "access_token_invalid",
        "tiktok_unauthorized",
        later(300),
    ),
    (
        401,
        "scope_not_authorized",
        "tiktok_scope_missing",
        later(300),
    ),
    (
        403,
        "spam_risk_too_many_posts",
        "tiktok_post_limit",
        later(6 * 3600),
    ),
    // With a 200 on purpose, where the creator is asked.
    (
        200,
        "spam_risk_too_many_posts",
        "tiktok_post_limit",
        later(6 * 3600),
    ),
    (
        403,
        "reached_active_user_cap",
        "tiktok_active_user_cap",
        later(6 * 3600),
    ),
    (
        403,
        "spam_risk_user_banned_from_posting",
        "tiktok_banned",
        Meaning::Terminal,
    ),
    (
        403,
        "unaudited_client_can_only_post_to_private_accounts",
        "tiktok_unaudited_client",
        Meaning::Terminal,
    ),
    (
        403,
        "privacy_level_option_mismatch",
        "tiktok_privacy_unavailable",
        Meaning::Terminal,
    ),
    (
        403,
        "url_ownership_unverified",
        "tiktok_url_unverified",
        Meaning::Terminal,
    ),
    (400, "invalid_param", "tiktok_rejected", Meaning::Terminal),
    (
        400,
        "invalid_publish_id",
        "tiktok_unknown_post",
        Meaning::Terminal,
    ),
    (
        400,
        "token_not_authorized_for_specified_publish_id",
        "tiktok_forbidden",
        Meaning::Terminal,
    ),
    (429, "rate_limit_exceeded", "tiktok_rate_limited", later(60)),
    (500, "internal_error", "tiktok_unavailable", Meaning::Retry),
];

const fn later(seconds: u64) -> Meaning {
    Meaning::Later(LaterWhen::After(Duration::from_secs(seconds)))
}

/// Answer, and the code and meaning that it has to have.
fn refusals() -> io::Result<Vec<(Reply, &'static str, Meaning)>> {
    use Meaning::{Retry, Terminal};
    let mut refusals = Vec::new();
    for &(status, name, code, meaning) in RECORDED {
        refusals.push((fixture(status, &format!("error_{name}"))?, code, meaning));
    }
    let limited = fixture(429, "error_rate_limit_exceeded")?;
    refusals.extend([
        (
            limited.header("retry-after", "7"),
            "tiktok_rate_limited",
            later(7),
        ),
        (Reply::text(401, ""), "tiktok_unauthorized", later(300)),
        (Reply::text(403, "<html>"), "tiktok_forbidden", Terminal),
        (Reply::text(404, ""), "tiktok_not_found", Terminal),
        (Reply::text(400, ""), "tiktok_rejected", Terminal),
        (Reply::text(413, ""), "tiktok_rejected", Terminal),
        (Reply::text(429, ""), "tiktok_rate_limited", later(60)),
        (Reply::text(408, ""), "tiktok_unavailable", Retry),
        (Reply::text(500, "<html>"), "tiktok_unavailable", Retry),
        (
            Reply::text(503, "").header("retry-after", "2.5"),
            "tiktok_unavailable",
            Meaning::Later(LaterWhen::After(Duration::from_millis(2500))),
        ),
        (Reply::text(418, ""), "tiktok_unexpected_status", Retry),
        (Reply::text(302, ""), "tiktok_unexpected_status", Retry),
        (
            Reply::text(
                200,
                r#"{"data":{},"error":{"code":"of_next_year","message":""}}"#,
            ),
            "tiktok_unexpected_status",
            Retry,
        ),
        (
            Reply::text(
                403,
                r#"{"data":{},"error":{"code":"spam_risk_of_next_year"}}"#,
            ),
            "tiktok_spam_risk",
            Terminal,
        ),
    ]);
    Ok(refusals)
}

#[tokio::test]
async fn every_refusal_has_one_code_and_one_meaning() -> Checked {
    let (vendor, tiktok) = start().await?;
    let old = RefreshToken::from_stored("rft.old".into());
    for (reply, code, meaning) in refusals()? {
        vendor.will_say(vec![reply; 5]);
        let errors = [
            failure(tiktok.creator_info(&token()).await)?,
            failure(tiktok.status(&token(), &publish_id()).await)?,
            failure(tiktok.video_query(&token(), &["7"]).await)?,
            failure(tiktok.refresh(&old).await)?,
            failure(
                tiktok
                    .init_file_upload(&token(), &post(), &clip(), &creator())
                    .await,
            )?,
        ];
        for error in errors {
            assert_eq!((error.code(), error.meaning()), (code, meaning), "{error}");
        }
        assert!(CODES.contains(&code));
    }
    Ok(())
}

#[tokio::test]
async fn a_pull_is_in_doubt_unless_tiktok_has_certainly_refused_it() -> Checked {
    let (vendor, tiktok) = start().await?;
    for (reply, code, meaning) in refusals()? {
        vendor.will_say([reply]);
        let error = pull(&tiktok).await?;
        let expected = match code {
            "tiktok_unavailable" | "tiktok_unexpected_status" => Meaning::Unknown,
            _ => meaning,
        };
        assert_eq!((error.code(), error.meaning()), (code, expected), "{error}");
    }
    Ok(())
}

#[tokio::test]
async fn the_words_of_a_refusal_are_in_its_message_with_the_log() -> Checked {
    let (vendor, tiktok) = start().await?;
    vendor.will_say([fixture(400, "error_invalid_param")?]);
    let error = failure(tiktok.creator_info(&token()).await)?;
    insta::assert_snapshot!(error, @"tiktok creator_info failed: status 400, invalid_param: The total chunk count is invalid. (log 202210112248442CB9319E1FB30C1073F3)");
    Ok(())
}
