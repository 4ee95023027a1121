//! What a post says about itself, and what was counted for it.

use serde_json::{Value, json};

use super::{Account, FAST, clip, main_account, refusal, text};
use crate::world::{Outcome, World};

const COUNTS: &str = "views,reach,likes,comments,shares,saved,reposts,total_interactions,\
    ig_reels_avg_watch_time,ig_reels_video_view_total_time,reels_skip_rate";

async fn insight(account: Account<'_>, media: &str, metric: &str) -> Outcome<u64> {
    let path = format!("{media}/insights?metric={metric}");
    let data = account.read(&path).await?;
    let value = data["data"][0]["values"][0]["value"].as_u64();
    Ok(value.ok_or("no value")?)
}

#[tokio::test]
async fn counts_come_from_the_audience_and_never_fall() -> Outcome {
    let world = World::start(FAST).await?;
    let account = main_account(&world);
    let media = account.seen("Growing #money").await?;
    let mut before = 0;
    for _ in 0..5 {
        let views = insight(account, &media, "views").await?;
        assert!(views >= before);
        before = views;
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
    assert!(before > 300, "{before}");
    let post = account
        .read(&format!("{media}?fields=like_count,comments_count"))
        .await?;
    let likes = post["like_count"].as_u64().ok_or("no likes")?;
    let comments = post["comments_count"].as_u64().ok_or("no comments")?;
    let views = insight(account, &media, "views").await?;
    let engagement = (likes + comments) as f64 / views as f64;
    assert!((0.01..0.25).contains(&engagement), "{engagement}");
    let forecast = world.control(&format!("forecast?post_id={media}")).await?;
    assert!(forecast["engagement"].is_f64());
    Ok(())
}

#[tokio::test]
async fn insights_fit_together() -> Outcome {
    let world = World::start(FAST).await?;
    let account = main_account(&world);
    let media = account.seen("Insights").await?;
    let path = format!("{media}/insights?metric={COUNTS}");
    let answer = account.read(&path).await?;
    let value = |name: &str| {
        let metrics = answer["data"].as_array().into_iter().flatten();
        let mut found = metrics.filter(|metric| metric["name"] == name);
        let metric = found.next().ok_or("no such metric")?;
        assert_eq!(metric["id"], format!("{media}/insights/{name}/lifetime"));
        metric["values"][0]["value"].as_u64().ok_or("no value")
    };
    assert!(value("reach")? < value("views")?);
    let parts = value("likes")? + value("comments")? + value("shares")? + value("saved")?;
    assert_eq!(value("total_interactions")?, parts);
    let average = value("ig_reels_avg_watch_time")?;
    assert!((1..=31_000).contains(&average), "{average}");
    let total = value("ig_reels_video_view_total_time")?;
    assert_eq!(total, average * value("views")?);
    assert!(value("reels_skip_rate")? <= 100 && value("reposts")? <= value("shares")?);
    Ok(())
}

#[tokio::test]
async fn a_metric_that_was_removed_spoils_the_whole_question() -> Outcome {
    let world = World::start(1.0).await?;
    let account = main_account(&world);
    let media = account.published("Metrics").await?;
    for metric in ["plays", "impressions", "clips_replays_count", "video_views"] {
        let path = format!("{media}/insights?metric=views,{metric}");
        let answer = account.get(&path).await?;
        assert_eq!(refusal(answer).await?, (400, 100, None), "{metric}");
    }
    let none = account.get(&format!("{media}/insights")).await?;
    assert_eq!(refusal(none).await?, (400, 100, None));
    Ok(())
}

#[tokio::test]
async fn a_post_without_an_audience_yet_has_no_insights() -> Outcome {
    let world = World::start(1.0).await?;
    let account = main_account(&world);
    let media = account.published("Fresh").await?;
    let path = format!("{media}/insights?metric=views");
    assert_eq!(account.read(&path).await?, json!({"data": []}));
    Ok(())
}

#[tokio::test]
async fn only_fields_that_exist_are_answered_and_hidden_ones_are_left_out() -> Outcome {
    let world = World::start(FAST).await?;
    let account = main_account(&world);
    let media = account.seen("Fields").await?;
    let alone = account.read(&media).await?;
    assert_eq!(alone, json!({"id": media}));
    let bad = account
        .get(&format!("{media}?fields=id,like_counts"))
        .await?;
    assert_eq!(refusal(bad).await?, (400, 100, None));
    let marks = json!({"likes_hidden": true, "comments_disabled": true});
    world.set(&format!("posts/{media}"), &marks).await?;
    let path = format!("{media}?fields=like_count,comments_count,media_type");
    let hidden = account.read(&path).await?;
    assert_eq!(hidden, json!({"id": media, "media_type": "VIDEO"}));
    assert!(insight(account, &media, "likes").await? > 0);
    Ok(())
}

#[tokio::test]
async fn a_deleted_post_is_not_there() -> Outcome {
    let world = World::start(1.0).await?;
    let account = main_account(&world);
    let media = account.published("Deleted").await?;
    let marks = json!({"deleted": true});
    world.set(&format!("posts/{media}"), &marks).await?;
    let gone = account.get(&media).await?;
    assert_eq!(refusal(gone).await?, (400, 100, Some(33)));
    assert_eq!(account.read("me/media").await?, json!({"data": []}));
    Ok(())
}

#[tokio::test]
async fn media_are_listed_newest_first_page_by_page() -> Outcome {
    let world = World::start(1.0).await?;
    let account = main_account(&world);
    let clip = clip(31_000, 4000);
    let mut containers = Vec::new();
    for caption in ["One", "Two", "Three"] {
        containers.push(account.filled(caption, &clip).await?);
    }
    for container in &containers {
        account.settled(container).await?;
        account.publish(container).await?.error_for_status()?;
    }
    let captions = |page: &Value| -> Vec<Value> {
        let posts = page["data"].as_array().into_iter().flatten();
        posts.map(|post| post["caption"].clone()).collect()
    };
    // As the vendor's clients do, with the token in the query.
    let url = format!(
        "{}/graph/v26.0/me/media?access_token={}&fields=caption&limit=2",
        world.base, account.token
    );
    let first: Value = world.client.get(url).send().await?.json().await?;
    assert_eq!(captions(&first), ["Three", "Two"]);
    let next = text(&first["paging"]["next"])?;
    let last: Value = world.client.get(next).send().await?.json().await?;
    assert_eq!(captions(&last), ["One"]);
    assert_eq!(last["paging"].get("next"), None);
    let after = text(&first["paging"]["cursors"]["after"])?;
    let path = format!("me/media?fields=caption&after={after}");
    assert_eq!(captions(&account.read(&path).await?), ["One"]);
    let bad = account.get("me/media?after=nonsense").await?;
    assert_eq!(refusal(bad).await?, (400, 100, None));
    Ok(())
}
