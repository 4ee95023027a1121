//! That an accepted message is started in the end, wherever it was left.

use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use metrics_exporter_prometheus::PrometheusBuilder;
use schema::DatabaseConnection;
use schema::events::{self, EventStatus, NewEvent};
use schema::videos::{self, VideoSource};
use serde_json::{Value, json};

use crate::harness::{Place, QUICK, Running, SECRET, SLOW, message, with};

/// The event's row and nothing more, as after a crash right behind it.
async fn accepted(db: &DatabaseConnection, id: &str, payload: Value, seconds_ago: i64) {
    let received_at = Timestamp::now() - SignedDuration::from_secs(seconds_ago);
    let event = NewEvent {
        id: id.to_owned(),
        kind: "video/ready".to_owned(),
        payload,
        received_at,
    };
    events::accept(db, event).await.unwrap();
}

#[tokio::test]
async fn without_restate_a_message_is_accepted_and_started_once_it_is_back() {
    let server = Running::start(QUICK).await;
    server.loops.set_down(true);
    let first = server.post("msg_1", &message()).await;
    assert_eq!((first.status, &first.body["pending"]), (202, &json!(true)));
    assert_eq!(first.body["runs"], json!([]));
    assert_eq!(
        server.event("msg_1").await.unwrap().status,
        EventStatus::Accepted
    );
    let meanwhile = server.post("msg_1", &message()).await;
    assert_eq!(
        (meanwhile.status, &meanwhile.body["pending"]),
        (200, &json!(true))
    );
    assert_eq!(server.loops.keys(), [""; 0]);

    server.loops.set_down(false);
    let event = server.event_becomes("msg_1", EventStatus::Started).await;
    assert_eq!(event.run_ids.unwrap().0, ["run_1"]);
    let after = server.post("msg_1", &message()).await;
    assert_eq!(
        (after.status, &after.body["runs"][0]["runId"]),
        (200, &json!("run_1"))
    );
    assert_eq!(after.body.get("pending"), None);
    assert_eq!(server.loops.keys(), ["v_1/youtube/main"]);
}

#[tokio::test]
async fn a_start_that_hangs_does_not_keep_the_sender_waiting() {
    let server = Running::start(QUICK).await;
    server.loops.set_delay(Duration::from_secs(60));
    let asked = Instant::now();
    let answer = server.post("msg_1", &message()).await;
    assert!(asked.elapsed() < Duration::from_secs(5));
    assert_eq!(
        (answer.status, &answer.body["pending"]),
        (202, &json!(true))
    );
    server.loops.set_delay(Duration::ZERO);
    server.event_becomes("msg_1", EventStatus::Started).await;
    assert_eq!(server.loops.keys(), ["v_1/youtube/main"]);
}

#[tokio::test]
async fn of_two_targets_the_one_that_was_started_keeps_its_run() {
    let server = Running::start(QUICK).await;
    let main = json!({"platform": "youtube", "account": "main"});
    let second = json!({"platform": "youtube", "account": "second"});
    let both = with(message(), "/data/targets", json!([main, second]));
    server.loops.set_only(Some("second"));
    let answer = server.post("msg_1", &both).await;
    assert_eq!(
        (answer.status, &answer.body["pending"]),
        (202, &json!(true))
    );
    assert_eq!(server.loops.keys(), ["v_1/youtube/second"]);
    server.loops.set_only(None);
    let event = server.event_becomes("msg_1", EventStatus::Started).await;
    assert_eq!(event.run_ids.unwrap().0, ["run_2", "run_1"]);
}

#[tokio::test]
async fn a_message_left_behind_by_a_crash_is_started_by_the_next_server() {
    let place = Place::new().await;
    accepted(&place.db, "after_event", message(), 60).await;
    let server = Running::at(place, QUICK, &[SECRET]).await;
    server
        .event_becomes("after_event", EventStatus::Started)
        .await;
    assert!(videos::get(&server.db, "v_1").await.unwrap().is_some());
    assert_eq!(server.loops.keys(), ["v_1/youtube/main"]);
}

#[tokio::test]
async fn a_message_left_behind_after_its_start_is_confirmed_with_the_same_run() {
    let server = Running::start(QUICK).await;
    let first = server.post("msg_1", &message()).await;
    accepted(&server.db, "msg_2", message(), 60).await;
    let event = server.event_becomes("msg_2", EventStatus::Started).await;
    let run_id = first.body["runs"][0]["runId"].as_str().unwrap();
    assert_eq!(event.run_ids.unwrap().0, [run_id]);
    assert_eq!(server.loops.keys(), ["v_1/youtube/main"]);
}

