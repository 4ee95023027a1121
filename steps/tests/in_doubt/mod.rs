//! Posts whose bytes may have left: how they come to be, and what `post_send` and `post_in_doubt` make
//! of them.

use std::sync::Arc;

use engine::testing::suite::attempt;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use schema::posts::PostState;
use serde_json::json;

use crate::world::World;

/// Changes rows behind the step's back.
pub(crate) async fn execute(world: &World, sql: &str) {
    let done = schema::ConnectionTrait::execute_unprepared(&world.db, sql).await;
    done.unwrap();
}

/// Bytes were allowed to leave in an execution that is gone.
pub(crate) const SENDING: &str = "update posts set state = 'sending', sending_at_ms = opened_at_ms";
/// … and YouTube does not know the session.
const VANISHED: &str = "update posts set state = 'sending', sending_at_ms = opened_at_ms, \
    session = replace(session, 'upload_id=', 'upload_id=gone')";

pub(crate) fn vanished(world: &World) -> BoxFuture<'_, ()> {
    execute(world, VANISHED).boxed()
}

pub(crate) fn vanished_ten_minutes_ago(world: &World) -> BoxFuture<'_, ()> {
    async move {
        execute(world, VANISHED).await;
        let sql = "update posts set updated_at_ms = updated_at_ms - 600000";
        execute(world, sql).await;
    }
    .boxed()
}

pub(crate) fn question_refused(world: &World) -> BoxFuture<'_, ()> {
    async move {
        execute(world, SENDING).await;
        let refusal = json!({ "kind": "fail", "status": 400 });
        world.fault("youtube", "upload_query", 0, 1, refusal).await;
    }
    .boxed()
}

pub(crate) fn search_refused(world: &World) -> BoxFuture<'_, ()> {
    async move {
        execute(world, VANISHED).await;
        let refusal = json!({ "kind": "fail", "status": 400 });
        world.fault("youtube", "channels", 0, 1, refusal).await;
    }
    .boxed()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_a_post_that_is_sending_is_marked_unknown() {
    let world = World::opened().await;
    let (step, target) = (&world.steps.post_in_doubt, json!(world.target()));
    let state = async || world.post().await.unwrap().state;
    assert_eq!(world.done(step, target.clone()).await["unknown"], false);
    assert_eq!(state().await, PostState::Open);
    execute(&world, SENDING).await;
    assert_eq!(world.done(step, target.clone()).await["unknown"], true);
    assert_eq!(state().await, PostState::Unknown);
    execute(&world, "update posts set state = 'processing'").await;
    assert_eq!(world.done(step, target).await["unknown"], false);
    assert_eq!(state().await, PostState::Processing);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_post_is_given_up_with_what_the_session_said() {
    let world = World::opened().await;
    execute(&world, SENDING).await;
    execute(&world, "update posts set updated_at_ms = 0").await;
    let last = world.post().await.unwrap().total_bytes.unwrap() - 1;
    let headers = json!({ "range": format!("bytes=0-{last}") });
    let all_bytes = json!({ "kind": "fail", "status": 308, "headers": headers });
    world
        .fault("youtube", "upload_query", 0, 1, all_bytes)
        .await;
    let (step, target) = (&world.steps.post_send, json!(world.target()));
    let ending = attempt(step, &target, &Arc::default()).await;
    assert_eq!(ending["ending"], "unknown", "{ending}");
    let said = world.post().await.unwrap().error_message.unwrap();
    let expected = "the upload session has all bytes and names no video, and no video with our marker is in the channel; look there before anything is sent again";
    assert_eq!(said, expected);
}
