//! The resumable upload, chunk by chunk.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::world::{Outcome, UNIT, World, file, metadata, stored_range};

#[tokio::test]
async fn three_chunks_with_a_broken_one_become_one_video() -> Outcome {
    let world = World::start(1.0).await?;
    let file = file(2 * UNIT + 1000);
    let session = world.open("Save money", file.len()).await?;
    assert!(session.starts_with(&world.base));
    let nothing = world.ask(&session, file.len()).await?;
    assert_eq!(nothing.status(), 308);
    assert_eq!(stored_range(&nothing), None);

    let first = world.put(&session, &file, 0..UNIT).await?;
    assert_eq!(first.status(), 308);
    assert_eq!(stored_range(&first).as_deref(), Some("bytes=0-262143"));

    let action = json!({"kind": "cut_body", "bytes": 100_000});
    world.fault("upload_put", action).await?;
    let broken = world.put(&session, &file, UNIT..2 * UNIT).await;
    assert!(broken.is_err());
    let state = world.ask(&session, file.len()).await?;
    assert_eq!(stored_range(&state).as_deref(), Some("bytes=0-262143"));

    let second = world.put(&session, &file, UNIT..2 * UNIT).await?;
    assert_eq!(stored_range(&second).as_deref(), Some("bytes=0-524287"));
    assert_eq!(world.posts().await?.len(), 0);
    let last = world.put(&session, &file, 2 * UNIT..file.len()).await?;
    assert_eq!(last.status(), 200);
    let video: Value = last.json().await?;
    assert_eq!(video["status"]["uploadStatus"], "uploaded");

    let again = world.put(&session, &file, 2 * UNIT..file.len()).await?;
    let replayed: Value = again.error_for_status()?.json().await?;
    assert_eq!(replayed["id"], video["id"]);
    let asked = world.ask(&session, file.len()).await?;
    assert_eq!(asked.json::<Value>().await?["id"], video["id"]);

    let posts = world.posts().await?;
    assert_eq!(posts.len(), 1);
    assert_eq!(posts[0]["sha256"], format!("{:x}", Sha256::digest(&file)));
    assert_eq!(posts[0]["bytes"], file.len());
    assert_eq!(posts[0]["post_id"], video["id"]);
    Ok(())
}

#[tokio::test]
async fn a_repeated_chunk_changes_nothing_and_a_gap_is_refused() -> Outcome {
    let world = World::start(1.0).await?;
    let file = file(3 * UNIT);
    let session = world.open("Chunks", file.len()).await?;
    world.put(&session, &file, 0..UNIT).await?;
    let repeated = world.put(&session, &file, 0..UNIT).await?;
    assert_eq!(stored_range(&repeated).as_deref(), Some("bytes=0-262143"));
    let gap = world.put(&session, &file, 2 * UNIT..3 * UNIT).await?;
    assert_eq!(gap.status(), 400);
    let odd = world.put(&session, &file, UNIT..UNIT + 1000).await?;
    assert_eq!(odd.status(), 400);
    let overlapping = world.put(&session, &file, 0..file.len()).await?;
    assert_eq!(overlapping.status(), 200);
    assert_eq!(
        world.posts().await?[0]["sha256"],
        format!("{:x}", Sha256::digest(&file))
    );
    Ok(())
}

#[tokio::test]
async fn a_session_that_nobody_opened_or_that_was_cancelled_is_gone() -> Outcome {
    let world = World::start(1.0).await?;
    let file = file(10);
    let session = world.open("Gone", file.len()).await?;
    let cancelled = world.client.delete(&session).send().await?;
    assert_eq!(cancelled.status(), 499);
    assert_eq!(world.ask(&session, 10).await?.status(), 404);
    let unknown = session.replace("upload_id=", "upload_id=x");
    assert_eq!(world.put(&unknown, &file, 0..10).await?.status(), 404);
    assert_eq!(world.posts().await?.len(), 0);
    Ok(())
}

