//! The public pages, read the way their readers do.

use reqwest::Response;
use serde_json::{Value, json};

use super::{FAST, SITE, main_account, text};
use crate::world::{Outcome, World};

/// Where readers find a reel in a page's data.
const MEDIA: &str = "/require/0/3/0/__bbox/require/0/3/1/__bbox/result/data/xig_polaris_media";

/// A world with a reel that has an audience, the id of its post and its short code.
async fn with_a_reel(caption: &str) -> Outcome<(World, String, String)> {
    let world = World::start(FAST).await?;
    let account = main_account(&world);
    let media = account.seen(caption).await?;
    let post = account.read(&format!("{media}?fields=shortcode")).await?;
    let code = text(&post["shortcode"])?;
    Ok((world, media, code))
}

async fn ask(world: &World, path: &str) -> Outcome<Response> {
    let url = format!("{}{SITE}/{path}", world.base);
    Ok(world.client.get(url).send().await?)
}

async fn page(world: &World, code: &str) -> Outcome<String> {
    let answer = ask(world, &format!("reel/{code}/")).await?;
    assert_eq!(answer.status(), 200);
    Ok(answer.text().await?)
}

/// What the page's data says of the reel: the one among its tags that has it.
fn data(page: &str) -> Option<Value> {
    let tags = page.split(" data-sjs>").skip(1);
    let mut values = tags.filter_map(|tag| {
        let (json, _) = tag.split_once("</script>")?;
        let value: Value = serde_json::from_str(json).ok()?;
        value.pointer(MEDIA).cloned()
    });
    values.next()
}

/// The content of a `<meta>` tag, as it stands in the page.
fn meta<'a>(page: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = page.split_once(&format!("=\"{name}\" content=\""))?;
    Some(rest.split_once('"')?.0)
}

#[tokio::test]
async fn a_reels_page_has_its_counts_in_the_data_the_description_and_the_text() -> Outcome {
    let caption = "Save </script> & \"more\" #money";
    let (world, media, code) = with_a_reel(caption).await?;
    let page = page(&world, &code).await?;
    let open = data(&page).ok_or("no data")?["if_not_gated_logged_out"].clone();
    assert_eq!(open["code"], code);
    assert_eq!(open["caption"]["text"], caption);
    assert_eq!(open["product_type"], "clips");
    assert_eq!(open["video_duration"], 31.0);
    assert_eq!(open["view_count"], Value::Null);
    assert!(open["play_count"].as_u64().ok_or("no plays")? > 0);
    assert_eq!(open["ig_play_count"], open["play_count"]);
    let account = main_account(&world);
    let who = account.read("me?fields=username").await?;
    assert_eq!(open["user"]["username"], who["username"]);

    let likes = open["like_count"].as_u64().ok_or("no likes")?;
    let comments = open["comment_count"].as_u64().ok_or("no comments")?;
    let description = meta(&page, "og:description").ok_or("no description")?;
    assert_eq!(meta(&page, "description"), Some(description));
    let (shown, rest) = description.split_once(" likes, ").ok_or("no likes")?;
    assert_eq!(shown.replace(',', ""), likes.to_string());
    let (shown, rest) = rest.split_once(" comment").ok_or("no comments")?;
    assert_eq!(shown.replace(',', ""), comments.to_string());
    assert!(rest.contains("&quot;Save &lt;/script&gt; &amp; &quot;more&quot; #money&quot;. "));
    assert!(
        meta(&page, "og:title")
            .ok_or("no title")?
            .contains(" on Instagram: ")
    );
    assert_eq!(meta(&page, "og:type"), Some("video.other"));
    assert!(page.contains("/liked_by/\" role=\"link\"><span>"));

    let post = account
        .read(&format!("{media}?fields=like_count,permalink,timestamp"))
        .await?;
    assert!(post["like_count"].as_u64() >= Some(likes));
    let link = text(&post["permalink"])?;
    assert_eq!(link, format!("{}{SITE}/reel/{code}/", world.base));
    let taken: jiff::Timestamp = text(&post["timestamp"])?.parse()?;
    assert_eq!(open["taken_at"], taken.as_second());
    Ok(())
}

#[tokio::test]
async fn a_reel_is_found_under_each_of_its_addresses() -> Outcome {
    let (world, _, code) = with_a_reel("Addresses").await?;
    for path in [
        format!("reel/{code}"),
        format!("reels/{code}/"),
        format!("p/{code}"),
        format!("tv/{code}/"),
        format!("somebody/reel/{code}/"),
        format!("reel/{code}{}/", "x".repeat(28)),
    ] {
        let answer = ask(&world, &path).await?;
        assert_eq!(answer.status(), 200, "{path}");
        assert!(data(&answer.text().await?).is_some(), "{path}");
    }
    Ok(())
}

