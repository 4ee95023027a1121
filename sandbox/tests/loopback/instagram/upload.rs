//! The upload host: bytes in one request or in several, and what becomes of the wrong ones.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{Account, clip, main_account, refusal, text};
use crate::shapes::assert_like;
use crate::world::{Outcome, World, file};

const SIZE: usize = 300_000;

/// How many bytes of a container have arrived, and how its upload stands.
async fn transferred(account: Account<'_>, container: &str) -> Outcome<(u64, String)> {
    let status = account.status(container).await?;
    let phase = &status["video_status"]["uploading_phase"];
    let bytes = phase["bytes_transferred"].as_u64().ok_or("no bytes")?;
    Ok((bytes, text(&phase["status"])?))
}

#[tokio::test]
async fn a_broken_upload_goes_on_where_the_container_says() -> Outcome {
    let world = World::start(1.0).await?;
    let account = main_account(&world);
    let clip = clip(31_000, SIZE);
    let container = account.container("Broken").await?;
    let none = transferred(account, &container).await?;
    assert_eq!(none, (0, "not_started".to_owned()));
    let cut = json!({"kind": "cut_body", "bytes": 100_000});
    account.fault("upload", cut).await?;
    assert!(account.send(&container, &clip, 0, SIZE).await.is_err());
    let some = transferred(account, &container).await?;
    assert_eq!(some, (100_000, "in_progress".to_owned()));

    let gap = account.send(&container, &clip[100_001..], 100_001, SIZE);
    let gap = gap.await?;
    assert_eq!(gap.status(), 412);
    let error: Value = gap.json().await?;
    assert_eq!(error["debug_info"]["type"], "OffsetInvalidError");
    let part = account.send(&container, &clip[100_000..150_000], 100_000, SIZE);
    let part = part.await?;
    assert_eq!(part.status(), 206);
    let error: Value = part.json().await?;
    assert_eq!(error["debug_info"]["type"], "PartialRequestError");
    assert_eq!(error["debug_info"]["retriable"], true);

    let rest = account.send(&container, &clip[150_000..], 150_000, SIZE);
    let rest = rest.await?;
    assert_eq!(rest.status(), 200);
    assert_like(&rest.json().await?, "instagram/upload_done.json")?;
    let all = transferred(account, &container).await?;
    assert_eq!(all, (SIZE as u64, "complete".to_owned()));
    account.settled(&container).await?;
    account.publish(&container).await?.error_for_status()?;
    let digest = format!("{:x}", Sha256::digest(&clip));
    assert_eq!(world.posts().await?[0]["sha256"], digest);
    Ok(())
}

#[tokio::test]
async fn an_upload_may_begin_again_and_its_last_request_may_be_repeated() -> Outcome {
    let world = World::start(1.0).await?;
    let account = main_account(&world);
    let clip = clip(31_000, SIZE);
    let container = account.container("Again").await?;
    let other = file(SIZE);
    let part = account.send(&container, &other[..200_000], 0, SIZE).await?;
    assert_eq!(part.status(), 206);
    for _ in 0..2 {
        let whole = account.send(&container, &clip, 0, SIZE).await?;
        assert_eq!(whole.status(), 200);
    }
    account.settled(&container).await?;
    account.publish(&container).await?.error_for_status()?;
    let digest = format!("{:x}", Sha256::digest(&clip));
    assert_eq!(world.posts().await?[0]["sha256"], digest);
    Ok(())
}

#[tokio::test]
async fn bytes_of_a_stranger_are_not_taken() -> Outcome {
    let world = World::start(1.0).await?;
    let account = main_account(&world);
    let container = account.container("Mine").await?;
    let stranger = Account {
        token: "token-other",
        ..account
    };
    for id in [container.as_str(), "17889000000000001"] {
        let refused = stranger.send(id, &clip(31_000, 4000), 0, 4000).await?;
        // The vendor's upload host says so with a success.
        assert_eq!(refused.status(), 200);
        let body: Value = refused.json().await?;
        assert_like(&body, "instagram/upload_unauthorized.json")?;
        assert_eq!(body["debug_info"]["type"], "NotAuthorizedError");
    }
    assert_eq!(transferred(account, &container).await?.0, 0);
    Ok(())
}

#[tokio::test]
async fn a_request_that_says_too_little_or_sends_too_much_is_refused() -> Outcome {
    let world = World::start(1.0).await?;
    let account = main_account(&world);
    let container = account.container("Headers").await?;
    let url = format!("{}/graph/ig-api-upload/{container}", world.base);
    let request = world.client.post(url).bearer_auth(account.token);
    let answer = request.header("offset", 0).body(vec![1; 10]).send().await?;
    assert_eq!(answer.status(), 400);
    let body: Value = answer.json().await?;
    assert_like(&body, "instagram/upload_failed.json")?;
    let long = account.send(&container, &[1; 20], 0, 10).await?;
    assert_eq!(long.status(), 400);
    let other = account.send(&container, &[1; 10], 0, 11).await?;
    assert_eq!(other.status(), 400);
    Ok(())
}

#[tokio::test]
async fn a_file_that_is_no_reel_makes_its_container_fail() -> Outcome {
    let world = World::start(1.0).await?;
    let account = main_account(&world);
    let minutes = 60_000;
    let mut containers = Vec::new();
    for bytes in [
        b"text that is named like a video".to_vec(),
        clip(2_000, 4000),
        clip(16 * minutes, 4000),
    ] {
        containers.push(account.filled("No reel", &bytes).await?);
    }
    for container in containers {
        let status = account.settled(&container).await?;
        assert_eq!(status["status_code"], "ERROR");
        assert_eq!(
            status["status"],
            "Error: Media upload has failed with error code 2207026"
        );
        let refused = account.publish(&container).await?;
        assert_eq!(refusal(refused).await?, (400, 9007, Some(2_207_027)));
    }
    let container = account.container("Too large").await?;
    let answer = account.send(&container, b"begin", 0, 300_000_001).await?;
    assert_eq!(answer.status(), 400);
    let status = account.status(&container).await?;
    assert!(text(&status["status"])?.ends_with("2207004"));
    assert_eq!(world.posts().await?.len(), 0);
    Ok(())
}

#[tokio::test]
async fn a_reel_from_three_seconds_to_fifteen_minutes_is_taken() -> Outcome {
    let world = World::start(1.0).await?;
    let account = main_account(&world);
    let mut containers = Vec::new();
    // The first is three seconds less one frame.
    for length_ms in [2_967, 3_000, 900_000] {
        let clip = clip(length_ms, 4000);
        containers.push(account.filled("At the limit", &clip).await?);
    }
    for container in containers {
        let status = account.settled(&container).await?;
        assert_eq!(status["status_code"], "FINISHED");
    }
    Ok(())
}
