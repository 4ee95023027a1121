//! From the opening to the public post.

use serde_json::json;
use sha2::{Digest, Sha256};

use super::{CHUNK, IDS, announcement, clip, progress, text, unlimited};
use crate::shapes::assert_like;
use crate::world::{Outcome, World};

#[tokio::test]
async fn a_clip_is_posted_with_its_last_byte_and_its_public_id_comes_later() -> Outcome {
    let world = unlimited(1.0).await?;
    let creator = world.creator("main");
    let clip = clip(31, 4000);
    let opened = creator.open("Save #money", clip.len()).await?;
    assert!(opened.upload_url.starts_with(&world.base) && opened.upload_url.len() <= 256);
    assert!(opened.publish_id.starts_with("v_pub_file~v2-1.") && opened.publish_id.len() <= 64);
    assert_eq!(world.posts().await?.len(), 0);

    let answer = creator.put(&opened, &clip, 0..clip.len()).await?;
    assert_eq!(answer.status(), 201);
    assert_eq!(progress(&answer), Some("bytes 0-4000/4000"));
    let posts = world.posts().await?;
    assert_eq!(posts.len(), 1);
    assert_eq!(posts[0]["platform"], "tiktok");
    assert_eq!(posts[0]["tags"], json!(["money"]));
    assert_eq!(posts[0]["sha256"], format!("{:x}", Sha256::digest(&clip)));

    let id = text(&posts[0]["post_id"])?;
    let held = json!({"under_review": true});
    world.set(&format!("posts/{id}"), &held).await?;
    let posted = creator
        .until(&opened.publish_id, |s| s["status"] == "PUBLISH_COMPLETE")
        .await?;
    assert_eq!(posted[IDS], json!([]));
    world.set(&format!("posts/{id}"), &json!({})).await?;
    assert_eq!(creator.public_id(&opened.publish_id).await?, id);
    Ok(())
}

#[tokio::test]
async fn chunks_count_as_a_whole_and_in_their_order() -> Outcome {
    let world = World::start(1.0).await?;
    let creator = world.creator("main");
    let file = clip(31, 2 * CHUNK + 1000);
    let opened = creator.open("Chunks", file.len()).await?;
    let early = creator.put(&opened, &file, CHUNK..file.len()).await?;
    assert_eq!(early.status(), 416);
    let none = format!("bytes 0-0/{}", file.len());
    assert_eq!(progress(&early), Some(none.as_str()));

    let cut = json!({"kind": "cut_body", "bytes": 100_000});
    world.tiktok_fault("upload_put", cut).await?;
    assert!(creator.put(&opened, &file, 0..CHUNK).await.is_err());
    let first = creator.put(&opened, &file, 0..CHUNK).await?;
    assert_eq!(first.status(), 206);
    let half = format!("bytes 0-{CHUNK}/{}", file.len());
    assert_eq!(progress(&first), Some(half.as_str()));
    let status = creator.status(&opened.publish_id).await?;
    assert_eq!(status["uploaded_bytes"], CHUNK);

    for wrong in [0..CHUNK, CHUNK..2 * CHUNK] {
        let refused = creator.put(&opened, &file, wrong).await?;
        assert_eq!(refused.status(), 416);
        assert_eq!(progress(&refused), Some(half.as_str()));
    }
    assert_eq!(world.posts().await?.len(), 0);
    let last = creator.put(&opened, &file, CHUNK..file.len()).await?;
    assert_eq!(last.status(), 201);
    let again = creator.put(&opened, &file, CHUNK..file.len()).await?;
    assert_eq!(again.status(), 416);
    let posts = world.posts().await?;
    assert_eq!(posts.len(), 1);
    assert_eq!(posts[0]["sha256"], format!("{:x}", Sha256::digest(&file)));
    Ok(())
}

#[tokio::test]
async fn a_lost_answer_to_the_last_chunk_is_one_post_and_the_status_knows() -> Outcome {
    let world = unlimited(1.0).await?;
    let creator = world.creator("main");
    let clip = clip(31, 4000);
    let opened = creator.open("Lost answer", clip.len()).await?;
    let drop = json!({"kind": "act_then_drop"});
    world.tiktok_fault("upload_put", drop).await?;
    let lost = creator.put(&opened, &clip, 0..clip.len()).await;
    assert!(lost.is_err());
    let again = creator.put(&opened, &clip, 0..clip.len()).await?;
    assert_eq!(again.status(), 416);
    assert_eq!(progress(&again), Some("bytes 0-4000/4000"));
    let public = creator.public_id(&opened.publish_id).await?;
    let posts = world.posts().await?;
    assert_eq!(posts.len(), 1);
    assert_eq!(posts[0]["post_id"], public);
    Ok(())
}

