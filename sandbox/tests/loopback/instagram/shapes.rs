//! What is served has the shape of the recorded payloads.

use serde_json::{Value, json};

use super::{FAST, clip, main_account};
use crate::shapes::assert_like;
use crate::world::{Outcome, World};

const FIELDS: &str = "fields=id,permalink,shortcode,media_type,media_product_type,timestamp,\
    like_count,comments_count,caption";
const METRICS: &str = "metric=views,reach,likes,comments,shares,saved,reposts,total_interactions,\
    ig_reels_avg_watch_time,ig_reels_video_view_total_time";

#[tokio::test]
async fn containers_have_the_recorded_shape_in_every_state() -> Outcome {
    let world = World::start(1.0).await?;
    let account = main_account(&world);
    let body = json!({"media_type": "REELS", "upload_type": "resumable"});
    let made: Value = account.post("me/media", &body).await?.json().await?;
    assert_like(&made, "instagram/container_created.json")?;
    let body = json!({"media_type": "REELS", "video_url": "http://127.0.0.1:9/a.mp4"});
    let made: Value = account.post("me/media", &body).await?.json().await?;
    assert_like(&made, "instagram/container_created_by_url.json")?;

    let container = account.filled("States", &clip(31_000, 4000)).await?;
    let path = format!("{container}?fields=status_code,status");
    let status = account.read(&path).await?;
    assert_like(&status, "instagram/container_in_progress.json")?;
    account.settled(&container).await?;
    let status = account.read(&path).await?;
    assert_like(&status, "instagram/container_finished.json")?;
    let posted: Value = account.publish(&container).await?.json().await?;
    assert_like(&posted, "instagram/published.json")?;
    let status = account.read(&path).await?;
    assert_like(&status, "instagram/container_published.json")?;

    let container = account.container("Fates").await?;
    let path = format!("{container}?fields=status_code,status");
    for (fate, state) in [
        (json!({"kind": "container_expires"}), "expired"),
        (
            json!({"kind": "container_fails", "problem": 2_207_076}),
            "failed",
        ),
    ] {
        account.fault("container_status", fate).await?;
        let status = account.read(&path).await?;
        assert_like(&status, &format!("instagram/container_{state}.json"))?;
    }
    Ok(())
}

#[tokio::test]
async fn posts_and_insights_have_the_recorded_shape() -> Outcome {
    let world = World::start(FAST).await?;
    let account = main_account(&world);
    let empty = account.read("me/media").await?;
    assert_like(&empty, "instagram/media_list_empty.json")?;
    let media = account.seen("Three ways.\n\n#money").await?;
    let post = account.read(&format!("{media}?{FIELDS}")).await?;
    assert_like(&post, "instagram/media.json")?;
    let insights = account.read(&format!("{media}/insights?{METRICS}")).await?;
    assert_like(&insights, "instagram/insights.json")?;
    for caption in ["Two", "Three"] {
        account.published(caption).await?;
    }
    let page = account
        .read(&format!("me/media?{FIELDS}&limit=2&access_token=x"))
        .await?;
    assert_like(&page, "instagram/media_list.json")?;
    let after = page["paging"]["cursors"]["after"]
        .as_str()
        .ok_or("no cursor")?;
    let last = account
        .read(&format!("me/media?{FIELDS}&after={after}"))
        .await?;
    assert_like(&last, "instagram/media_list_last_page.json")?;
    let marks = json!({"likes_hidden": true});
    world.set(&format!("posts/{media}"), &marks).await?;
    let hidden = account.read(&format!("{media}?{FIELDS}")).await?;
    assert_like(&hidden, "instagram/media_hidden_likes.json")?;
    let path = "me/content_publishing_limit?fields=quota_usage,config";
    assert_like(
        &account.read(path).await?,
        "instagram/publishing_limit.json",
    )
}

#[tokio::test]
async fn errors_have_the_recorded_shape() -> Outcome {
    let world = World::start(1.0).await?;
    let account = main_account(&world);
    let numbers = |code: i64, subcode: Option<u32>| json!({"kind": "graph_error", "code": code, "subcode": subcode});
    for (action, fixture) in [
        (numbers(4, None), "app_limit"),
        (json!({"kind": "rate_limit"}), "business_limit"),
        (numbers(36004, Some(2_207_010)), "caption_too_long"),
        (numbers(24, Some(2_207_008)), "container_gone"),
        (numbers(-2, Some(2_207_003)), "download_timeout"),
        (numbers(24, Some(2_207_006)), "media_not_found"),
        (numbers(9007, Some(2_207_027)), "not_ready"),
        (json!({"kind": "fail", "status": 403}), "permission"),
        (json!({"kind": "quota_exceeded"}), "publish_limit"),
        (numbers(25, Some(2_207_050)), "restricted"),
        (numbers(-1, Some(2_207_001)), "server"),
        (json!({"kind": "fail", "status": 503}), "service"),
        (numbers(4, Some(2_207_051)), "spam"),
        (numbers(-1, Some(2_207_032)), "temporary"),
        (json!({"kind": "fail", "status": 401}), "token_expired"),
        (numbers(36000, Some(2_207_004)), "too_large"),
        (numbers(9004, Some(2_207_052)), "unfetchable"),
        (numbers(352, Some(2_207_026)), "unsupported_format"),
        (numbers(17, None), "user_limit"),
    ] {
        account.fault("account", action).await?;
        let body: Value = account.get("me").await?.json().await?;
        assert_like(&body, &format!("instagram/error_{fixture}.json"))?;
    }
    let body: Value = account.get("18000000000000001").await?.json().await?;
    assert_like(&body, "instagram/error_missing_object.json")?;
    let media = account.published("Metric").await?;
    let path = format!("{media}/insights?metric=plays");
    let body: Value = account.get(&path).await?.json().await?;
    assert_like(&body, "instagram/error_bad_metric.json")?;
    let container = account.container("Upload").await?;
    for (status, fixture) in [(400, "failed"), (503, "retriable")] {
        let fail = json!({"kind": "fail", "status": status});
        account.fault("upload", fail).await?;
        let answer = account.send(&container, &[1; 10], 0, 10).await?;
        let body: Value = answer.json().await?;
        assert_like(&body, &format!("instagram/upload_{fixture}.json"))?;
    }
    Ok(())
}
