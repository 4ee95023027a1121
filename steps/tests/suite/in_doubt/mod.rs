//! Posts whose bytes may have left: what became of them, and what `post_in_doubt` says where nobody
//! can tell. One file per platform.

mod instagram;
mod tiktok;
pub(crate) mod youtube;

use schema::posts::PostState;
use serde_json::json;

use crate::prove::{execute, requests};
use crate::world::World;

/// Bytes were allowed to leave in an execution that is gone.
pub(crate) const SENDING: &str = "update posts set state = 'sending', sending_at_ms = opened_at_ms";

/// Brings a post to its end, and sees to it that the platform has one, made by `acts` requests of the
/// kind that makes it.
async fn check_end(world: &World, act: &str, acts: usize) {
    let target = json!(world.target());
    world.done(&world.steps.post_send, target.clone()).await;
    let posted = world.done(&world.steps.post_confirm, target).await;
    assert_eq!(world.posts_seen().await, 1, "posts on the platform");
    assert_eq!(requests(world, act).await, acts, "requests of {act}");
    let post = world.post().await.unwrap();
    assert_eq!(post.state, PostState::Posted);
    assert_eq!(posted["platformPostId"], json!(post.platform_post_id));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_a_post_without_a_name_whose_bytes_have_left_is_marked_unknown() {
    let world = World::opened().await;
    let (step, target) = (&world.steps.post_in_doubt, json!(world.target()));
    for (change, is_marked, state) in [
        ("state = 'open'", false, PostState::Open),
        ("state = 'sending'", true, PostState::Unknown),
        ("state = 'processing'", true, PostState::Unknown),
        (
            "state = 'processing', platform_post_id = 'x'",
            false,
            PostState::Processing,
        ),
        ("state = 'posted'", false, PostState::Posted),
    ] {
        execute(&world, &format!("update posts set {change}")).await;
        let marked = world.done(step, target.clone()).await;
        assert_eq!(marked["unknown"], is_marked, "{change}");
        assert_eq!(world.post().await.unwrap().state, state, "{change}");
    }
}
