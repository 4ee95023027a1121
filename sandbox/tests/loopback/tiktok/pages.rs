//! The public pages, read the way their readers do.

use serde_json::{Value, json};

use super::{clip, unlimited};
use crate::world::{Outcome, World};

const OPEN: &str = r#"<script id="__UNIVERSAL_DATA_FOR_REHYDRATION__" type="application/json">"#;

/// The data in a page, when it has the tag.
fn data(page: &str) -> Option<Value> {
    let (_, rest) = page.split_once(OPEN)?;
    let (json, _) = rest.split_once("</script>")?;
    let data: Value = serde_json::from_str(json).ok()?;
    Some(data["__DEFAULT_SCOPE__"].clone())
}

/// What stands in an element.
fn element<'a>(page: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = page.split_once(&format!("data-e2e=\"{name}\">"))?;
    Some(rest.split_once('<')?.0)
}

/// A world with a public video, its id and the name of its account.
async fn with_a_video() -> Outcome<(World, String, String)> {
    let world = unlimited(36_000.0).await?;
    let creator = world.creator("main");
    let caption = "Save </script> & \"more\" #money";
    let publish_id = creator.upload(caption, &clip(31, 4000)).await?;
    let id = creator.public_id(&publish_id).await?;
    let name = creator.username().await?;
    Ok((world, id, name))
}

async fn page(world: &World, path: &str) -> Outcome<String> {
    let answer = world.tiktok_page(path).await?;
    assert_eq!(answer.status(), 200);
    Ok(answer.text().await?)
}

#[tokio::test]
async fn a_video_page_has_the_counts_in_its_data_and_for_people() -> Outcome {
    let (world, id, name) = with_a_video().await?;
    let text = page(&world, &format!("@{name}/video/{id}")).await?;
    let begin = format!("\"itemStruct\":{{\"id\":\"{id}\",\"desc\":");
    assert!(text.contains(&begin));
    let detail = data(&text).ok_or("no data")?["webapp.video-detail"].clone();
    assert_eq!(detail["statusCode"], 0);
    let item = &detail["itemInfo"]["itemStruct"];
    assert_eq!(item["desc"], "Save </script> & \"more\" #money");
    assert_eq!(item["author"]["uniqueId"], name.as_str());
    assert_eq!(item["video"]["duration"], 31);
    assert_eq!(item["challenges"][0]["title"], "money");
    assert!(item["createTime"].is_string());
    let stats = &item["stats"];
    assert!(stats["playCount"].as_u64().ok_or("no views")? > 0);
    assert!(stats["collectCount"].is_string());
    assert_eq!(item["statsV2"]["diggCount"], stats["diggCount"].to_string());
    for name in [
        "like-count",
        "comment-count",
        "share-count",
        "undefined-count",
    ] {
        let shown = element(&text, name).ok_or("no element")?;
        assert!(shown.starts_with(|c: char| c.is_ascii_digit()), "{shown}");
    }
    assert_eq!(
        element(&text, "video-desc"),
        Some("Save &lt;/script&gt; &amp; &quot;more&quot; #money")
    );
    assert_eq!(element(&text, "video-views"), None);

    let hidden = json!({"likes_hidden": true});
    world.set(&format!("posts/{id}"), &hidden).await?;
    let text = page(&world, &format!("@/video/{id}")).await?;
    assert_eq!(element(&text, "like-count"), None);
    let detail = data(&text).ok_or("no data")?["webapp.video-detail"].clone();
    let stats = &detail["itemInfo"]["itemStruct"]["stats"];
    assert_eq!(stats.get("diggCount"), None);
    Ok(())
}

#[tokio::test]
async fn what_became_of_a_video_is_a_code_in_its_data() -> Outcome {
    let (world, id, name) = with_a_video().await?;
    for (marks, code, message) in [
        (json!({"under_review": true}), 10204, "status_reviewing"),
        (json!({"rejected": "spam"}), 10204, "status_audit_not_pass"),
        (json!({"private": true}), 10216, "private_item"),
        (
            json!({"region_locked": true}),
            10231,
            "cross_border_violation",
        ),
        (json!({"deleted": true}), 10204, "status_deleted"),
    ] {
        world.set(&format!("posts/{id}"), &marks).await?;
        let text = page(&world, &format!("@{name}/video/{id}")).await?;
        let detail = data(&text).ok_or("no data")?["webapp.video-detail"].clone();
        assert_eq!(detail["statusCode"], code, "{marks}");
        assert_eq!(detail["statusMsg"], message);
        assert_eq!(detail["itemInfo"], json!({}));
        assert_eq!(element(&text, "like-count"), None);
    }
    let unknown = page(&world, &format!("@{name}/video/1")).await?;
    let detail = data(&unknown).ok_or("no data")?["webapp.video-detail"].clone();
    assert_eq!(detail["statusMsg"], "item doesn't exist");
    world.set(&format!("posts/{id}"), &json!({})).await?;
    let settings = json!({"private_accounts": [name]});
    world.set("tiktok", &settings).await?;
    for (path, scope) in [
        (format!("@{name}/video/{id}"), "webapp.video-detail"),
        (format!("@{name}"), "webapp.user-detail"),
    ] {
        let text = page(&world, &path).await?;
        let data = data(&text).ok_or("no data")?;
        assert_eq!(data[scope]["statusCode"], 10222);
    }
    Ok(())
}

