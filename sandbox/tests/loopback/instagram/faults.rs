//! What is refused, and the faults that Instagram alone has.

use serde_json::{Value, json};

use super::{clip, main_account, refusal, text};
use crate::world::{Outcome, World};

/// A container that would be made, but for what a test changes.
fn container() -> Value {
    json!({"media_type": "REELS", "upload_type": "resumable", "caption": "Fine"})
}

#[tokio::test]
async fn a_container_that_instagram_would_not_make_is_refused() -> Outcome {
    let world = World::start(1.0).await?;
    let account = main_account(&world);
    for (field, value, expected) in [
        (
            "caption",
            json!("x".repeat(2201)),
            (400, 36004, Some(2_207_010)),
        ),
        (
            "caption",
            json!("#a ".repeat(31)),
            (400, 36004, Some(2_207_010)),
        ),
        (
            "caption",
            json!("@a ".repeat(21)),
            (400, 100, Some(2_207_040)),
        ),
        ("media_type", json!("HOLOGRAM"), (400, 100, Some(2_207_023))),
        ("media_type", json!("STORIES"), (400, 100, None)),
        ("upload_type", json!(""), (400, 100, None)),
        ("upload_type", json!("magic"), (400, 100, None)),
        ("thumb_offset", json!(-1), (400, 1, Some(2_207_057))),
    ] {
        let mut body = container();
        body[field] = value;
        let answer = account.post("me/media", &body).await?;
        assert_eq!(refusal(answer).await?, expected, "{body}");
    }
    let mut longest = container();
    longest["caption"] = json!("ü".repeat(2200));
    let answer = account.post("me/media", &longest).await?;
    assert_eq!(answer.status(), 200);
    Ok(())
}

#[tokio::test]
async fn without_a_token_and_for_what_is_not_there_nothing_is_answered() -> Outcome {
    let world = World::start(1.0).await?;
    let account = main_account(&world);
    let url = format!("{}/graph/v26.0/me", world.base);
    let nobody = world.client.get(url).send().await?;
    assert_eq!(refusal(nobody).await?, (400, 104, None));
    for path in [
        "17889000000000001",
        "18000000000000001",
        "17841000000000001",
    ] {
        let answer = account.get(path).await?;
        assert_eq!(refusal(answer).await?, (400, 100, Some(33)), "{path}");
    }
    let unknown = account.publish("17889000000000001").await?;
    assert_eq!(refusal(unknown).await?, (400, 24, Some(2_207_008)));
    let nothing = account.post("me/media_publish", &json!({})).await?;
    assert_eq!(refusal(nothing).await?, (400, 100, None));
    Ok(())
}

#[tokio::test]
async fn every_documented_error_can_be_asked_for() -> Outcome {
    let world = World::start(1.0).await?;
    let account = main_account(&world);
    for (status, code, subcode) in [
        (400, -2, Some(2_207_003)),
        (400, -1, Some(2_207_001)),
        (400, -1, Some(2_207_032)),
        (400, 4, Some(2_207_051)),
        (400, 9, Some(2_207_042)),
        (400, 24, Some(2_207_006)),
        (400, 25, Some(2_207_050)),
        (400, 352, Some(2_207_026)),
        (400, 9004, Some(2_207_052)),
        (400, 9007, Some(2_207_027)),
        (400, 36000, Some(2_207_004)),
        (400, 36004, Some(2_207_010)),
        (401, 190, Some(463)),
        (401, 102, None),
        (403, 10, None),
        (403, 4, None),
        (400, 17, None),
        (400, 613, None),
        (400, 100, None),
        (400, 80002, None),
    ] {
        let action = json!({"kind": "graph_error", "code": code, "subcode": subcode});
        account.fault("container_create", action).await?;
        let answer = account.post("me/media", &container()).await?;
        assert_eq!(refusal(answer).await?, (status, code, subcode));
    }
    for (status, code) in [(401, 190), (403, 10), (404, 100), (429, 4), (503, 2)] {
        let action = json!({"kind": "fail", "status": status});
        account.fault("container_create", action).await?;
        let answer = account.post("me/media", &container()).await?;
        let (answered, said, _) = refusal(answer).await?;
        assert_eq!((answered, said), (status, code));
    }
    let bad = json!({
        "platform": "instagram",
        "action": {"kind": "graph_error", "code": 9, "subcode": 1},
    });
    let url = format!("{}/_sandbox/faults", world.base);
    assert_eq!(
        world.client.post(url).json(&bad).send().await?.status(),
        400
    );
    Ok(())
}

