//! What a failure means, and what it cost.

use std::time::Duration;

use platforms::anthropic::{Anthropic, AnthropicConfig, CODES};
use platforms::{LaterWhen, Meaning};

use super::{config, failure, start};
use crate::vendor::{Checked, Reply, Vendor};

#[tokio::test]
async fn why_it_stopped_is_read_before_what_it_says() -> Checked {
    let (vendor, anthropic) = start().await?;
    let stopped = |reason: &str| {
        // text that would parse, under a stop reason that says not to
        let body = r#"{"model":"m","content":[{"type":"text","text":"{\"score\":1,\"insight\":\"\",\"strengths\":[]}"}],
            "usage":{"input_tokens":2750,"output_tokens":3},"stop_reason":"REASON"}"#;
        Reply::text(200, &body.replace("REASON", reason))
    };
    for (reply, code, meaning, output) in [
        (
            Reply::fixture(200, "anthropic/message_refusal")?,
            "anthropic_refused",
            Meaning::Terminal,
            3,
        ),
        (
            Reply::fixture(200, "anthropic/message_max_tokens")?,
            "anthropic_truncated",
            Meaning::Terminal,
            16,
        ),
        (
            stopped("refusal"),
            "anthropic_refused",
            Meaning::Terminal,
            3,
        ),
        (
            stopped("model_context_window_exceeded"),
            "anthropic_context_exceeded",
            Meaning::Terminal,
            3,
        ),
        (
            stopped("pause_turn"),
            "anthropic_unexpected_stop",
            Meaning::Retry,
            3,
        ),
    ] {
        vendor.will_say([reply]);
        let error = failure(&anthropic).await?;
        assert_eq!((error.code(), error.meaning()), (code, meaning), "{error}");
        assert_eq!(error.cost_micro_usd(), 2750 * 4 + output * 20, "{error}");
        assert!(CODES.contains(&code));
    }
    Ok(())
}

#[tokio::test]
async fn an_answer_of_the_wrong_shape_is_an_error_that_was_paid_for() -> Checked {
    let (vendor, anthropic) = start().await?;
    for content in [
        r#"[{"type":"text","text":"{\"score\":\"high\"}"}]"#,
        r#"[{"type":"text","text":"Sure! {}"}]"#,
        r#"[{"type":"thinking","thinking":"hm","signature":"s"}]"#,
        "[]",
    ] {
        vendor.will_say([Reply::text(200, &format!(
            r#"{{"model":"m","content":{content},"stop_reason":"end_turn","usage":{{"input_tokens":10,"output_tokens":1}}}}"#
        ))]);
        let error = failure(&anthropic).await?;
        assert_eq!(error.code(), "anthropic_unreadable_answer", "{content}");
        assert_eq!(error.meaning(), Meaning::Retry, "{content}");
        assert_eq!(error.cost_micro_usd(), 60, "{content}");
    }
    Ok(())
}

#[tokio::test]
async fn every_refusal_has_one_code_and_one_meaning() -> Checked {
    use Meaning::{Retry, Terminal};
    let later = |seconds| Meaning::Later(LaterWhen::After(Duration::from_secs(seconds)));
    let fixture = |status, name: &str| Reply::fixture(status, &format!("anthropic/error_{name}"));
    let table = [
        (
            fixture(400, "invalid_request")?,
            "anthropic_rejected",
            Terminal,
        ),
        (
            fixture(400, "usage_limit")?,
            "anthropic_spend_limit",
            later(3600),
        ),
        (
            fixture(401, "authentication")?,
            "anthropic_unauthorized",
            later(300),
        ),
        (fixture(402, "billing")?, "anthropic_billing", later(300)),
        (fixture(403, "permission")?, "anthropic_forbidden", Terminal),
        (fixture(404, "not_found")?, "anthropic_not_found", Terminal),
        (Reply::text(409, ""), "anthropic_conflict", Retry),
        (
            fixture(413, "request_too_large")?,
            "anthropic_request_too_large",
            Terminal,
        ),
        (
            fixture(429, "rate_limited")?,
            "anthropic_rate_limited",
            later(30),
        ),
        (
            fixture(429, "rate_limited")?.header("retry-after", "12"),
            "anthropic_rate_limited",
            later(12),
        ),
        (
            fixture(429, "rate_limited")?.header("retry-after-ms", "4000"),
            "anthropic_rate_limited",
            later(4),
        ),
        (
            fixture(429, "spend_limit")?,
            "anthropic_spend_limit",
            later(3600),
        ),
        (fixture(500, "api")?, "anthropic_unavailable", Retry),
        (fixture(504, "timeout")?, "anthropic_unavailable", Retry),
        (fixture(529, "overloaded")?, "anthropic_overloaded", Retry),
        (
            fixture(529, "overloaded")?.header("retry-after", "5"),
            "anthropic_overloaded",
            later(5),
        ),
        (Reply::text(502, "<html>"), "anthropic_unavailable", Retry),
        (Reply::text(308, ""), "anthropic_unexpected_status", Retry),
    ];
    let (vendor, anthropic) = start().await?;
    for (reply, code, meaning) in table {
        vendor.will_say([reply]);
        let error = failure(&anthropic).await?;
        assert_eq!((error.code(), error.meaning()), (code, meaning), "{error}");
        assert_eq!(error.cost_micro_usd(), 0);
        assert!(CODES.contains(&code));
    }
    Ok(())
}

#[tokio::test]
async fn an_error_says_what_the_vendor_said_and_which_request_it_was() -> Checked {
    let (vendor, anthropic) = start().await?;
    vendor.will_say([
        Reply::fixture(404, "anthropic/error_not_found")?.header("request-id", "req_1")
    ]);
    insta::assert_snapshot!(failure(&anthropic).await?, @"anthropic structured failed: status 404, not_found_error: model: claude-nonesuch-1 (request req_1)");
    Ok(())
}

#[tokio::test]
async fn a_key_that_the_vendor_repeats_is_not_shown() -> Checked {
    let (vendor, anthropic) = start().await?;
    let body = format!(
        r#"{{"error":{{"type":"authentication_error","message":"no such key: {}"}}}}"#,
        super::KEY
    );
    vendor.will_say([Reply::text(401, &body)]);
    insta::assert_snapshot!(failure(&anthropic).await?, @"anthropic structured failed: status 401, authentication_error: no such key: [token]");
    Ok(())
}

#[tokio::test]
async fn an_answer_that_does_not_come_or_swells_is_worth_another_try() -> Checked {
    let vendor = Vendor::start().await?;
    let anthropic = Anthropic::new(AnthropicConfig {
        request_timeout: Duration::from_millis(300),
        max_response_bytes: 500,
        ..config(&vendor)
    })?;
    for (reply, code) in [
        (
            Reply::text(200, "{}").stalled(Duration::from_secs(3)),
            "anthropic_timeout",
        ),
        (Reply::text(200, "{").broken(), "anthropic_unreachable"),
        (
            Reply::fixture(200, "anthropic/message_structured")?,
            "anthropic_unreadable_answer",
        ),
        (Reply::text(200, "{}"), "anthropic_unreadable_answer"),
    ] {
        vendor.will_say([reply]);
        let error = failure(&anthropic).await?;
        assert_eq!(
            (error.code(), error.meaning()),
            (code, Meaning::Retry),
            "{error}"
        );
        assert!(!format!("{error:?}").contains("canary"));
    }
    Ok(())
}
