//! `measure_batch` in the lab, on a real sandbox: who is read and how, and how a batch ends whose posts
//! are measured, partly measured, not measured, or not there.

#![expect(
    clippy::unwrap_used,
    reason = "helpers are test code, too, which clippy cannot see"
)]

#[path = "../../../steps/tests/world/mod.rs"]
#[expect(
    dead_code,
    reason = "the suite of the steps uses the rest of the world"
)]
#[expect(
    clippy::disallowed_methods,
    reason = "the world is outside of every workflow: nothing replays it"
)]
mod world;

use std::time::Duration;

use engine::event::Event;
use engine::testing::{Lab, LabError};
use jiff::{SignedDuration, Timestamp};
use schema::posts::{self, NewPost, SeenAs, Session};
use schema::{analytics_snapshots, videos};
use serde_json::json;
use workflows::{
    BatchChild, BatchEnding, ChildStatus, MeasureBatch, MeasureBatchInput, MeasureBatchOutput,
    registry,
};
use world::World;

const SIX_HOURS: Duration = Duration::from_secs(6 * 3600);

#[expect(
    clippy::disallowed_methods,
    reason = "the lab's clock begins with the sandbox's; the workflow asks the lab"
)]
fn lab(world: &World) -> Lab {
    Lab::new(registry(&world.steps, SIX_HOURS), Timestamp::now())
}

/// The same world twelve hours later: a batch was left out.
fn later(world: &World, lab: &Lab) -> Lab {
    let at = lab.now() + SignedDuration::from_hours(12);
    Lab::new(registry(&world.steps, SIX_HOURS), at)
}

/// A world whose video was published eight hours ago; its loop never came to a reading.
async fn overdue() -> World {
    let world = World::published().await;
    let sql = "update posts set published_at_ms = published_at_ms - 7200000";
    schema::ConnectionTrait::execute_unprepared(&world.db, sql)
        .await
        .unwrap();
    world
}

/// A video of the same account that was published nine hours ago, and that YouTube no longer shows.
async fn lose(world: &World, lab: &Lab, video_id: &str) {
    let (db, target) = (&world.db, world.target());
    let at = lab.now() - SignedDuration::from_hours(9);
    let mut video = videos::get(db, &target.video_id).await.unwrap().unwrap();
    video.id = video_id.to_owned();
    videos::insert_if_new(db, video).await.unwrap();
    let post = NewPost {
        video_id: video_id.to_owned(),
        platform: target.platform,
        account: target.account,
    };
    let id = posts::prepare(db, post, at).await.unwrap().id;
    let session = Session {
        session: video_id.to_owned(),
        upload_id: None,
        total_bytes: 1,
        content_sha256: "x".to_owned(),
    };
    posts::open(db, &id, session, None, at).await.unwrap();
    let sending = posts::start_sending(db, &id, video_id, at).await.unwrap();
    let name = format!("lost-{video_id}");
    let sent = posts::sent(db, &sending.into_model(), Some(&name), at).await;
    let sent = sent.unwrap().into_model();
    let posted = posts::posted(db, &sent, at, SeenAs::default(), at).await;
    assert!(posted.unwrap().is_applied());
}

async fn batch(lab: &Lab, run_id: &str) -> Result<MeasureBatchOutput, LabError> {
    lab.run::<MeasureBatch>(run_id, &MeasureBatchInput::default())
        .await
}

/// The run's own tag.
fn ending(lab: &Lab, run_id: &str) -> Option<String> {
    let events = lab.history().events();
    events.into_iter().find_map(|event| match event {
        Event::RunTagged(tag) if tag.run_id == run_id && tag.key == "ending" => Some(tag.value),
        _ => None,
    })
}

fn measured(world: &World, reading_only: bool) -> BatchChild {
    BatchChild {
        target: world.target(),
        reading_only,
        status: ChildStatus::Completed,
        run_id: None,
        error_code: None,
        error: None,
    }
}

