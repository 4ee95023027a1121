//! Posts in doubt on TikTok: uploads whose address is gone, and posts that a webhook has spoken of.

use jiff::Timestamp;
use platforms::tiktok::LEAST_CHUNK;
use schema::posts::{self, PostState, SeenAs};
use serde_json::json;

use super::{SENDING, check_end};
use crate::prove::{attempt, check_ending, execute, mark, requests};
use crate::world::World;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upload_whose_address_is_gone_before_all_bytes_are_there_is_opened_anew() {
    let world = World::on("tiktok").await.open().await;
    let first = world.post().await.unwrap();
    let gone = json!({ "kind": "fail", "status": 403 });
    world.fault("tiktok", "upload_put", 1, 1, gone).await;
    let ending = attempt(&world, &world.steps.post_send).await;
    check_ending(&ending, "later", "upload_address_gone");
    // An hour and a quarter.
    execute(
        &world,
        "update posts set opened_at_ms = opened_at_ms - 4500001",
    )
    .await;
    let ending = attempt(&world, &world.steps.post_send).await;
    check_ending(&ending, "retry", "upload_reopened");
    let second = world.post().await.unwrap();
    assert_eq!(second.state, PostState::Open);
    assert_ne!(second.upload_id, first.upload_id);
    assert_ne!(second.session, first.session);
    check_end(&world, "video_init", 2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upload_whose_address_is_gone_because_all_bytes_are_there_is_not_sent_again() {
    let world = World::on("tiktok").await.open().await;
    let lost = json!({ "kind": "act_then_drop" });
    world.fault("tiktok", "upload_put", 1, 1, lost).await;
    let ending = attempt(&world, &world.steps.post_send).await;
    check_ending(&ending, "retry", "tiktok_unreachable");

    // TikTok's first word is of before the last chunk, which is sent again into an address that is
    // gone; its second word is the true one.
    let stale = json!({ "kind": "fail", "status": 200, "body": {
        "data": { "status": "PROCESSING_UPLOAD", "uploaded_bytes": LEAST_CHUNK },
        "error": { "code": "ok", "message": "", "log_id": "1" }
    } });
    world.fault("tiktok", "status_fetch", 0, 1, stale).await;
    let gone = json!({ "kind": "fail", "status": 403 });
    world.fault("tiktok", "upload_put", 0, 1, gone).await;
    let ending = attempt(&world, &world.steps.post_send).await;
    assert_eq!(ending["ending"], "done", "{ending}");
    assert_eq!(requests(&world, "upload_put").await, 3);
    check_end(&world, "video_init", 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_post_that_failed_for_now_after_all_bytes_were_there_is_uploaded_once_more() {
    let world = World::on("tiktok").await.send().await;
    mark(&world, json!({ "failed": "internal" })).await;
    let ending = attempt(&world, &world.steps.post_confirm).await;
    check_ending(&ending, "retry", "upload_reopened");
    assert_eq!(world.post().await.unwrap().state, PostState::Open);

    let target = json!(world.target());
    let posted = world.done(&world.steps.post_confirm, target).await;
    assert_eq!(posted["postId"], world.target().post_id());
    assert_eq!(requests(&world, "video_init").await, 2);
    let posts = world.listed("posts?platform=tiktok").await;
    let states: Vec<_> = posts.iter().map(|post| &post["state"]).collect();
    assert_eq!(states, ["failed", "processed"], "{posts:?}");
}

/// What an event of TikTok's does to the row.
async fn told(world: &World) {
    let (post, now) = (world.post().await.unwrap(), Timestamp::now());
    posts::sent(&world.db, &post, None, now).await.unwrap();
    let told = posts::posted(&world.db, &post, now, SeenAs::default(), now).await;
    assert!(told.unwrap().is_applied());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_post_that_a_webhook_has_confirmed_is_not_asked_about() {
    let world = World::on("tiktok").await.send().await;
    told(&world).await;
    let asked = requests(&world, "").await;
    let ending = attempt(&world, &world.steps.post_confirm).await;
    assert_eq!(ending["ending"], "done", "{ending}");
    assert_eq!(requests(&world, "").await, asked, "TikTok was asked");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_post_that_a_webhook_has_confirmed_while_it_was_sent_is_not_sent_again() {
    let world = World::on("tiktok").await.open().await;
    execute(&world, SENDING).await;
    told(&world).await;
    let asked = requests(&world, "").await;
    for ending in [
        attempt(&world, &world.steps.post_send).await,
        attempt(&world, &world.steps.post_confirm).await,
    ] {
        assert_eq!(ending["ending"], "done", "{ending}");
    }
    assert_eq!(requests(&world, "").await, asked, "TikTok was asked");
}