#[tokio::test]
async fn a_hidden_or_disabled_count_is_shown_nowhere() -> Outcome {
    let (world, media, code) = with_a_reel("Hidden").await?;
    let marks = json!({"likes_hidden": true, "comments_disabled": true});
    world.set(&format!("posts/{media}"), &marks).await?;
    let page = page(&world, &code).await?;
    let open = data(&page).ok_or("no data")?["if_not_gated_logged_out"].clone();
    assert_eq!(open["like_count"], -1);
    assert_eq!(open["like_and_view_counts_disabled"], true);
    assert_eq!(open["play_count"], Value::Null);
    assert_eq!(open["comment_count"], Value::Null);
    let description = meta(&page, "og:description").ok_or("no description")?;
    assert!(description.starts_with("reels_"), "{description}");
    assert!(!page.contains("liked_by") && !page.contains("\"Comment\""));
    Ok(())
}

#[tokio::test]
async fn a_reel_that_a_stranger_may_not_see_is_not_shown() -> Outcome {
    let (world, media, code) = with_a_reel("Hidden from you").await?;
    for (marks, status, words) in [
        (json!({"private": true}), 200, "This account is private"),
        (json!({"region_locked": true}), 200, "Restricted Video"),
        (
            json!({"under_review": true}),
            404,
            "this page isn't available",
        ),
        (
            json!({"rejected": "copyright"}),
            200,
            "this page isn't available",
        ),
        (json!({"deleted": true}), 200, "this page isn't available"),
    ] {
        world.set(&format!("posts/{media}"), &marks).await?;
        let answer = ask(&world, &format!("reel/{code}/")).await?;
        assert_eq!(answer.status(), status, "{marks}");
        let page = answer.text().await?;
        assert!(page.contains(words), "{marks}");
        assert!(!page.contains("like_count") && !page.contains("og:description"));
        let gated = data(&page);
        assert_eq!(gated.is_some(), page.contains("if_gated_logged_out"));
        if let Some(gated) = gated {
            assert_eq!(gated["if_not_gated_logged_out"], Value::Null);
            let private = &gated["if_gated_logged_out"]["user"]["is_private"];
            assert_eq!(*private, marks["private"] == true);
        }
    }
    let unknown = ask(&world, "reel/AAAAAAAAAAA/").await?;
    assert_eq!(unknown.status(), 404);
    Ok(())
}

#[tokio::test]
async fn a_visitor_can_be_stopped_in_every_way_that_the_vendor_has() -> Outcome {
    let (world, _, code) = with_a_reel("Stopped").await?;
    let account = main_account(&world);
    let path = format!("reel/{code}/");
    for (kind, location, words) in [
        ("login_wall", "accounts/login/", "loginForm"),
        ("verify_page", "challenge/", "checkpoint_required"),
    ] {
        account.fault("reel_page", json!({"kind": kind})).await?;
        let sent = ask(&world, &path).await?;
        assert_eq!(sent.status(), 302, "{kind}");
        let to = sent.headers()["location"].to_str()?.to_owned();
        assert!(to.starts_with(&format!("{SITE}/{location}?next=")), "{to}");
        let url = format!("{}{to}", world.base);
        let stop = world.client.get(url).send().await?.error_for_status()?;
        assert!(stop.text().await?.contains(words), "{kind}");
    }
    // A fault for pages lets calls of the API pass.
    account.fault("any", json!({"kind": "empty_body"})).await?;
    account.read("me").await?;
    let empty = ask(&world, &path).await?;
    assert_eq!(empty.status(), 200);
    assert_eq!(empty.text().await?, "");
    let busy = json!({"kind": "fail", "status": 429});
    account.fault("reel_page", busy).await?;
    let busy = ask(&world, &path).await?;
    assert_eq!(busy.status(), 429);
    assert!(busy.text().await?.contains("wait a few minutes"));
    Ok(())
}

#[tokio::test]
async fn a_page_can_lose_its_data_or_all_that_was_known_of_it() -> Outcome {
    let (world, _, code) = with_a_reel("Layout").await?;
    let account = main_account(&world);
    let fault = json!({"kind": "missing_data"});
    account.fault("reel_page", fault).await?;
    let without = page(&world, &code).await?;
    assert_eq!(data(&without), None);
    assert!(meta(&without, "og:description").is_some());
    let fault = json!({"kind": "changed_layout"});
    account.fault("reel_page", fault).await?;
    let changed = page(&world, &code).await?;
    assert_eq!(data(&changed), None);
    assert_eq!(meta(&changed, "og:description"), None);
    assert!(!changed.contains("<article>") && !changed.contains("liked_by"));
    assert!(data(&page(&world, &code).await?).is_some());
    Ok(())
}

#[tokio::test]
async fn a_german_browser_reads_german_numbers() -> Outcome {
    let (world, _, code) = with_a_reel("Sprache").await?;
    let url = format!("{}{SITE}/reel/{code}/", world.base);
    let request = world
        .client
        .get(url)
        .header("accept-language", "de-DE,de;q=0.9");
    let page = request.send().await?.text().await?;
    assert!(page.contains("<html lang=\"de\">"));
    let (_, shown) = page.split_once("role=\"link\"><span>").ok_or("no name")?;
    let (_, shown) = shown.split_once("role=\"link\"><span>").ok_or("no likes")?;
    let (shown, _) = shown.split_once('<').ok_or("no end")?;
    let open = data(&page).ok_or("no data")?["if_not_gated_logged_out"].clone();
    assert_eq!(shown.replace('.', ""), open["like_count"].to_string());
    Ok(())
}
