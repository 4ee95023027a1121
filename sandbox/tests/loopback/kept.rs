//! What survives a kill.

use std::time::Duration;

use sandbox::{Sandbox, SandboxConfig, SandboxError};
use serde_json::{Value, json};

use crate::world::{Outcome, UNIT, World, config, file, stored_range};

#[tokio::test]
async fn posts_sessions_and_the_log_are_there_after_a_kill() -> Outcome {
    let world = World::start(1.0).await?;
    let done = world.upload("Done", &file(1000)).await?;
    let half = file(2 * UNIT);
    let session = world.open("Half", half.len()).await?;
    world.put(&session, &half, 0..UNIT).await?;
    let before = world.posts().await?;
    let requests = world.control("requests?platform=youtube").await?;
    let old_base = world.base.clone();

    let world = world.kill_and_reopen().await?;
    let mut after = world.posts().await?;
    assert_eq!(after.len(), 1);
    after[0]["state"] = before[0]["state"].clone();
    assert_eq!(after, before);
    assert_eq!(after[0]["post_id"], done["id"]);
    assert_eq!(world.control("requests?platform=youtube").await?, requests);

    let session = session.replace(&old_base, &world.base);
    let state = world.ask(&session, half.len()).await?;
    assert_eq!(stored_range(&state).as_deref(), Some("bytes=0-262143"));
    let video = world.put(&session, &half, UNIT..2 * UNIT).await?;
    assert_eq!(video.status(), 200);
    assert_eq!(world.posts().await?.len(), 2);
    Ok(())
}

#[tokio::test]
async fn a_session_whose_last_byte_arrived_before_the_kill_is_a_post() -> Outcome {
    let world = World::start(1.0).await?;
    let bytes = file(1000);
    let session = world.open("Last byte", bytes.len()).await?;
    let folder = world.data().join("youtube-uploads");
    let id = session
        .split("upload_id=")
        .nth(1)
        .ok_or("no id")?
        .to_owned();
    // As if the kill had come between the last byte and the record of the post.
    std::fs::write(folder.join(id), &bytes)?;
    let old_base = world.base.clone();
    let world = world.kill_and_reopen().await?;
    let posts = world.posts().await?;
    assert_eq!(posts.len(), 1);
    let asked = world
        .ask(&session.replace(&old_base, &world.base), 1000)
        .await?;
    assert_eq!(asked.json::<Value>().await?["id"], posts[0]["post_id"]);
    Ok(())
}

#[tokio::test]
async fn a_piece_that_was_not_whole_at_the_kill_is_cut_off() -> Outcome {
    let world = World::start(1.0).await?;
    let bytes = file(2 * UNIT);
    let session = world.open("Torn", bytes.len()).await?;
    let id = session
        .split("upload_id=")
        .nth(1)
        .ok_or("no id")?
        .to_owned();
    let path = world.data().join("youtube-uploads").join(id);
    std::fs::write(path, &bytes[..UNIT + 77])?;
    let old_base = world.base.clone();
    let world = world.kill_and_reopen().await?;
    let session = session.replace(&old_base, &world.base);
    let state = world.ask(&session, bytes.len()).await?;
    assert_eq!(stored_range(&state).as_deref(), Some("bytes=0-262143"));
    Ok(())
}

#[tokio::test]
async fn a_folder_has_one_owner_and_one_seed() -> Outcome {
    let world = World::start(1.0).await?;
    let again = Sandbox::open(config(world.data(), 1.0));
    assert!(matches!(again, Err(SandboxError::InUse { .. })));
    let folder = tempfile::tempdir()?;
    drop(Sandbox::open(config(folder.path(), 1.0))?);
    let other = SandboxConfig {
        world_seed: 43,
        ..config(folder.path(), 1.0)
    };
    let other = Sandbox::open(other);
    assert!(matches!(
        other,
        Err(SandboxError::OtherWorld { kept: 42, .. })
    ));
    let still = Sandbox::open(config(folder.path(), 0.0));
    assert!(matches!(still, Err(SandboxError::TimeScale { .. })));
    Ok(())
}

#[tokio::test]
async fn secrets_are_in_no_file() -> Outcome {
    let world = World::start(1.0).await?;
    world.upload("Secret", &file(10)).await?;
    let url = format!(
        "{}/youtube/youtube/v3/videos?part=id&id=x&key=top-secret",
        world.base
    );
    world.client.get(url).send().await?;
    tokio::time::sleep(Duration::from_millis(20)).await;
    for entry in std::fs::read_dir(world.data())? {
        let path = entry?.path();
        if path.is_file() {
            let text = std::fs::read_to_string(&path)?;
            assert!(!text.contains("top-secret") && !text.contains(crate::world::TOKEN));
        }
    }
    let log = world.control("requests?endpoint=upload_put").await?;
    let path = log[0]["path"].as_str().ok_or("no path")?;
    assert!(path.ends_with("upload_id=…"), "{path}");
    assert_eq!(log[0]["status"], json!(200));
    Ok(())
}