#[tokio::test]
async fn bad_metadata_is_refused_with_the_vendors_reason() -> Outcome {
    let world = World::start(1.0).await?;
    let cases = [
        ("title", json!("x".repeat(101)), "invalidTitle"),
        ("title", json!("a <b>"), "invalidTitle"),
        ("title", json!("  "), "invalidTitle"),
        ("description", json!("é".repeat(2501)), "invalidDescription"),
        ("tags", json!(["t".repeat(501)]), "invalidTags"),
        ("categoryId", json!("nonsense"), "invalidCategoryId"),
        ("tags", json!("not a list"), "invalidVideoMetadata"),
    ];
    for (field, value, reason) in cases {
        let mut metadata = metadata("fine");
        metadata["snippet"][field] = value;
        let answer = world.open_with(&metadata, 10).await?;
        assert_eq!(answer.status(), 400, "{reason}");
        let body: Value = answer.json().await?;
        assert_eq!(body["error"]["errors"][0]["reason"], reason);
    }
    let mut longest = metadata("fine");
    longest["snippet"]["title"] = json!("ü".repeat(100));
    longest["snippet"]["description"] = json!("x".repeat(5000));
    assert_eq!(world.open_with(&longest, 10).await?.status(), 200);
    Ok(())
}

#[tokio::test]
async fn without_a_credential_there_is_nobody() -> Outcome {
    let world = World::start(1.0).await?;
    for path in ["videos?part=id&id=x", "channels?part=id&mine=true"] {
        let url = format!("{}/youtube/youtube/v3/{path}", world.base);
        let answer = world.client.get(url).send().await?;
        assert_eq!(answer.status(), 401);
        let body: Value = answer.json().await?;
        assert_eq!(body["error"]["errors"][0]["reason"], "authError");
    }
    Ok(())
}

#[tokio::test]
async fn a_lost_video_is_found_in_the_uploads_newest_first() -> Outcome {
    let world = World::start(1.0).await?;
    let first = world.upload("First", &file(10)).await?;
    let second = world.upload("Second", &file(20)).await?;
    let channel = world.json("channels?part=contentDetails&mine=true").await?;
    let uploads = channel["items"][0]["contentDetails"]["relatedPlaylists"]["uploads"].clone();
    let uploads = uploads.as_str().ok_or("no playlist")?;
    let path =
        format!("playlistItems?part=snippet,contentDetails&maxResults=1&playlistId={uploads}");
    let page = world.json(&path).await?;
    assert_eq!(page["items"][0]["contentDetails"]["videoId"], second["id"]);
    assert_eq!(
        page["items"][0]["snippet"]["description"],
        "Three ways.\n\nref fw-1"
    );
    let token = page["nextPageToken"].as_str().ok_or("no next page")?;
    let page = world.json(&format!("{path}&pageToken={token}")).await?;
    assert_eq!(page["items"][0]["contentDetails"]["videoId"], first["id"]);
    assert_eq!(page["nextPageToken"], Value::Null);
    Ok(())
}

#[tokio::test]
async fn a_private_video_is_for_its_owner_alone() -> Outcome {
    let world = World::start(1.0).await?;
    let mut private = metadata("Private");
    private["status"]["privacyStatus"] = json!("private");
    let opened = world.open_with(&private, 10).await?;
    let session = opened.headers()["location"].to_str()?.to_owned();
    let video: Value = world.put(&session, &file(10), 0..10).await?.json().await?;
    let id = video["id"].as_str().ok_or("no id")?;
    let path = format!("videos?part=status&id={id}");
    let mine = world.json(&path).await?;
    assert_eq!(mine["items"][0]["status"]["privacyStatus"], "private");
    let url = format!("{}/youtube/youtube/v3/{path}", world.base);
    let other = world.client.get(url).bearer_auth("somebody-else").send();
    let other: Value = other.await?.json().await?;
    assert_eq!(other["items"], json!([]));
    Ok(())
}

#[tokio::test]
async fn a_video_is_processed_after_a_moment_and_controls_change_its_fate() -> Outcome {
    let world = World::start(3600.0).await?;
    let video = world.upload("Fate", &file(10)).await?;
    let id = video["id"].as_str().ok_or("no id")?;
    let path = format!("videos?part=status,statistics&id={id}");
    let young = world.json(&path).await?;
    assert_eq!(young["items"][0]["status"]["uploadStatus"], "uploaded");
    world.processed(id).await?;
    let marks = json!({"likes_hidden": true});
    world.set(&format!("posts/{id}"), &marks).await?;
    let hidden = world.json(&path).await?;
    assert_eq!(hidden["items"][0]["statistics"].get("likeCount"), None);
    assert!(hidden["items"][0]["statistics"]["viewCount"].is_string());
    world
        .set(&format!("posts/{id}"), &json!({"rejected": "duplicate"}))
        .await?;
    let rejected = world.json(&path).await?;
    assert_eq!(
        rejected["items"][0]["status"]["rejectionReason"],
        "duplicate"
    );
    world
        .set(&format!("posts/{id}"), &json!({"deleted": true}))
        .await?;
    assert_eq!(world.json(&path).await?["items"], json!([]));
    Ok(())
}
