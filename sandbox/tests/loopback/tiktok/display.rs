//! What an account is told about its own videos.

use serde_json::{Value, json};

use super::{clip, text, unlimited};
use crate::shapes::assert_like;
use crate::world::Outcome;

const ALL: &str = "id,create_time,cover_image_url,share_url,video_description,duration,height,\
    width,title,embed_html,embed_link,like_count,comment_count,share_count,view_count";

#[tokio::test]
async fn counts_are_for_the_owner_and_only_what_was_asked_for() -> Outcome {
    let world = unlimited(36_000.0).await?;
    let creator = world.creator("main");
    let publish_id = creator.upload("Counts #fyp", &clip(31, 4000)).await?;
    let id = creator.public_id(&publish_id).await?;
    let asked = json!({"filters": {"video_ids": [id, "1"]}});

    let path = format!("video/query/?fields={ALL}");
    let answer: Value = creator.call(&path, &asked).await?.json().await?;
    assert_like(&answer, "tiktok/video_query.json")?;
    let video = &answer["data"]["videos"][0];
    assert_eq!(video["id"], id.as_str());
    assert_eq!(video["duration"], 31);
    let views = video["view_count"].as_u64().ok_or("no views")?;
    assert!(views > 0);

    let few = creator.data("video/query/?fields=id,like_count", &asked);
    let few = few.await?["videos"][0].clone();
    assert_eq!(few.as_object().map(serde_json::Map::len), Some(2));
    let hidden = json!({"likes_hidden": true});
    world.set(&format!("posts/{id}"), &hidden).await?;
    let hidden = creator.data("video/query/?fields=id,like_count", &asked);
    assert_eq!(hidden.await?["videos"][0].get("like_count"), None);

    let other = world.creator("other");
    let theirs = other.data("video/query/?fields=id", &asked).await?;
    assert_eq!(theirs["videos"], json!([]));
    for path in ["video/query/", "video/query/?fields=id,watch_time"] {
        let answer = creator.call(path, &asked).await?;
        assert_eq!(answer.status(), 400);
        let body: Value = answer.json().await?;
        assert_eq!(body["error"]["code"], "invalid_params");
    }
    world
        .set(&format!("posts/{id}"), &json!({"deleted": true}))
        .await?;
    let gone = creator.data("video/query/?fields=id", &asked);
    assert_eq!(gone.await?["videos"], json!([]));
    Ok(())
}

#[tokio::test]
async fn a_lost_post_is_found_in_the_list_newest_first() -> Outcome {
    let world = unlimited(1.0).await?;
    let creator = world.creator("main");
    let mut publish_ids = Vec::new();
    for title in ["First", "Second"] {
        publish_ids.push(creator.upload(title, &clip(31, 4000)).await?);
        // The cursor is in milliseconds.
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    for publish_id in &publish_ids {
        creator.public_id(publish_id).await?;
    }
    let path = "video/list/?fields=id,title";
    let page = creator.data(path, &json!({"max_count": 1})).await?;
    assert_eq!(page["videos"][0]["title"], "Second");
    assert_eq!(page["has_more"], true);
    let next = json!({"max_count": 1, "cursor": page["cursor"]});
    let page = creator.data(path, &next).await?;
    assert_eq!(page["videos"][0]["title"], "First");
    assert_eq!(page["has_more"], false);
    Ok(())
}

#[tokio::test]
async fn an_account_is_who_the_token_names() -> Outcome {
    let world = unlimited(1.0).await?;
    let (main, other) = (world.creator("main"), world.creator("other"));
    assert_ne!(main.username().await?, other.username().await?);
    let publish_id = main.upload("Mine", &clip(31, 4000)).await?;
    main.public_id(&publish_id).await?;
    let url = format!(
        "{}/tiktok-api/v2/user/info/?fields=username,video_count",
        world.base
    );
    for (name, videos) in [("main", 1), ("other", 0)] {
        let request = world.client.get(&url).bearer_auth(format!("act.{name}"));
        let body: Value = request.send().await?.json().await?;
        let user = &body["data"]["user"];
        assert_eq!(user["video_count"], videos);
        assert_eq!(
            text(&user["username"])?,
            world.creator(name).username().await?
        );
    }
    Ok(())
}
