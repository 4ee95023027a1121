//! Videos that Instagram fetches itself.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::net::TcpListener;

use super::{Account, clip, main_account, refusal, text};
use crate::world::{Outcome, World};

/// Serves a clip; under another name it does so from the second request on, and the first hangs.
/// It ends with the test.
async fn host(clip: Vec<u8>) -> Outcome<String> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let base = format!("http://{}", listener.local_addr()?);
    let asked = Arc::new(AtomicUsize::new(0));
    let late = clip.clone();
    let second = async move || {
        if asked.fetch_add(1, Ordering::AcqRel) == 0 {
            tokio::time::sleep(Duration::from_secs(60)).await;
        }
        late.clone()
    };
    let router = Router::new()
        .route("/clip.mp4", get(async move || clip.clone()))
        .route("/second.mp4", get(second))
        .route("/broken.mp4", get(async || StatusCode::BAD_GATEWAY));
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(base)
}

async fn from_url(account: Account<'_>, url: &str) -> Outcome<String> {
    let body = json!({"media_type": "REELS", "video_url": url, "caption": "Fetched"});
    let answer = account.post("me/media", &body).await?.error_for_status()?;
    let made: Value = answer.json().await?;
    assert_eq!(made.get("uri"), None);
    text(&made["id"])
}

#[tokio::test]
async fn a_video_is_fetched_and_can_be_published() -> Outcome {
    let world = World::start(1.0).await?;
    let account = main_account(&world);
    let clip = clip(31_000, 100_000);
    let base = host(clip.clone()).await?;
    let container = from_url(account, &format!("{base}/clip.mp4")).await?;
    let status = account.settled(&container).await?;
    assert_eq!(status["status_code"], "FINISHED");
    account.publish(&container).await?.error_for_status()?;
    let digest = format!("{:x}", Sha256::digest(&clip));
    assert_eq!(world.posts().await?[0]["sha256"], digest);
    let bytes = account.send(&container, &clip, 0, clip.len()).await?;
    assert_eq!(bytes.status(), 400);
    Ok(())
}

#[tokio::test]
async fn a_video_that_cannot_be_fetched_fails() -> Outcome {
    let world = World::start(1.0).await?;
    let account = main_account(&world);
    let base = host(Vec::new()).await?;
    for file in ["gone.mp4", "broken.mp4"] {
        let container = from_url(account, &format!("{base}/{file}")).await?;
        let status = account.settled(&container).await?;
        assert_eq!(status["status_code"], "ERROR", "{file}");
        assert!(text(&status["status"])?.ends_with("2207052"));
    }
    for url in ["http://example.com/a.mp4", "file:///etc/passwd", "a.mp4"] {
        let body = json!({"media_type": "REELS", "video_url": url});
        let answer = account.post("me/media", &body).await?;
        assert_eq!(
            refusal(answer).await?,
            (400, 9004, Some(2_207_052)),
            "{url}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn an_upload_may_name_a_url_instead_of_sending_bytes() -> Outcome {
    let world = World::start(1.0).await?;
    let account = main_account(&world);
    let base = host(clip(31_000, 100_000)).await?;
    for (file, status) in [("clip.mp4", 200), ("gone.mp4", 400)] {
        let container = account.container("By URL").await?;
        let url = format!("{}/graph/ig-api-upload/v26.0/{container}", world.base);
        let request = world.client.post(url).bearer_auth(account.token);
        let request = request.header("file_url", format!("{base}/{file}"));
        assert_eq!(request.send().await?.status(), status, "{file}");
    }
    Ok(())
}

#[tokio::test]
async fn a_fetch_that_a_kill_interrupted_is_done_again() -> Outcome {
    let world = World::start(1.0).await?;
    let base = host(clip(31_000, 100_000)).await?;
    let url = format!("{base}/second.mp4");
    let container = from_url(main_account(&world), &url).await?;
    // The first request has to be under way.
    tokio::time::sleep(Duration::from_millis(300)).await;
    let world = world.kill_and_reopen().await?;
    let status = main_account(&world).settled(&container).await?;
    assert_eq!(status["status_code"], "FINISHED");
    Ok(())
}