#[tokio::test]
async fn openings_and_their_bytes_survive_a_kill() -> Outcome {
    let world = World::start(1.0).await?;
    let file = clip(31, 2 * CHUNK + 1000);
    let small = clip(31, 4000);
    let creator = world.creator("main");
    let mut half = creator.open("Half", file.len()).await?;
    creator.put(&half, &file, 0..CHUNK).await?;
    let whole = creator.open("Whole", small.len()).await?;
    // As if the kill had come between the last byte and the record of the post, and in the middle
    // of the other file's second chunk.
    let folder = world.data().join("tiktok-uploads");
    let path_of = |publish_id: &str| publish_id.rsplit('.').next().map(|id| folder.join(id));
    std::fs::write(path_of(&whole.publish_id).ok_or("no id")?, &small)?;
    let torn = &file[..CHUNK + 77];
    std::fs::write(path_of(&half.publish_id).ok_or("no id")?, torn)?;
    let old_base = world.base.clone();

    let world = world.kill_and_reopen().await?;
    let creator = world.creator("main");
    half.upload_url = half.upload_url.replace(&old_base, &world.base);
    assert_eq!(world.posts().await?.len(), 1);
    let status = creator.status(&half.publish_id).await?;
    assert_eq!(status["uploaded_bytes"], CHUNK);
    let last = creator.put(&half, &file, CHUNK..file.len()).await?;
    assert_eq!(last.status(), 201);
    let posts = world.posts().await?;
    assert_eq!(posts.len(), 2);
    assert_eq!(posts[1]["sha256"], format!("{:x}", Sha256::digest(&file)));
    Ok(())
}

#[tokio::test]
async fn a_private_post_never_has_a_public_id() -> Outcome {
    let world = unlimited(1.0).await?;
    let creator = world.creator("main");
    let clip = clip(31, 4000);
    let mut private = announcement("Private", clip.len());
    private["post_info"]["privacy_level"] = json!("SELF_ONLY");
    let data = creator.data(super::INIT, &private).await?;
    let opened = super::Opened {
        publish_id: text(&data["publish_id"])?,
        upload_url: text(&data["upload_url"])?,
    };
    creator.put(&opened, &clip, 0..clip.len()).await?;
    let complete = |s: &serde_json::Value| s["status"] == "PUBLISH_COMPLETE";
    creator.until(&opened.publish_id, complete).await?;
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    let status = creator.status(&opened.publish_id).await?;
    assert_eq!(status[IDS], json!([]));
    Ok(())
}

#[tokio::test]
async fn what_is_no_video_or_too_long_a_one_fails_with_the_vendors_reason() -> Outcome {
    let world = World::start(1.0).await?;
    let creator = world.creator("main");
    let cases = [
        (b"text, named .mp4".to_vec(), "file_format_check_failed"),
        (clip(301, 4000), "duration_check_failed"),
    ];
    for (file, reason) in cases {
        let publish_id = creator.upload("Refused", &file).await?;
        let status = creator.status(&publish_id).await?;
        assert_eq!(status["status"], "FAILED");
        assert_eq!(status["fail_reason"], reason);
    }
    for post in world.posts().await? {
        assert_eq!(post["state"], "failed");
    }
    Ok(())
}

#[tokio::test]
async fn answers_have_the_recorded_shape() -> Outcome {
    let world = unlimited(1.0).await?;
    let creator = world.creator("main");
    let clip = clip(31, 4000);
    let check = async |path: &str, body: &serde_json::Value, fixture: &str| -> Outcome {
        let answer = creator.call(path, body).await?;
        assert_like(&answer.json().await?, &format!("tiktok/{fixture}.json"))
    };
    let none = json!({});
    check("post/publish/creator_info/query/", &none, "creator_info").await?;
    check(super::INIT, &announcement("x", 10), "init_file_upload").await?;
    check(super::INIT, &none, "error_invalid_param").await?;
    let publish_id = creator.upload("Shape", &clip).await?;
    let asked = json!({"publish_id": publish_id});
    let path = "post/publish/status/fetch/";
    check(path, &asked, "status_processing_upload").await?;
    let id = creator.public_id(&publish_id).await?;
    check(path, &asked, "status_complete").await?;
    let marks = json!({"failed": "picture_size_check_failed"});
    world.set(&format!("posts/{id}"), &marks).await?;
    check(path, &asked, "status_failed").await
}