async fn questions(world: &World) -> usize {
    world.listed("requests?platform=anthropic").await.len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_post_that_was_never_read_gets_all_of_it_and_later_a_reading_only() {
    let world = overdue().await;
    let first = lab(&world);
    let output = batch(&first, "run_1").await.unwrap();
    assert_eq!(output.ending, BatchEnding::Complete);
    assert_eq!(output.children, [measured(&world, false)]);
    assert_eq!(ending(&first, "run_1").as_deref(), Some("complete"));
    let asked = questions(&world).await;
    assert!(asked > 0, "Claude was not asked");
    let input = MeasureBatchInput::default();
    let again = first.replay::<MeasureBatch>("run_1", &input).await;
    assert_eq!(again.unwrap(), output);

    let second = later(&world, &first);
    let output = batch(&second, "run_2").await.unwrap();
    assert_eq!(output.children, [measured(&world, true)]);
    assert_eq!(questions(&world).await, asked);
    let readings = analytics_snapshots::for_post(&world.db, &world.target().post_id()).await;
    assert_eq!(readings.unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_post_that_fails_makes_the_batch_partial_and_stops_no_other() {
    let world = overdue().await;
    let first = lab(&world);
    lose(&world, &first, "v_2").await;
    let output = batch(&first, "run_1").await.unwrap();
    assert_eq!(ending(&first, "run_1").as_deref(), Some("partial"));
    let said = (output.ending, output.measured, output.failed);
    assert_eq!(said, (BatchEnding::Partial, 1, 1));
    // The longest overdue one is the first.
    let lost = &output.children[0];
    assert_eq!(lost.target.video_id, "v_2");
    assert_eq!(lost.status, ChildStatus::Failed);
    assert_eq!(lost.run_id.as_deref(), Some("run_1.1"));
    assert_eq!(lost.error_code.as_deref(), Some("post_deleted"));
    assert!(
        lost.error.as_ref().unwrap().contains("lost-v_2"),
        "{lost:?}"
    );
    assert_eq!(output.children[1], measured(&world, false));
    let shown = json!(lost);
    assert_eq!(shown["videoId"], "v_2", "{shown}");
    assert_eq!(shown["status"], "failed", "{shown}");

    // What is gone is not asked for again.
    let second = later(&world, &first);
    let output = batch(&second, "run_2").await.unwrap();
    assert_eq!(output.ending, BatchEnding::Complete);
    assert_eq!(output.children, [measured(&world, true)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_of_which_every_post_fails_fails() {
    let world = World::new().await;
    let lab = lab(&world);
    for video_id in ["v_2", "v_3"] {
        lose(&world, &lab, video_id).await;
    }
    let failure = match batch(&lab, "run_1").await {
        Err(LabError::Failed(failure)) => failure,
        other => panic!("{other:?}"),
    };
    assert_eq!(failure.code, "batch_failed");
    assert_eq!(
        failure.error,
        "none of 2 posts could be measured: post_deleted (2)"
    );
    assert_eq!(ending(&lab, "run_1").as_deref(), Some("failed"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_schedules_give_is_an_input() {
    let world = World::new().await;
    let registry = registry(&world.steps, SIX_HOURS);
    let check = |input| registry.check_input("measure_batch", &input);
    check(json!({ "size": 50, "atOnce": 4 })).unwrap();
    check(json!({})).unwrap();
    check(json!({ "size": -1 })).unwrap_err();
    // Not a batch of fifty.
    check(json!({ "siez": 5 })).unwrap_err();
    check(json!({ "at_once": 4 })).unwrap_err();
    check(json!(null)).unwrap_err();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_without_posts_is_empty_and_a_small_one_leaves_the_rest() {
    let world = World::new().await;
    let lab = lab(&world);
    let output = batch(&lab, "run_1").await.unwrap();
    assert_eq!(output.ending, BatchEnding::Empty);
    assert!(output.children.is_empty());
    assert_eq!(ending(&lab, "run_1").as_deref(), Some("empty"));

    for video_id in ["v_2", "v_3"] {
        lose(&world, &lab, video_id).await;
    }
    let one = serde_json::from_str(r#"{"size":1}"#).unwrap();
    let ran = lab.run::<MeasureBatch>("run_2", &one).await;
    assert!(matches!(ran, Err(LabError::Failed(failure)) if failure.error.contains("none of 1")));
}
