//! Videos that TikTok fetches itself.

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::net::TcpListener;

use super::{IDS, INIT, clip, text, unlimited};
use crate::world::Outcome;

/// Serves a clip, and a redirect to it. It ends with the test.
async fn host(clip: Vec<u8>) -> Outcome<String> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let base = format!("http://{}", listener.local_addr()?);
    let moved = [("location", format!("{base}/clip.mp4"))];
    let slow = async || {
        tokio::time::sleep(std::time::Duration::from_secs(60)).await;
        "too late"
    };
    let router = Router::new()
        .route(
            "/clip.mp4",
            get(move || {
                let clip = clip.clone();
                async move { clip }
            }),
        )
        .route(
            "/moved.mp4",
            get(move || {
                let moved = moved.clone();
                async move { (StatusCode::FOUND, moved) }
            }),
        )
        .route("/slow.mp4", get(slow));
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(base)
}

fn announcement(url: &str) -> Value {
    json!({
        "post_info": {"title": "Pulled", "privacy_level": "PUBLIC_TO_EVERYONE"},
        "source_info": {"source": "PULL_FROM_URL", "video_url": url},
    })
}

#[tokio::test]
async fn a_clip_is_fetched_and_posted_without_another_request() -> Outcome {
    let world = unlimited(1.0).await?;
    let creator = world.creator("main");
    let clip = clip(31, 100_000);
    let base = host(clip.clone()).await?;
    let body = announcement(&format!("{base}/clip.mp4"));
    let data = creator.data(INIT, &body).await?;
    assert_eq!(data.get("upload_url"), None);
    let publish_id = text(&data["publish_id"])?;
    assert!(publish_id.starts_with("v_pub_url~v2-1."));
    let id = creator.public_id(&publish_id).await?;
    let status = creator.status(&publish_id).await?;
    assert_eq!(status["downloaded_bytes"], clip.len());
    let posts = world.posts().await?;
    assert_eq!(posts.len(), 1);
    assert_eq!(posts[0]["post_id"], id);
    assert_eq!(posts[0]["sha256"], format!("{:x}", Sha256::digest(&clip)));
    Ok(())
}

#[tokio::test]
async fn a_clip_that_cannot_be_fetched_is_no_post() -> Outcome {
    let world = unlimited(1.0).await?;
    let creator = world.creator("main");
    let base = host(Vec::new()).await?;
    for file in ["gone.mp4", "moved.mp4"] {
        let body = announcement(&format!("{base}/{file}"));
        let data = creator.data(INIT, &body).await?;
        let publish_id = text(&data["publish_id"])?;
        let failed = creator
            .until(&publish_id, |s| s["status"] == "FAILED")
            .await?;
        assert_eq!(failed["fail_reason"], "video_pull_failed");
        assert_eq!(failed[IDS], json!([]));
    }
    for url in ["http://example.com/a.mp4", "a.mp4"] {
        let answer = creator.call(INIT, &announcement(url)).await?;
        assert_eq!(answer.status(), 400, "{url}");
    }
    let settings = json!({"verified_urls": ["https://cdn.example.com/"]});
    world.set("tiktok", &settings).await?;
    let body = announcement(&format!("{base}/clip.mp4"));
    let answer = creator.call(INIT, &body).await?;
    assert_eq!(answer.status(), 403);
    let answer: Value = answer.json().await?;
    assert_eq!(answer["error"]["code"], "url_ownership_unverified");
    assert_eq!(world.posts().await?.len(), 0);
    Ok(())
}

#[tokio::test]
async fn a_download_under_way_can_be_cancelled_and_begins_again_after_a_kill() -> Outcome {
    let world = unlimited(1.0).await?;
    let base = host(Vec::new()).await?;
    let body = announcement(&format!("{base}/slow.mp4"));
    let data = world.creator("main").data(INIT, &body).await?;
    let asked = json!({"publish_id": data["publish_id"]});
    let publish_id = text(&data["publish_id"])?;

    let world = world.kill_and_reopen().await?;
    let creator = world.creator("main");
    let status = creator.status(&publish_id).await?;
    assert_eq!(status["status"], "PROCESSING_DOWNLOAD");
    let path = "post/publish/cancel/";
    assert_eq!(creator.call(path, &asked).await?.status(), 200);
    let status = creator.status(&publish_id).await?;
    assert_eq!(status["fail_reason"], "publish_cancelled");
    let again = creator.call(path, &asked).await?;
    assert_eq!(again.status(), 400);
    let again: Value = again.json().await?;
    assert_eq!(again["error"]["code"], "publish_not_cancellable");
    Ok(())
}
