//! From a container to a post, once.

use reqwest::Client;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{Account, clip, main_account, refusal, text};
use crate::world::{Outcome, World};

#[tokio::test]
async fn a_container_becomes_one_post_however_often_it_is_published() -> Outcome {
    let world = World::start(1.0).await?;
    let account = main_account(&world);
    let clip = clip(31_000, 200_000);
    let caption = "Save money.\n\n#money #groceries";
    let container = account.filled(caption, &clip).await?;
    let young = account.status(&container).await?;
    assert_eq!(young["status_code"], "IN_PROGRESS");
    assert_eq!(young["id"], container.as_str());
    let early = account.publish(&container).await?;
    assert_eq!(refusal(early).await?, (400, 9007, Some(2_207_027)));
    assert_eq!(
        account.settled(&container).await?["status_code"],
        "FINISHED"
    );
    assert_eq!(world.posts().await?.len(), 0);

    let answer = account.publish(&container).await?.error_for_status()?;
    let post: Value = answer.json().await?;
    let status = account.status(&container).await?;
    assert_eq!(status["status_code"], "PUBLISHED");
    let again = account.publish(&container).await?;
    assert_eq!(refusal(again).await?, (400, 24, Some(2_207_006)));

    let posts = world.posts().await?;
    assert_eq!(posts.len(), 1);
    assert_eq!(posts[0]["post_id"], post["id"]);
    assert_eq!(posts[0]["platform"], "instagram");
    assert_eq!(posts[0]["title"], "Save money.");
    assert_eq!(posts[0]["description"], caption);
    assert_eq!(posts[0]["tags"], json!(["money", "groceries"]));
    assert_eq!(posts[0]["bytes"], clip.len());
    assert_eq!(posts[0]["sha256"], format!("{:x}", Sha256::digest(&clip)));
    let list = account.read("me/media?fields=caption").await?;
    assert_eq!(list["data"][0]["id"], post["id"]);
    assert_eq!(list["data"][0]["caption"], caption);
    Ok(())
}

#[tokio::test]
async fn a_lost_answer_to_publish_leaves_one_post_that_can_be_found() -> Outcome {
    let world = World::start(1.0).await?;
    let account = main_account(&world);
    let container = account.filled("Lost", &clip(31_000, 4000)).await?;
    account.settled(&container).await?;
    let drop = json!({"kind": "act_then_drop"});
    account.fault("publish", drop).await?;
    assert!(account.publish(&container).await.is_err());
    let status = account.status(&container).await?;
    assert_eq!(status["status_code"], "PUBLISHED");
    let found = account.read("me/media?fields=caption").await?;
    let posts = world.posts().await?;
    assert_eq!(posts.len(), 1);
    assert_eq!(found["data"][0]["id"], posts[0]["post_id"]);
    Ok(())
}

#[tokio::test]
async fn an_account_publishes_a_hundred_reels_a_day_and_no_more() -> Outcome {
    let world = World::start(1.0).await?;
    let account = main_account(&world);
    let clip = clip(31_000, 200);
    let mut containers = Vec::new();
    for place in 0..101 {
        containers.push(account.filled(&format!("Reel {place}"), &clip).await?);
    }
    let last = containers.pop().ok_or("no container")?;
    account.settled(&last).await?;
    for container in &containers {
        account.publish(container).await?.error_for_status()?;
    }
    let refused = account.publish(&last).await?;
    assert_eq!(refusal(refused).await?, (400, 9, Some(2_207_042)));
    let path = "me/content_publishing_limit?fields=quota_usage,config";
    let limit = account.read(path).await?;
    assert_eq!(
        limit["data"][0],
        json!({"quota_usage": 100, "config": {"quota_total": 100, "quota_duration": 86_400}})
    );
    assert_eq!(world.posts().await?.len(), 100);

    let other = Account {
        token: "token-other",
        ..account
    };
    other.published("Mine").await?;
    let usage = other.read("me/content_publishing_limit").await?;
    assert_eq!(usage, json!({"data": [{"quota_usage": 1}]}));
    Ok(())
}

#[tokio::test]
async fn what_belongs_to_one_account_is_not_there_for_another() -> Outcome {
    let world = World::start(1.0).await?;
    let mine = main_account(&world);
    let other = Account {
        token: "token-other",
        ..mine
    };
    let container = mine.filled("Mine", &clip(31_000, 4000)).await?;
    mine.settled(&container).await?;
    let stolen = other.publish(&container).await?;
    assert_eq!(refusal(stolen).await?, (400, 24, Some(2_207_008)));
    let seen = other.get(&container).await?;
    assert_eq!(refusal(seen).await?, (400, 100, Some(33)));
    let published: Value = mine.publish(&container).await?.json().await?;
    let media = text(&published["id"])?;
    for path in [media.clone(), format!("{media}/insights?metric=views")] {
        let seen = other.get(&path).await?;
        assert_eq!(refusal(seen).await?, (400, 100, Some(33)), "{path}");
    }
    let who = mine.read("me?fields=username,media_count").await?;
    assert_eq!(who["media_count"], 1);
    let id = text(&who["id"])?;
    assert_eq!(
        mine.read(&format!("{id}/media")).await?["data"][0]["id"],
        media
    );
    let foreign = other.get(&format!("{id}/media")).await?;
    assert_eq!(refusal(foreign).await?, (400, 100, Some(33)));
    assert_eq!(other.read("me/media").await?, json!({"data": []}));
    Ok(())
}

/// As `facebook_business` 26 does it: the token in the query, the rest as a form with lists as
/// JSON, and a slash at the end of a node's path.
#[tokio::test]
async fn the_vendors_python_client_is_understood() -> Outcome {
    let world = World::start(1.0).await?;
    let (base, client) = (world.base.clone(), world.client.clone());
    let root = format!("{base}/graph/v26.0");
    let token = "access_token=sdk";
    let who = read(&client, &format!("{root}/me/?{token}&fields=id,username")).await?;
    let user = text(&who["id"])?;
    let form: String = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("media_type", "REELS")
        .append_pair("upload_type", "resumable")
        .append_pair("caption", "From Python & back #money")
        .append_pair("share_to_feed", "true")
        .append_pair("collaborators", r#"["a","b"]"#)
        .finish();
    let request = client.post(format!("{root}/{user}/media?{token}"));
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    let made = request.body(form).send().await?.error_for_status()?;
    let container = text(&made.json::<Value>().await?["id"])?;

    let sdk = Account {
        world: &world,
        token: "sdk",
    };
    let bytes = clip(31_000, 4000);
    sdk.send(&container, &bytes, 0, bytes.len()).await?;
    sdk.settled(&container).await?;
    let request = client.post(format!("{root}/{user}/media_publish?{token}"));
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    let post = request.body(format!("creation_id={container}")).send();
    let media = text(&post.await?.json::<Value>().await?["id"])?;

    let url = format!("{root}/{media}/?{token}&fields=caption,media_product_type");
    let node = read(&client, &url).await?;
    assert_eq!(node["caption"], "From Python & back #money");
    assert_eq!(node["media_product_type"], "REELS");
    let metric = "metric=%5B%22views%22%2C%22likes%22%5D";
    let url = format!("{root}/{media}/insights?{token}&{metric}");
    assert!(read(&client, &url).await?["data"].is_array());
    let list = read(
        &client,
        &format!("{root}/{user}/media?{token}&summary=true"),
    )
    .await?;
    assert_eq!(list["data"][0]["id"], media);
    Ok(())
}

async fn read(client: &Client, url: &str) -> Outcome<Value> {
    let answer = client.get(url).send().await?.error_for_status()?;
    Ok(answer.json().await?)
}