#[tokio::test]
async fn a_conflict_found_late_rejects_the_event_for_good() {
    let place = Place::new().await;
    let known = videos::NewVideo {
        id: "v_1".to_owned(),
        concept_id: None,
        category: "finance".to_owned(),
        caption: "Another".to_owned(),
        hashtags: schema::StringList::default(),
        audio_id: None,
        source: VideoSource::Path("b.mp4".to_owned()),
        features: None,
        created_at_ms: 0,
    };
    videos::insert_if_new(&place.db, known).await.unwrap();
    accepted(&place.db, "msg_1", message(), 60).await;
    let server = Running::at(place, QUICK, &[SECRET]).await;
    let event = server.event_becomes("msg_1", EventStatus::Rejected).await;
    assert!(
        event
            .error
            .unwrap()
            .contains("another conceptId, caption, hashtags, audioId, source, features;")
    );
    assert_eq!(server.post("msg_1", &message()).await.status, 409);
    assert_eq!(server.loops.asked(), 0);
}

#[tokio::test]
async fn events_that_cannot_be_delivered_do_not_keep_others_from_their_turn() {
    let place = Place::new().await;
    // More than the redelivery looks at in one pass.
    for n in 0..520 {
        accepted(&place.db, &format!("broken_{n}"), json!({"n": n}), 600).await;
    }
    accepted(&place.db, "msg_1", message(), 60).await;
    let server = Running::at(place, QUICK, &[SECRET]).await;
    server.event_becomes("msg_1", EventStatus::Started).await;
    server
        .event_becomes("broken_519", EventStatus::Rejected)
        .await;
}

#[tokio::test]
async fn only_what_was_really_started_counts_as_redelivered() {
    // One thread, and a recorder of its own: other tests count, too.
    let recorder = PrometheusBuilder::new().build_recorder();
    let _counting = metrics::set_default_local_recorder(&recorder);
    let place = Place::new().await;
    accepted(&place.db, "broken", json!({}), 60).await;
    let server = Running::at(place, QUICK, &[SECRET]).await;
    server.event_becomes("broken", EventStatus::Rejected).await;
    accepted(&server.db, "msg_1", message(), 60).await;
    let other = with(message(), "/data/caption", json!("Four numbers"));
    server.event_becomes("msg_1", EventStatus::Started).await;
    accepted(&server.db, "msg_2", other, 60).await;
    server.event_becomes("msg_2", EventStatus::Rejected).await;
    let counted = |name: &str, count: u32| {
        let page = recorder.handle().render();
        page.contains(&format!("\n{name} {count}\n"))
    };
    // The row is there a moment before the count is.
    for _ in 0..200 {
        if counted("flywheel_events_rejected_total", 2) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(counted("flywheel_events_rejected_total", 2));
    assert!(counted("flywheel_events_redelivered_total", 1));
}

#[tokio::test]
async fn an_event_that_cannot_be_read_is_rejected_with_what_is_wrong_with_it() {
    let place = Place::new().await;
    let url = json!({"url": "http://cdn.example/v_1.mp4"});
    let taken_by_an_older_build = with(message(), "/data/source", url);
    accepted(&place.db, "msg_1", taken_by_an_older_build.clone(), 60).await;
    let server = Running::at(place, QUICK, &[SECRET]).await;
    let event = server.event_becomes("msg_1", EventStatus::Rejected).await;
    let why = event.error.unwrap();
    assert!(
        why.starts_with("webhook_field_invalid data.source.url: "),
        "{why}"
    );
    let again = server.post("msg_1", &taken_by_an_older_build).await;
    let said = (again.status, &again.body["field"], &again.body["code"]);
    assert_eq!(
        said,
        (
            422,
            &json!("data.source.url"),
            &json!("webhook_field_invalid")
        )
    );
    assert_eq!(server.loops.asked(), 0);
}

#[tokio::test]
async fn a_rejected_message_is_told_why_it_was_and_not_why_others_are() {
    let server = Running::start(SLOW).await;
    accepted(&server.db, "msg_1", message(), 60).await;
    // As a build would that read less than this one.
    let why = "webhook_platform_unknown data.targets[0].platform: This build posts nowhere.";
    events::mark_rejected(&server.db, "msg_1", why)
        .await
        .unwrap();
    let answer = server.post("msg_1", &message()).await;
    let body = &answer.body;
    assert_eq!(
        (
            answer.status,
            &body["code"],
            &body["field"],
            &body["detail"]
        ),
        (
            422,
            &json!("webhook_platform_unknown"),
            &json!("data.targets[0].platform"),
            &json!("This build posts nowhere.")
        )
    );
}

#[tokio::test]
async fn an_event_that_was_just_accepted_is_left_to_who_accepted_it() {
    let place = Place::new().await;
    accepted(&place.db, "msg_1", message(), 0).await;
    let server = Running::at(place, SLOW, &[SECRET]).await;
    let answer = server.post("msg_1", &message()).await;
    assert_eq!(
        (answer.status, &answer.body["pending"]),
        (200, &json!(true))
    );
    assert_eq!(server.loops.asked(), 0);
}
