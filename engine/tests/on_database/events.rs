//! Events against a stub of Restate, on every database: who gets one, what it starts, and what becomes
//! of one with which that cannot be done.

use crate::database::on_every_database;
use crate::stub::Stub;
use engine::reconciler::Reconciler;
use engine::tables::{WaitKind, engine_events, runs, waits};
use engine::{Client, EngineError, Failure, NewEvent, Trigger, Workflow, WorkflowContext};
use jiff::Timestamp;
use schemars::JsonSchema;
use sea_orm::{
    ActiveModelTrait as _, ConnectionTrait as _, DatabaseConnection, EntityTrait as _, Set,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// No worker has it.
struct Nobodys;

impl Workflow for Nobodys {
    const NAME: &'static str = "nobodys";
    type Input = Value;
    type Output = Value;

    async fn run(&self, _cx: &WorkflowContext<'_>, input: Value) -> Result<Value, Failure> {
        Ok(input)
    }
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Guest {
    name: String,
}

struct Greet;

impl Workflow for Greet {
    const NAME: &'static str = "greet";
    type Input = Guest;
    type Output = String;

    async fn run(&self, _cx: &WorkflowContext<'_>, guest: Guest) -> Result<String, Failure> {
        Ok(guest.name)
    }
}

const TRIGGERS: [Trigger; 2] = [
    Trigger::of::<Nobodys>("arrived", Some(str::to_owned)),
    Trigger::of::<Greet>("arrived", Some(str::to_owned)),
];

fn client(db: &DatabaseConnection, stub: &Stub) -> Client {
    let client = Client::new(db.clone(), stub.url.clone()).unwrap();
    client.with_triggers(&TRIGGERS)
}

async fn pass(db: &DatabaseConnection, stub: &Stub) {
    let reconciler = Reconciler::new(db.clone(), stub.url.clone(), client(db, stub)).unwrap();
    reconciler.pass().await.unwrap();
}

fn event(id: &str, name: &str, data: Value) -> NewEvent {
    NewEvent {
        id: Some(id.to_owned()),
        name: name.to_owned(),
        key: "ada".to_owned(),
        data,
    }
}

/// As a crash between accept and dispatch leaves it.
fn accepted(id: &str, name: &str, data: &str, accepted_at_ms: i64) -> engine_events::ActiveModel {
    engine_events::ActiveModel {
        id: Set(id.to_owned()),
        name: Set(name.to_owned()),
        key: Set("ada".to_owned()),
        data: Set(data.to_owned()),
        accepted_at_ms: Set(accepted_at_ms),
        ..Default::default()
    }
}

/// A wait for that event of ada.
fn wait(id: &str, name: &str) -> waits::ActiveModel {
    waits::ActiveModel {
        id: Set(id.to_owned()),
        run_id: Set("run_1".to_owned()),
        kind: Set(WaitKind::Event),
        name: Set(name.to_owned()),
        key: Set("ada".to_owned()),
        since_ms: Set(1),
        ..Default::default()
    }
}

async fn row(db: &DatabaseConnection, id: &str) -> engine_events::Model {
    let row = engine_events::Entity::find_by_id(id).one(db).await;
    row.unwrap().unwrap()
}

/// The waits that Restate got an answer for.
fn answered(stub: &Stub) -> Vec<String> {
    let mut ids: Vec<String> = stub
        .state()
        .answered
        .iter()
        .map(|(id, _)| id.clone())
        .collect();
    ids.sort();
    ids
}

#[tokio::test]
async fn a_trigger_that_is_refused_keeps_the_event_from_nobody() {
    on_every_database(|db| async move {
        let stub = Stub::start().await;
        stub.state().unregistered.push("nobodys");
        wait("sign_1", "arrived").insert(&db).await.unwrap();
        let data = json!({ "name": "Ada" });
        let arrived = event("e1", "arrived", data.clone());
        let sent = client(&db, &stub).send_event(arrived).await.unwrap();
        assert!(sent.pending);
        let answer = json!({ "by": "e1", "value": { "data": data } });
        assert_eq!(stub.state().answered, [("sign_1".to_owned(), answer)]);
        assert_eq!(stub.state().sent.len(), 1);
        let pending = row(&db, "e1").await;
        assert_eq!(pending.started_at_ms, None);
        assert!(pending.tried_at_ms.is_some());
        let reason = pending.last_error.unwrap();
        assert!(reason.contains("nobodys"), "{reason}");

        // Its worker comes.
        stub.state().unregistered.clear();
        let earlier = "UPDATE engine_events SET accepted_at_ms = accepted_at_ms - 5000";
        db.execute_unprepared(earlier).await.unwrap();
        pass(&db, &stub).await;
        let done = row(&db, "e1").await;
        assert!(done.started_at_ms.is_some());
        assert_eq!(done.last_error, None);
        assert_eq!(stub.state().sent.len(), 2);
        assert_eq!(answered(&stub), ["sign_1"]);
    })
    .await;
}

#[tokio::test]
async fn a_run_that_has_had_the_event_does_not_get_it_again() {
    on_every_database(|db| async move {
        let stub = Stub::start().await;
        let second = waits::ActiveModel {
            detail: Set(Some(r#"{"had":["e0","e1"]}"#.to_owned())),
            ..wait("sign_2", "approved")
        };
        second.insert(&db).await.unwrap();
        let client = client(&db, &stub);
        let cases: [(&str, &[&str]); 2] = [("e1", &[]), ("e2", &["sign_2"])];
        for (id, expected) in cases {
            let sent = client.send_event(event(id, "approved", json!(7))).await;
            assert!(!sent.unwrap().pending);
            assert_eq!(answered(&stub), expected, "{id}");
        }
        let waited = waits::Entity::find_by_id("sign_2").one(&db).await;
        let waited = waited.unwrap().unwrap();
        assert_eq!(waited.answered_by.as_deref(), Some("e2"));
        assert_eq!(waited.detail, None);
    })
    .await;
}

#[tokio::test]
async fn it_counts_when_an_event_came_and_not_when_it_is_dispatched() {
    on_every_database(|db| async move {
        let stub = Stub::start().await;
        let now_ms = Timestamp::now().as_millisecond();
        for (id, until_ms) in [
            ("sign_1", Some(now_ms - 5_000)),
            ("sign_2", Some(now_ms - 15_000)),
            ("sign_3", None),
        ] {
            let wait = waits::ActiveModel {
                until_ms: Set(until_ms),
                ..wait(id, "approved")
            };
            wait.insert(&db).await.unwrap();
        }
        let came = accepted("e1", "approved", "7", now_ms - 10_000);
        came.insert(&db).await.unwrap();
        pass(&db, &stub).await;
        assert_eq!(answered(&stub), ["sign_1", "sign_3"]);
        assert!(row(&db, "e1").await.started_at_ms.is_some());
    })
    .await;
}

#[tokio::test]
async fn events_that_fail_each_time_do_not_keep_the_others_waiting() {
    on_every_database(|db| async move {
        let stub = Stub::start().await;
        let failing = (0..200).map(|at| accepted(&format!("e{at}"), "approved", "no JSON", at));
        let events = failing.chain([accepted("news", "approved", "7", 1_000)]);
        engine_events::Entity::insert_many(events)
            .exec_without_returning(&db)
            .await
            .unwrap();
        pass(&db, &stub).await;
        assert!(row(&db, "e0").await.tried_at_ms.is_some());
        pass(&db, &stub).await;
        assert!(row(&db, "news").await.started_at_ms.is_some());
        let failed = row(&db, "e0").await;
        assert_eq!(failed.started_at_ms, None);
        assert!(failed.last_error.unwrap().contains("event e0"));
    })
    .await;
}

#[tokio::test]
async fn an_event_whose_data_is_no_input_starts_nothing() {
    on_every_database(|db| async move {
        let stub = Stub::start().await;
        let odd = event("e1", "arrived", json!({ "name": 1 }));
        let refused = client(&db, &stub).send_event(odd).await.unwrap_err();
        assert!(
            matches!(refused, EngineError::InputRefused { .. }),
            "{refused}"
        );
        let said = refused.to_string();
        assert!(said.contains("`greet`: /name: 1"), "{said}");
        assert!(engine::events::list(&db, 1).await.unwrap().is_empty());

        // One that another version of the program took.
        let taken = accepted("e2", "arrived", r#"{"name":1}"#, 1);
        taken.insert(&db).await.unwrap();
        pass(&db, &stub).await;
        let kept = row(&db, "e2").await;
        assert_eq!(kept.started_at_ms, None);
        assert!(kept.last_error.unwrap().contains("/name"));
        let started = runs::Entity::find().all(&db).await.unwrap();
        let started: Vec<&str> = started.iter().map(|run| run.workflow.as_str()).collect();
        assert_eq!(started, ["nobodys"]);
    })
    .await;
}