#[tokio::test]
async fn a_container_fails_or_expires_on_demand_and_stays_so() -> Outcome {
    let world = World::start(1.0).await?;
    let account = main_account(&world);
    let failing = account.filled("Failing", &clip(31_000, 4000)).await?;
    let ageing = account.filled("Ageing", &clip(31_000, 4000)).await?;
    account.settled(&ageing).await?;
    let fails = json!({"kind": "container_fails", "problem": 2_207_076});
    account.fault("container_status", fails).await?;
    let expires = json!({"kind": "container_expires"});
    for _ in 0..2 {
        let status = account.status(&failing).await?;
        assert_eq!(status["status_code"], "ERROR");
        assert_eq!(
            status["status"],
            "Error: Media upload has failed with error code 2207076"
        );
    }
    account.fault("publish", expires).await?;
    let gone = account.publish(&ageing).await?;
    assert_eq!(refusal(gone).await?, (400, 24, Some(2_207_008)));
    assert_eq!(account.status(&ageing).await?["status_code"], "EXPIRED");
    let again = account.publish(&ageing).await?;
    assert_eq!(refusal(again).await?, (400, 24, Some(2_207_008)));
    assert_eq!(world.posts().await?.len(), 0);
    Ok(())
}

#[tokio::test]
async fn limits_say_when_calls_are_possible_again() -> Outcome {
    let world = World::start(1.0).await?;
    let account = main_account(&world);
    let usage = |answer: &reqwest::Response| -> Outcome<Value> {
        let header = answer.headers().get("x-business-use-case-usage");
        let header = header.ok_or("no usage")?.to_str()?;
        let by_account: Value = serde_json::from_str(header)?;
        let mut all = by_account.as_object().into_iter().flatten();
        Ok(all.next().ok_or("no account")?.1[0].clone())
    };
    let limit = json!({"kind": "rate_limit", "retry_after_s": 600});
    account.fault("account", limit).await?;
    let limited = account.get("me").await?;
    assert_eq!(limited.headers()["retry-after"], "600");
    assert_eq!(usage(&limited)?["estimated_time_to_regain_access"], 10);
    assert_eq!(refusal(limited).await?, (400, 80002, None));
    let fine = account.get("me").await?;
    let counted = usage(&fine)?;
    assert_eq!(counted["type"], "instagram");
    assert_eq!(counted["estimated_time_to_regain_access"], 0);

    account
        .fault("publish", json!({"kind": "quota_exceeded"}))
        .await?;
    let refused = account.publish("17889000000000001").await?;
    assert_eq!(refusal(refused).await?, (400, 9, Some(2_207_042)));
    Ok(())
}

#[tokio::test]
async fn the_upload_host_fails_in_its_own_words() -> Outcome {
    let world = World::start(1.0).await?;
    let account = main_account(&world);
    let container = account.container("Refused").await?;
    for (status, kind, retriable) in [
        (200, "ProcessingFailedError", false),
        (401, "NotAuthorizedError", false),
        (503, "ServiceUnavailable", true),
    ] {
        let fail = json!({"kind": "fail", "status": status});
        account.fault("upload", fail).await?;
        let answer = account.send(&container, &[1; 10], 0, 10).await?;
        assert_eq!(answer.status(), status);
        let body: Value = answer.json().await?;
        assert_eq!(text(&body["debug_info"]["type"])?, kind);
        assert_eq!(body["debug_info"]["retriable"], retriable);
    }
    Ok(())
}

#[tokio::test]
async fn requests_are_logged_under_their_names_and_without_tokens() -> Outcome {
    let world = World::start(1.0).await?;
    let account = main_account(&world);
    let media = account.published("Logged").await?;
    account.read(&media).await?;
    account
        .read(&format!("{media}/insights?metric=views"))
        .await?;
    account.read("me/media").await?;
    account.read("me/content_publishing_limit").await?;
    account.read("me").await?;
    let page = format!(
        "{}/instagram/reel/AAAAAAAAAAA/?access_token=secret",
        world.base
    );
    world.client.get(page).send().await?;
    for endpoint in [
        "container_create",
        "upload",
        "container_status",
        "publish",
        "media",
        "insights",
        "media_list",
        "publishing_limit",
        "account",
        "reel_page",
    ] {
        let path = format!("requests?platform=instagram&endpoint={endpoint}");
        let log = world.control(&path).await?;
        assert!(log[0]["status"].is_u64(), "{endpoint}");
        assert!(!log.to_string().contains("secret"));
    }
    Ok(())
}
