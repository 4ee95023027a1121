//! Posts in doubt on Instagram: a publication whose answer is lost, posts with the same words, and
//! containers that come to nothing.

use schema::posts::{self, PostState};
use schema::videos;
use serde_json::{Value, json};
use steps::Target;

use super::check_end;
use crate::prove::{attempt, attempt_on, check_ending, execute, requests};
use crate::world::World;

/// Has Instagram publish, and tell nobody.
async fn publish_unheard(world: &World) {
    let lost = json!({ "kind": "act_then_drop" });
    world.fault("instagram", "publish", 0, 1, lost).await;
    let ending = attempt(world, &world.steps.post_confirm).await;
    check_ending(&ending, "retry", "instagram_unreachable");
    assert_eq!(name(world, &world.target()).await, None);
}

/// The id that a target's row has for the platform's post.
async fn name(world: &World, target: &Target) -> Option<String> {
    let post = posts::get(&world.db, &target.post_id()).await.unwrap();
    post.unwrap().platform_post_id
}

/// The platform's own ids of its posts, in their order.
async fn posts_there(world: &World) -> Vec<Value> {
    let posts = world.listed("posts?platform=instagram").await;
    posts.iter().map(|post| post["post_id"].clone()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_publication_whose_answer_was_lost_is_found_by_its_words() {
    let world = World::on("instagram").await.send().await;
    publish_unheard(&world).await;
    let ending = attempt(&world, &world.steps.post_confirm).await;
    assert_eq!(ending["ending"], "done", "{ending}");
    let named = name(&world, &world.target()).await;
    assert_eq!(posts_there(&world).await, [json!(named)]);
    check_end(&world, "publish", 1).await;
}

/// Another video with the same words, whose bytes are with Instagram too.
async fn twin(world: &World) -> Target {
    let video = videos::get(&world.db, "v_1").await.unwrap().unwrap();
    let video = videos::Model {
        id: "v_2".to_owned(),
        ..video
    };
    videos::insert_if_new(&world.db, video).await.unwrap();
    let target = Target {
        video_id: "v_2".to_owned(),
        ..world.target()
    };
    world.done(&world.steps.post_open, json!(target)).await;
    world.done(&world.steps.post_send, json!(target)).await;
    target
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_posts_with_the_same_words_none_is_linked_to_what_may_be_the_other_s() {
    let world = World::on("instagram").await.send().await;
    let other = twin(&world).await;
    publish_unheard(&world).await;

    let ending = attempt(&world, &world.steps.post_confirm).await;
    check_ending(&ending, "retry", "upload_not_listed");
    let ten_minutes_later =
        "update posts set publishing_at_ms = publishing_at_ms - 600000 where video_id = 'v_1'";
    execute(&world, ten_minutes_later).await;
    let ending = attempt(&world, &world.steps.post_confirm).await;
    check_ending(&ending, "unknown", "publish_unknown");
    assert_eq!(world.post().await.unwrap().state, PostState::Unknown);
    assert_eq!(name(&world, &world.target()).await, None);
    assert_eq!(requests(&world, "publish").await, 1);

    // The other one cannot be published any more, and takes nothing that is not its own.
    let expired = json!({ "kind": "container_expires" });
    world
        .fault("instagram", "container_status", 0, 1, expired)
        .await;
    let ending = attempt_on(&other, &world.steps.post_confirm).await;
    check_ending(&ending, "retry", "upload_not_listed");
    assert_eq!(name(&world, &other).await, None);
    assert_eq!(requests(&world, "publish").await, 1);
    assert_eq!(world.posts_seen().await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_post_beside_one_in_doubt_with_the_same_words_is_published_under_its_own_id() {
    let world = World::on("instagram").await.send().await;
    let other = twin(&world).await;
    publish_unheard(&world).await;
    let ending = attempt_on(&other, &world.steps.post_confirm).await;
    assert_eq!(ending["ending"], "done", "{ending}");
    let there = posts_there(&world).await;
    assert_eq!(there.len(), 2);
    assert_eq!(json!(name(&world, &other).await), there[1]);

    // Now that the other one has its id, what is left can only be this one's.
    let ending = attempt(&world, &world.steps.post_confirm).await;
    assert_eq!(ending["ending"], "done", "{ending}");
    assert_eq!(json!(name(&world, &world.target()).await), there[0]);
    assert_eq!(requests(&world, "publish").await, 2);
}

/// A container comes to nothing while its post is being sent.
async fn check_made_anew(fate: Value) {
    let world = World::on("instagram").await.open().await;
    let ending = attempt(&world, &world.steps.post_send).await;
    check_ending(&ending, "later", "post_processing");
    let first = world.post().await.unwrap();
    assert_eq!(first.state, PostState::Sending);
    assert!(first.arrived_at_ms.is_some());

    world
        .fault("instagram", "container_status", 0, 1, fate)
        .await;
    let ending = attempt(&world, &world.steps.post_send).await;
    check_ending(&ending, "retry", "upload_reopened");
    let second = world.post().await.unwrap();
    assert_ne!(second.upload_id, first.upload_id);
    assert_eq!(
        (second.state, second.arrived_at_ms),
        (PostState::Open, None)
    );
    assert_eq!(requests(&world, "container_create").await, 2);
    check_end(&world, "publish", 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_container_that_expired_before_it_was_published_is_made_anew() {
    check_made_anew(json!({ "kind": "container_expires" })).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_container_that_failed_for_now_is_made_anew() {
    check_made_anew(json!({ "kind": "container_fails", "problem": 2207053 })).await;
}
