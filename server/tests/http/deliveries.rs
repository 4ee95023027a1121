//! What a message sets going, and that it does so once.

use futures::future::join_all;
use schema::events::EventStatus;
use schema::{accounts, concepts};
use serde_json::{Value, json};

use crate::harness::{Running, SLOW, message, with};

fn two_accounts() -> Value {
    let main = json!({"platform": "youtube", "account": "main"});
    with(
        message(),
        "/data/targets",
        json!([main, {"platform": "youtube", "account": "second"}]),
    )
}

#[tokio::test]
async fn a_message_starts_one_loop_per_target_and_says_which() {
    let server = Running::start(SLOW).await;
    let answer = server.post("msg_1", &two_accounts()).await;
    assert_eq!(answer.status, 202);
    let runs = answer.body["runs"].as_array().unwrap();
    let accounts_named: Vec<&Value> = runs.iter().map(|run| &run["account"]).collect();
    assert_eq!(accounts_named, ["main", "second"]);
    assert!(
        runs.iter()
            .all(|run| run["existed"] == json!(false) && run["platform"] == "youtube")
    );
    assert_eq!(answer.body["eventId"], "msg_1");
    assert_eq!(answer.body["videoId"], "v_1");
    assert_eq!(answer.body.get("pending"), None);
    assert_eq!(
        server.loops.keys(),
        ["v_1/youtube/main", "v_1/youtube/second"]
    );

    let event = server.event("msg_1").await.unwrap();
    assert_eq!(event.status, EventStatus::Started);
    let told: Vec<&str> = runs
        .iter()
        .map(|run| run["runId"].as_str().unwrap())
        .collect();
    assert_eq!(event.run_ids.unwrap().0, told);
    assert!(
        accounts::get(&server.db, "youtube:second")
            .await
            .unwrap()
            .is_some()
    );
    assert!(concepts::get(&server.db, "c_1").await.unwrap().is_some());
}

#[tokio::test]
async fn the_same_id_with_the_same_content_gets_the_stored_answer() {
    let server = Running::start(SLOW).await;
    let first = server.post("msg_1", &two_accounts()).await;
    let second = server.post("msg_1", &two_accounts()).await;
    assert_eq!((first.status, second.status), (202, 200));
    assert_eq!(second.body["duplicate"], json!(true));
    assert_eq!(second.body["eventId"], "msg_1");
    let ids = |body: &Value| -> Vec<Value> {
        body["runs"]
            .as_array()
            .unwrap()
            .iter()
            .map(|run| run["runId"].clone())
            .collect()
    };
    assert_eq!(ids(&first.body), ids(&second.body));
    assert!(
        second.body["runs"]
            .as_array()
            .unwrap()
            .iter()
            .all(|run| run["existed"] == json!(true))
    );
    assert_eq!(server.loops.asked(), 2);
}

#[tokio::test]
async fn the_same_id_with_another_body_is_a_conflict_and_starts_nothing() {
    let server = Running::start(SLOW).await;
    assert_eq!(server.post("msg_1", &message()).await.status, 202);
    for changed in [
        with(message(), "/data/videoId", json!("v_2")),
        with(message(), "/data/features/trendVelocity", json!(83)),
        with(message(), "/unknown", json!(1)),
    ] {
        let answer = server.post("msg_1", &changed).await;
        let said = (answer.status, &answer.body["field"], &answer.body["code"]);
        assert_eq!(
            said,
            (409, &json!("webhook-id"), &json!("webhook_id_reused"))
        );
    }
    assert_eq!(server.loops.asked(), 1);
}

#[tokio::test]
async fn a_target_named_in_a_second_message_keeps_its_run() {
    let server = Running::start(SLOW).await;
    let first = server.post("msg_1", &message()).await;
    let second = server.post("msg_2", &two_accounts()).await;
    assert_eq!((first.status, second.status), (202, 202));
    let runs = &second.body["runs"];
    assert_eq!(runs[0]["runId"], first.body["runs"][0]["runId"]);
    assert_eq!(
        (&runs[0]["existed"], &runs[1]["existed"]),
        (&json!(true), &json!(false))
    );
    assert_eq!(
        server.loops.keys(),
        ["v_1/youtube/main", "v_1/youtube/second"]
    );
}

#[tokio::test]
async fn a_video_id_with_other_content_is_a_conflict_that_names_what_differs() {
    let server = Running::start(SLOW).await;
    assert_eq!(server.post("msg_1", &message()).await.status, 202);
    let other = with(two_accounts(), "/data/caption", json!("Four numbers"));
    let other = with(other, "/data/features/trendVelocity", json!(1));
    for delivery in ["first", "again"] {
        let answer = server.post("msg_2", &other).await;
        let said = (answer.status, &answer.body["field"], &answer.body["code"]);
        assert_eq!(
            said,
            (409, &json!("data.videoId"), &json!("video_id_taken")),
            "{delivery}"
        );
        let detail = answer.body["detail"].as_str().unwrap();
        assert!(detail.contains("another caption, features;"), "{detail}");
    }
    let event = server.event("msg_2").await.unwrap();
    assert_eq!(event.status, EventStatus::Rejected);
    assert_eq!(server.loops.keys(), ["v_1/youtube/main"]);
}

#[tokio::test]
async fn of_identical_messages_at_the_same_time_one_starts_the_loop() {
    let server = Running::start(SLOW).await;
    let body = message();
    let answers = join_all((0..20).map(|_| server.post("msg_1", &body))).await;
    let with_status = |status| {
        answers
            .iter()
            .filter(|answer| answer.status == status)
            .count()
    };
    assert_eq!((with_status(202), with_status(200)), (1, 19));
    assert_eq!(server.loops.asked(), 1);
    assert_eq!(
        server.event("msg_1").await.unwrap().status,
        EventStatus::Started
    );
}

#[tokio::test]
async fn of_different_messages_about_one_video_at_the_same_time_all_name_the_same_run() {
    let server = Running::start(SLOW).await;
    let body = message();
    let ids: Vec<String> = (0..20).map(|n| format!("msg_{n}")).collect();
    let answers = join_all(ids.iter().map(|id| server.post(id, &body))).await;
    for answer in &answers {
        assert_eq!(
            (answer.status, &answer.body["runs"][0]["runId"]),
            (202, &json!("run_1"))
        );
    }
    let new = answers
        .iter()
        .filter(|answer| answer.body["runs"][0]["existed"] == json!(false));
    assert_eq!(new.count(), 1);
}