#[tokio::test]
async fn a_visitor_can_be_stopped_in_every_way() -> Outcome {
    let (world, id, name) = with_a_video().await?;
    let path = format!("@{name}/video/{id}");
    let meet = async |kind: &str| -> Outcome<reqwest::Response> {
        world.tiktok_fault("any", json!({"kind": kind})).await?;
        // A call of the API does not meet it.
        world.creator("main").username().await?;
        world.tiktok_page(&path).await
    };
    let verify = meet("verify_page").await?;
    assert_eq!(verify.status(), 200);
    let verify = verify.text().await?;
    assert!(verify.contains("tiktok-verify-page") && verify.contains("captcha_container"));
    assert_eq!(data(&verify), None);

    let wall = meet("login_wall").await?;
    assert_eq!(wall.status(), 302);
    assert_eq!(wall.headers()["location"], "/tiktok/login");
    assert!(page(&world, "login").await?.contains("Log in to TikTok"));

    let empty = meet("empty_body").await?;
    assert_eq!(empty.status(), 200);
    assert_eq!(empty.text().await?, "");

    let changed = meet("changed_layout").await?.text().await?;
    let scopes = data(&changed).ok_or("no data")?;
    assert_eq!(scopes.get("webapp.video-detail"), None);
    assert_eq!(element(&changed, "like-count"), None);

    let bare = meet("missing_data").await?.text().await?;
    assert_eq!(data(&bare), None);
    assert!(element(&bare, "like-count").is_some());

    assert!(data(&page(&world, &path).await?).is_some());
    let url = format!("{}/_sandbox/faults", world.base);
    let action = json!({"kind": "login_wall"});
    for fault in [
        json!({"platform": "tiktok", "endpoint": "video_init", "action": action}),
        json!({"platform": "youtube", "action": action}),
    ] {
        let answer = world.client.post(&url).json(&fault).send().await?;
        assert_eq!(answer.status(), 400, "{fault}");
    }
    Ok(())
}

#[tokio::test]
async fn a_profile_and_its_list_show_public_videos_only() -> Outcome {
    let (world, id, name) = with_a_video().await?;
    let text = page(&world, &format!("@{name}")).await?;
    let scopes = data(&text).ok_or("no data")?;
    assert!(scopes["webapp.app-context"].is_object());
    let info = &scopes["webapp.user-detail"]["userInfo"];
    assert_eq!(info["user"]["uniqueId"], name.as_str());
    assert_eq!(info["stats"]["videoCount"], 1);
    assert!(element(&text, "video-views").is_some());
    let sec_uid = info["user"]["secUid"].as_str().ok_or("no secUid")?;
    let path = format!("api/creator/item_list/?aid=1988&count=15&cursor=0&secUid={sec_uid}");
    let list: Value = world.tiktok_page(&path).await?.json().await?;
    assert_eq!(list["itemList"][0]["id"], id.as_str());
    assert!(list["itemList"][0]["createTime"].is_i64());
    assert_eq!(list["hasMorePrevious"], false);

    world
        .set(&format!("posts/{id}"), &json!({"private": true}))
        .await?;
    let list: Value = world.tiktok_page(&path).await?.json().await?;
    assert_eq!(list["itemList"], json!([]));
    let nobody = page(&world, "@nobody").await?;
    let nobody = data(&nobody).ok_or("no data")?;
    assert_eq!(nobody["webapp.user-detail"]["statusCode"], 10221);
    Ok(())
}

#[tokio::test]
async fn a_count_is_written_as_the_visitor_writes_numbers() -> Outcome {
    let (world, id, name) = with_a_video().await?;
    let url = format!("{}/tiktok/@{name}/video/{id}", world.base);
    let request = world
        .client
        .get(url)
        .header("accept-language", "de-DE,de;q=0.9");
    let text = request.send().await?.text().await?;
    let likes = element(&text, "like-count").ok_or("no element")?;
    assert!(!likes.contains('.'), "{likes}");
    Ok(())
}
