//! What the audience does, as the statistics show it.

use std::time::Duration;

use serde_json::Value;

use crate::world::{Outcome, World, file};

fn count(list: &Value, name: &str) -> Outcome<u64> {
    let count = list["items"][0]["statistics"][name].as_str();
    Ok(count.ok_or("no count")?.parse()?)
}

#[tokio::test]
async fn counts_grow_are_kept_and_fit_the_forecast() -> Outcome {
    // An hour a second.
    let world = World::start(3600.0).await?;
    let video = world.upload("Growing", &file(1000)).await?;
    let id = video["id"].as_str().ok_or("no id")?.to_owned();
    let path = format!("videos?part=statistics&id={id}");
    let early = count(&world.processed(&id).await?, "viewCount")?;
    let mut before = early;
    for _ in 0..15 {
        tokio::time::sleep(Duration::from_millis(200)).await;
        let now = count(&world.json(&path).await?, "viewCount")?;
        assert!(now >= before);
        before = now;
    }
    assert!(before > early);

    let world = world.kill_and_reopen().await?;
    let list = world.json(&path).await?;
    let (views, likes) = (count(&list, "viewCount")?, count(&list, "likeCount")?);
    assert!(views >= before);
    let engagement = (likes + count(&list, "commentCount")?) as f64 / views as f64;
    let forecast = world.control(&format!("forecast?post_id={id}")).await?;
    let expected = forecast["engagement"].as_f64().ok_or("no forecast")?;
    assert!((0.01..0.25).contains(&expected), "{expected}");
    let logit = |p: f64| (p / (1.0 - p)).ln();
    let off = (logit(engagement) - logit(expected)).abs();
    assert!(off < 5.0 * 0.36, "{engagement} {expected}");

    let stats = format!("videos:batchGetStats?part=statistics,snippet&id={id}");
    let stats = world.json(&stats).await?;
    assert_eq!(stats["kind"], "youtube#batchGetStatsResponse");
    assert!(count(&stats, "viewCount")? >= views);
    Ok(())
}
