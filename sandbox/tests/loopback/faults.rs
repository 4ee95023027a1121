//! The controls make things fail the way the network and the vendors do.

use std::time::Duration;

use serde_json::{Value, json};

use crate::world::{Outcome, World, file};

#[tokio::test]
async fn act_then_drop_leaves_exactly_one_post() -> Outcome {
    let world = World::start(1.0).await?;
    let bytes = file(1000);
    let session = world.open("Lost answer", bytes.len()).await?;
    world
        .fault("upload_put", json!({"kind": "act_then_drop"}))
        .await?;
    let lost = world.put(&session, &bytes, 0..bytes.len()).await;
    assert!(lost.is_err());
    let posts = world.posts().await?;
    assert_eq!(posts.len(), 1);
    let found: Value = world.ask(&session, bytes.len()).await?.json().await?;
    assert_eq!(found["id"], posts[0]["post_id"]);
    let log = world.control("requests?endpoint=upload_put").await?;
    assert_eq!(log[0]["progress"], "dropped");
    assert_eq!(log[0]["status"], Value::Null);
    Ok(())
}

#[tokio::test]
async fn drop_before_acts_on_nothing() -> Outcome {
    let world = World::start(1.0).await?;
    let bytes = file(1000);
    let session = world.open("Never arrived", bytes.len()).await?;
    world
        .fault("upload_put", json!({"kind": "drop_before"}))
        .await?;
    assert!(world.put(&session, &bytes, 0..1000).await.is_err());
    assert_eq!(world.posts().await?.len(), 0);
    assert_eq!(world.put(&session, &bytes, 0..1000).await?.status(), 200);
    Ok(())
}

#[tokio::test]
async fn a_stalled_request_is_in_the_log_and_never_acts_when_its_client_dies() -> Outcome {
    let world = World::start(1.0).await?;
    let bytes = file(1000);
    let session = world.open("Stalled", bytes.len()).await?;
    world
        .fault("upload_put", json!({"kind": "stall", "ms": 30_000}))
        .await?;
    let request = world.client.put(&session);
    let request = request
        .header("content-range", "bytes 0-999/1000")
        .body(bytes.clone());
    let client = tokio::spawn(request.send());
    wait_for(&world, "upload_put", "stalled").await?;
    client.abort();
    wait_for(&world, "upload_put", "abandoned").await?;
    assert_eq!(world.posts().await?.len(), 0);
    Ok(())
}

#[tokio::test]
async fn a_stall_after_acting_has_acted_when_its_client_dies() -> Outcome {
    let world = World::start(1.0).await?;
    let bytes = file(1000);
    let session = world.open("Stalled after", bytes.len()).await?;
    let action = json!({"kind": "stall", "ms": 30_000, "when": "after"});
    world.fault("upload_put", action).await?;
    let request = world.client.put(&session);
    let request = request
        .header("content-range", "bytes 0-999/1000")
        .body(bytes.clone());
    let client = tokio::spawn(request.send());
    wait_for(&world, "upload_put", "stalled").await?;
    client.abort();
    assert_eq!(world.posts().await?.len(), 1);
    Ok(())
}

async fn wait_for(world: &World, endpoint: &str, progress: &str) -> Outcome {
    for _ in 0..250 {
        let log = world
            .control(&format!("requests?endpoint={endpoint}"))
            .await?;
        if log[0]["progress"] == progress {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Err(format!("no request became {progress}").into())
}

#[tokio::test]
async fn answers_can_be_refused_limited_garbled_and_cut() -> Outcome {
    let world = World::start(1.0).await?;
    let path = "videos?part=id&id=x";
    let fail = json!({"kind": "fail", "status": 503, "headers": {"retry-after": "7"}});
    world.fault("videos_list", fail).await?;
    let answer = world.get(path).send().await?;
    assert_eq!(answer.status(), 503);
    assert_eq!(answer.headers()["retry-after"], "7");
    assert_eq!(reason(answer).await?, "backendError");

    let own = json!({"kind": "fail", "status": 418, "body": {"own": true}});
    world.fault("any", own).await?;
    let answer = world.get(path).send().await?;
    assert_eq!(answer.status(), 418);
    assert_eq!(answer.json::<Value>().await?, json!({"own": true}));

    world
        .fault(
            "videos_list",
            json!({"kind": "rate_limit", "retry_after_s": 2}),
        )
        .await?;
    let answer = world.get(path).send().await?;
    assert_eq!(answer.status(), 429);
    assert_eq!(answer.headers()["retry-after"], "2");
    assert_eq!(reason(answer).await?, "rateLimitExceeded");

    world
        .fault("videos_list", json!({"kind": "quota_exceeded"}))
        .await?;
    let answer = world.get(path).send().await?;
    assert_eq!(answer.status(), 403);
    assert_eq!(reason(answer).await?, "quotaExceeded");

    world
        .fault("videos_list", json!({"kind": "garbage"}))
        .await?;
    let answer = world.get(path).send().await?;
    assert_eq!(answer.status(), 200);
    assert!(answer.json::<Value>().await.is_err());

    world
        .fault("videos_list", json!({"kind": "truncate"}))
        .await?;
    let answer = world.get(path).send().await?;
    assert_eq!(answer.status(), 200);
    assert!(answer.bytes().await.is_err());

    assert_eq!(world.get(path).send().await?.status(), 200);
    Ok(())
}

async fn reason(answer: reqwest::Response) -> Outcome<String> {
    let body: Value = answer.json().await?;
    let reason = body["error"]["errors"][0]["reason"].as_str();
    Ok(reason.ok_or("no reason")?.to_owned())
}

#[tokio::test]
async fn a_fault_that_makes_no_sense_is_refused() -> Outcome {
    let world = World::start(1.0).await?;
    let url = format!("{}/_sandbox/faults", world.base);
    for fault in [
        json!({"platform": "youtube", "endpoint": "nonsense", "action": {"kind": "drop_before"}}),
        json!({"platform": "youtube", "action": {"kind": "refusal"}}),
        json!({"platform": "youtube", "action": {"kind": "nonsense"}}),
        json!({"platform": "myspace", "action": {"kind": "drop_before"}}),
        json!({"platform": "youtube", "tmes": 2, "action": {"kind": "drop_before"}}),
        json!({"platform": "youtube", "action": {"kind": "fail", "status": 42}}),
    ] {
        let answer = world.client.post(&url).json(&fault).send().await?;
        assert_eq!(answer.status(), 400, "{fault}");
    }
    assert_eq!(world.control("faults").await?, json!([]));
    world.fault("any", json!({"kind": "drop_before"})).await?;
    world.client.delete(&url).send().await?.error_for_status()?;
    assert_eq!(world.control("faults").await?, json!([]));
    assert_eq!(world.control("healthz").await?, json!({"ok": true}));
    Ok(())
}
