//! What survives a kill.

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{clip, main_account, refusal};
use crate::world::{Outcome, World};

const SIZE: usize = 300_000;

#[tokio::test]
async fn containers_bytes_and_posts_are_there_after_a_kill() -> Outcome {
    let world = World::start(1.0).await?;
    let account = main_account(&world);
    let clip = clip(31_000, SIZE);
    let done = account.filled("Done", &clip).await?;
    account.settled(&done).await?;
    let published: Value = account.publish(&done).await?.json().await?;
    let full = account.filled("Full", &clip).await?;
    let half = account.container("Half").await?;
    account.send(&half, &clip[..100_000], 0, SIZE).await?;

    let world = world.kill_and_reopen().await?;
    let account = main_account(&world);
    let status = account.status(&done).await?;
    assert_eq!(status["status_code"], "PUBLISHED");
    let again = account.publish(&done).await?;
    assert_eq!(refusal(again).await?, (400, 24, Some(2_207_006)));
    assert_eq!(account.settled(&full).await?["status_code"], "FINISHED");
    let status = account.status(&half).await?;
    let phase = &status["video_status"]["uploading_phase"];
    assert_eq!(phase["bytes_transferred"], 100_000);
    let rest = account.send(&half, &clip[100_000..], 100_000, SIZE).await?;
    assert_eq!(rest.status(), 200);
    account.settled(&half).await?;
    account.publish(&half).await?.error_for_status()?;

    let posts = world.posts().await?;
    assert_eq!(posts.len(), 2);
    assert_eq!(posts[0]["post_id"], published["id"]);
    let digest = format!("{:x}", Sha256::digest(&clip));
    assert_eq!(posts[1]["sha256"], digest);
    Ok(())
}

#[tokio::test]
async fn an_upload_whose_last_byte_arrived_before_the_kill_has_arrived() -> Outcome {
    let world = World::start(1.0).await?;
    let account = main_account(&world);
    let clip = clip(31_000, SIZE);
    let container = account.container("Last byte").await?;
    account.send(&container, &clip[..100_000], 0, SIZE).await?;
    // As if the kill had come between the last byte and the record of it.
    let path = world.data().join("instagram-uploads").join(&container);
    std::fs::write(path, &clip)?;
    let world = world.kill_and_reopen().await?;
    let status = main_account(&world).settled(&container).await?;
    assert_eq!(status["status_code"], "FINISHED");
    Ok(())
}

#[tokio::test]
async fn tokens_are_in_no_file() -> Outcome {
    let world = World::start(1.0).await?;
    let account = main_account(&world);
    account.filled("Secret", &clip(31_000, 4000)).await?;
    let url = format!("{}/graph/v26.0/me?access_token=top-secret", world.base);
    world.client.get(url).send().await?.error_for_status()?;
    for entry in std::fs::read_dir(world.data())? {
        let path = entry?.path();
        if path.is_file() {
            let text = std::fs::read_to_string(&path)?;
            assert!(!text.contains("top-secret") && !text.contains(account.token));
        }
    }
    Ok(())
}
