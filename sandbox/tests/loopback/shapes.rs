//! What is served has the shape of the recorded payloads: the same paths, the same types.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};

use crate::world::{Outcome, World, file, metadata};

/// Every path with the type at its end; entries of a list share one path.
fn shape(value: &Value, path: &str, out: &mut BTreeSet<String>) {
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(items) => {
            for item in items {
                shape(item, &format!("{path}[]"), out);
            }
            "array"
        }
        Value::Object(fields) => {
            for (name, field) in fields {
                shape(field, &format!("{path}.{name}"), out);
            }
            "object"
        }
    };
    out.insert(format!("{path}: {kind}"));
}

fn shape_of(value: &Value) -> BTreeSet<String> {
    let mut out = BTreeSet::new();
    shape(value, "", &mut out);
    out
}

pub(crate) fn assert_like(served: &Value, fixture: &str) -> Outcome {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../platforms/fixtures");
    let recorded: Value = serde_json::from_slice(&std::fs::read(folder.join(fixture))?)?;
    let (served, recorded) = (shape_of(served), shape_of(&recorded));
    let missing: Vec<_> = recorded.difference(&served).collect();
    let extra: Vec<_> = served.difference(&recorded).collect();
    assert!(
        missing.is_empty() && extra.is_empty(),
        "{fixture}\nmissing: {missing:#?}\nextra: {extra:#?}"
    );
    Ok(())
}

const ALL_PARTS: &str = "snippet,contentDetails,status,statistics,processingDetails";

#[tokio::test]
async fn videos_have_the_recorded_shape_in_every_state() -> Outcome {
    let world = World::start(1.0).await?;
    let done = world.upload("Shape", &file(100)).await?;
    assert_like(&done, "youtube/upload_done.json")?;
    let id = done["id"].as_str().ok_or("no id")?;
    let path = format!("videos?part={ALL_PARTS}&id={id}");
    assert_like(
        &world.json(&path).await?,
        "youtube/videos_list_uploaded.json",
    )?;
    let processed = world.processed(id).await?;
    assert_like(&processed, "youtube/videos_list.json")?;
    for (marks, fixture) in [
        (
            json!({"likes_hidden": true, "comments_disabled": true}),
            "youtube/videos_list_hidden_likes.json",
        ),
        (
            json!({"failed": "codec"}),
            "youtube/videos_list_failed.json",
        ),
        (
            json!({"rejected": "duplicate"}),
            "youtube/videos_list_rejected.json",
        ),
    ] {
        world.set(&format!("posts/{id}"), &marks).await?;
        assert_like(&world.json(&path).await?, fixture)?;
    }
    let empty = world.json("videos?part=id&id=nonsense").await?;
    assert_like(&empty, "youtube/videos_list_empty.json")
}

#[tokio::test]
async fn channels_and_playlists_have_the_recorded_shape() -> Outcome {
    let world = World::start(1.0).await?;
    for title in ["One", "Two", "Three"] {
        world.upload(title, &file(100)).await?;
    }
    let channel = world.json("channels?part=contentDetails&mine=true").await?;
    assert_like(&channel, "youtube/channels_mine.json")?;
    let uploads = &channel["items"][0]["contentDetails"]["relatedPlaylists"]["uploads"];
    let uploads = uploads.as_str().ok_or("no playlist")?;
    let path =
        format!("playlistItems?part=snippet,contentDetails&maxResults=2&playlistId={uploads}");
    let page = world.json(&path).await?;
    assert_like(&page, "youtube/playlist_items.json")?;
    let token = page["nextPageToken"].as_str().ok_or("no next page")?;
    let last = world.json(&format!("{path}&pageToken={token}")).await?;
    assert_like(&last, "youtube/playlist_items_last_page.json")
}

#[tokio::test]
async fn youtube_errors_have_the_recorded_shape() -> Outcome {
    let world = World::start(1.0).await?;
    let path = "videos?part=id&id=x";
    for (action, fixture) in [
        (json!({"kind": "quota_exceeded"}), "quota_exceeded"),
        (json!({"kind": "rate_limit"}), "rate_limited"),
        (json!({"kind": "fail", "status": 503}), "backend"),
        (json!({"kind": "fail", "status": 403}), "forbidden"),
    ] {
        world.fault("videos_list", action).await?;
        let body: Value = world.get(path).send().await?.json().await?;
        assert_like(&body, &format!("youtube/error_{fixture}.json"))?;
    }
    let url = format!("{}/youtube/youtube/v3/{path}", world.base);
    let body: Value = world.client.get(url).send().await?.json().await?;
    assert_like(&body, "youtube/error_unauthorized.json")?;
    let unknown = world.get("playlistItems?part=id&playlistId=UUnone").send();
    let body: Value = unknown.await?.json().await?;
    assert_like(&body, "youtube/error_playlist_not_found.json")?;
    let mut bad = metadata("fine");
    bad["snippet"]["title"] = json!("");
    let body: Value = world.open_with(&bad, 10).await?.json().await?;
    assert_like(&body, "youtube/error_invalid_title.json")
}

#[tokio::test]
async fn anthropic_answers_and_errors_have_the_recorded_shape() -> Outcome {
    let world = World::start(1.0).await?;
    let ask = || crate::anthropic::ask(&world, crate::anthropic::plain_request());
    let message: Value = ask().send().await?.json().await?;
    assert_like(&message, "anthropic/message_structured.json")?;
    for (action, fixture) in [
        (json!({"kind": "refusal"}), "message_refusal"),
        (json!({"kind": "max_tokens"}), "message_max_tokens"),
        (json!({"kind": "overloaded"}), "error_overloaded"),
        (json!({"kind": "spend_limit"}), "error_spend_limit"),
        (json!({"kind": "rate_limit"}), "error_rate_limited"),
        (json!({"kind": "fail", "status": 500}), "error_api"),
        (
            json!({"kind": "fail", "status": 401}),
            "error_authentication",
        ),
        (
            json!({"kind": "fail", "status": 400}),
            "error_invalid_request",
        ),
    ] {
        world.fault("messages", action).await?;
        let body: Value = ask().send().await?.json().await?;
        assert_like(&body, &format!("anthropic/{fixture}.json"))?;
    }
    Ok(())
}
