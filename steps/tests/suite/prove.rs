//! `prove!`, which puts a step through the suite, and what its lists of failures are made of.

use std::sync::Arc;
use std::time::Duration;

use engine::Step;
use engine::testing::suite;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use serde_json::{Value, json};
use steps::Target;

use crate::world::World;

/// What makes the outside fail, or changes rows behind a step's back.
pub(crate) type Arrange = for<'a> fn(&'a World) -> BoxFuture<'a, ()>;

/// Proves one step: the module of its tests, its name, the world it starts in, its input, what shows
/// its work, and how it can fail.
macro_rules! prove {
    ($module:ident, $name:ident, $step:ty, $world:expr, $input:expr, $effects:expr, [$(($when:literal, $arrange:expr, $ending:literal, $code:literal)),* $(,)?]) => {
        mod $module {
            use super::*;

            struct Proven(crate::world::World);

            impl engine::testing::suite::Proof for Proven {
                type Step = $step;

                async fn new() -> Self {
                    let world: crate::world::World = $world.await;
                    Self(world)
                }

                fn step(&self) -> std::sync::Arc<$step> {
                    self.0.steps.$name.clone()
                }

                fn input(&self) -> <$step as engine::Step>::Input {
                    let input: fn(&crate::world::World) -> <$step as engine::Step>::Input = $input;
                    input(&self.0)
                }

                async fn effects(&self) -> serde_json::Value {
                    let effects: crate::prove::Effects = $effects;
                    effects(&self.0).await
                }

                fn failures() -> Vec<engine::testing::suite::Fails<Self>> {
                    vec![$(engine::testing::suite::Fails {
                        when: $when,
                        arrange: |proven: &Proven| {
                            let arrange: crate::prove::Arrange = $arrange;
                            arrange(&proven.0)
                        },
                        ending: $ending,
                        code: $code,
                    }),*]
                }
            }

            engine::prove_step!(suite, Proven);
        }
    };
}

/// Everything that could show a second effect.
pub(crate) type Effects = for<'a> fn(&'a World) -> BoxFuture<'a, Value>;

/// The next request to this endpoint of the sandbox meets a fault.
macro_rules! fault {
    ($platform:literal, $endpoint:literal, $action:tt) => {
        |world| {
            let action = serde_json::json!($action);
            let set = world.fault($platform, $endpoint, 0, 1, action);
            futures::FutureExt::boxed(set)
        }
    };
}

/// Changes rows behind the step's back.
macro_rules! sql {
    ($sql:literal) => {
        |world| futures::FutureExt::boxed(crate::prove::execute(world, $sql))
    };
}

/// Something happens to the post on the platform.
macro_rules! mark {
    ($marks:tt) => {
        |world| futures::FutureExt::boxed(crate::prove::mark(world, serde_json::json!($marks)))
    };
}

/// One after the other.
macro_rules! both {
    ($first:expr, $then:expr) => {
        |world| {
            futures::FutureExt::boxed(async move {
                let first: crate::prove::Arrange = $first;
                first(world).await;
                let then: crate::prove::Arrange = $then;
                then(world).await;
            })
        }
    };
}

/// Changes rows behind the step's back.
pub(crate) async fn execute(world: &World, sql: &str) {
    let done = schema::ConnectionTrait::execute_unprepared(&world.db, sql).await;
    done.unwrap();
}

/// Something happens to the one post that the platform has.
pub(crate) async fn mark(world: &World, marks: Value) {
    let posts = format!("posts?platform={}", world.platform());
    let posts = world.listed(&posts).await;
    let id = posts[0]["post_id"].as_str().unwrap();
    world.tell(&format!("posts/{id}"), &marks).await;
}

/// One attempt of a step on the world's own target, as the first of a run.
pub(crate) async fn attempt<S: Step>(world: &World, step: &Arc<S>) -> Value {
    attempt_on(&world.target(), step).await
}

/// The same on another target.
pub(crate) async fn attempt_on<S: Step>(target: &Target, step: &Arc<S>) -> Value {
    suite::attempt(step, &json!(target), &Arc::default()).await
}

/// Sees to it that an attempt ended so.
#[track_caller]
pub(crate) fn check_ending(ending: &Value, word: &str, code: &str) {
    let said = (&ending["ending"], &ending["error"]["code"]);
    assert_eq!(said, (&json!(word), &json!(code)), "{ending}");
}

/// How many requests a platform has got; `of` names an endpoint, or all of them with nothing.
pub(crate) async fn requests(world: &World, of: &str) -> usize {
    let endpoint = match of {
        "" => String::new(),
        of => format!("&endpoint={of}"),
    };
    let requests = format!("requests?platform={}{endpoint}", world.platform());
    world.listed(&requests).await.len()
}

/// The same world when the sandbox has processed, and moderated, what it was sent.
pub(crate) async fn processed(world: World) -> World {
    tokio::time::sleep(Duration::from_millis(150)).await;
    world
}

pub(crate) fn target(world: &World) -> Target {
    world.target()
}

/// Everything outside and in the post's row that could show a second effect.
pub(crate) fn posting(world: &World) -> BoxFuture<'_, Value> {
    async move {
        let post = world.post().await.map(|post| {
            (
                post.state,
                post.session,
                post.platform_post_id,
                post.published_at_ms,
            )
        });
        json!([world.posts_seen().await, post])
    }
    .boxed()
}

/// The rows of a table, counted.
pub(crate) async fn count(world: &World, table: &str) -> Value {
    use schema::ConnectionTrait as _;
    let sql = format!("select count(*) as n from {table}");
    let row = world
        .db
        .query_one_raw(sea_orm::Statement::from_string(
            sea_orm::DbBackend::Sqlite,
            sql,
        ))
        .await
        .unwrap()
        .unwrap();
    json!(row.try_get::<i64>("", "n").unwrap())
}
