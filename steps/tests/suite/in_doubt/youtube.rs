//! Posts in doubt on YouTube: how they come to be, and that they are given up with what was said.

use futures::FutureExt as _;
use futures::future::BoxFuture;
use serde_json::json;

use super::SENDING;
use crate::prove::{attempt, execute};
use crate::world::World;

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
    let ending = attempt(&world, &world.steps.post_send).await;
    assert_eq!(ending["ending"], "unknown", "{ending}");
    let said = world.post().await.unwrap().error_message.unwrap();
    let expected = "the upload session has all bytes and names no video, and no video with our marker is in the channel; look there before anything is sent again";
    assert_eq!(said, expected);
}
