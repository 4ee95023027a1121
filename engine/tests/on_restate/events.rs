//! Events on a real Restate server: what they start, who waits for them, and that none is lost.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::real::Real;
use engine::operations::{Applied, Operations, Rerun, Verb};
use engine::registry::StepInfo;
use engine::tables::{RunStatus, engine_events};
use engine::{
    Actor, Failure, NewEvent, Registry, Step, StepContext, StepError, Trigger, Workflow,
    WorkflowContext,
};
use jiff::Timestamp;
use sea_orm::{ConnectionTrait as _, EntityTrait as _, Set};
use serde_json::{Value, json};

/// Waits for so many approvals of a thing, for so long each, and gives what came.
struct Approvals;

impl Workflow for Approvals {
    const NAME: &'static str = "approvals";
    type Input = (String, u32, u64);
    type Output = Vec<Option<Value>>;

    async fn run(
        &self,
        cx: &WorkflowContext<'_>,
        (thing, count, ms): (String, u32, u64),
    ) -> Result<Vec<Option<Value>>, Failure> {
        let mut came = Vec::new();
        for _ in 0..count {
            let timeout = Duration::from_millis(ms);
            came.push(cx.wait_for_event("approved", &thing, timeout).await?);
        }
        Ok(came)
    }
}

/// Started by events.
struct Greet;

impl Workflow for Greet {
    const NAME: &'static str = "greet";
    type Input = Value;
    type Output = Value;

    async fn run(&self, _cx: &WorkflowContext<'_>, input: Value) -> Result<Value, Failure> {
        Ok(input)
    }
}

const TRIGGERS: [Trigger; 2] = [
    Trigger::of::<Greet>("arrived", Some(|guest| format!("guest/{guest}"))),
    Trigger::of::<Greet>("rang", None),
];

fn registry() -> Registry {
    Registry::new()
        .workflow(Approvals)
        .workflow(Greet)
        .triggers(TRIGGERS)
}

async fn house() -> Real {
    let mut real = Real::start(registry()).await;
    real.client = real.client.clone().with_triggers(&TRIGGERS);
    real
}

fn event(id: Option<&str>, name: &str, key: &str, data: Value) -> NewEvent {
    NewEvent {
        id: id.map(str::to_owned),
        name: name.to_owned(),
        key: key.to_owned(),
        data,
    }
}

/// As a crash between accept and start leaves it.
async fn accepted(real: &Real, id: &str, name: &str, key: &str, accepted_at_ms: i64) {
    let row = engine_events::ActiveModel {
        id: Set(id.to_owned()),
        name: Set(name.to_owned()),
        key: Set(key.to_owned()),
        data: Set("7".to_owned()),
        accepted_at_ms: Set(accepted_at_ms),
        ..Default::default()
    };
    let insert = engine_events::Entity::insert(row);
    insert.exec(&real.db).await.unwrap();
}

fn now_ms() -> i64 {
    Timestamp::now().as_millisecond()
}

async fn output(real: &Real, run_id: &str) -> Value {
    let run = real
        .until(run_id, |run| run.status == RunStatus::Completed)
        .await;
    serde_json::from_str(&run.output.unwrap()).unwrap()
}

async fn wait_for_approvals(real: &Real, thing: &str, count: u32, ms: u64) -> String {
    let input = (thing.to_owned(), count, ms);
    let started = real.client.start::<Approvals>(thing, &input).await.unwrap();
    started.run_id
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_gets_the_events_it_waits_for_each_once() {
    let real = house().await;
    let run = wait_for_approvals(&real, "x", 3, 60_000).await;
    let waiting = real
        .until(&run, |run| run.status == RunStatus::Waiting)
        .await;
    assert_eq!(waiting.waiting_reason.as_deref(), Some("event approved x"));
    let send = async |id, data: Value| {
        let event = event(Some(id), "approved", "x", data);
        real.client.send_event(event).await.unwrap()
    };
    assert!(!send("e1", json!({ "by": "ada" })).await.existed);
    assert!(send("e1", json!({ "by": "ada" })).await.existed);
    // Of something else.
    let other = event(None, "approved", "y", json!(0));
    real.client.send_event(other).await.unwrap();
    // Perhaps before the run waits for them.
    send("e2", json!({ "by": "bob" })).await;
    send("e3", json!(null)).await;
    let came = output(&real, &run).await;
    assert_eq!(came, json!([{ "by": "ada" }, { "by": "bob" }, null]));

    let late = wait_for_approvals(&real, "z", 1, 300).await;
    assert_eq!(output(&real, &late).await, json!([null]));
    real.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_starts_what_the_table_says_once_for_each_key() {
    let real = house().await;
    for (id, name) in [("g1", "ada"), ("g2", "ada"), ("g3", "bob")] {
        let sent = real
            .client
            .send_event(event(Some(id), "arrived", name, json!({ "name": name })))
            .await
            .unwrap();
        assert!(!sent.pending);
    }
    for _ in 0..2 {
        let rang = event(None, "rang", "door", json!(1));
        real.client.send_event(rang).await.unwrap();
    }
    let runs = engine::runs::list(&real.db, &engine::runs::Filter::default(), 10)
        .await
        .unwrap();
    let mut keys: Vec<String> = runs.into_iter().filter_map(|run| run.key).collect();
    keys.sort();
    assert_eq!(keys.len(), 4);
    assert!(keys[0].starts_with("event/event_"), "{keys:?}");
    assert_eq!(keys[2..], ["guest/ada", "guest/bob"]);
    real.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_whose_dispatch_died_is_dispatched_by_the_reconciler() {
    let real = house().await;
    let run = wait_for_approvals(&real, "x", 1, 60_000).await;
    real.until(&run, |run| run.status == RunStatus::Waiting)
        .await;
    for (id, name, key) in [("e1", "approved", "x"), ("e2", "arrived", "ada")] {
        accepted(&real, id, name, key, now_ms() - 5_000).await;
    }
    real.reconciler().pass().await.unwrap();
    assert_eq!(output(&real, &run).await, json!([7]));
    let greeted = engine::runs::list(
        &real.db,
        &engine::runs::Filter {
            workflow: Some("greet".to_owned()),
            ..Default::default()
        },
        10,
    )
    .await
    .unwrap();
    assert_eq!(greeted.len(), 1);
    let events = engine::events::list(&real.db, 10).await.unwrap();
    assert!(events.iter().all(|event| event.started_at_ms.is_some()));
    real.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_restate_did_not_hear_is_sent_again() {
    let mut real = house().await;
    let run = wait_for_approvals(&real, "x", 1, 60_000).await;
    real.until(&run, |run| run.status == RunStatus::Waiting)
        .await;
    let admin = real.stage.restate.admin().clone();
    let operations =
        Operations::new(real.db.clone(), real.client.clone(), admin, registry()).unwrap();
    let by = Actor {
        who: "ada".to_owned(),
        why: None,
    };
    operations.apply(&run, &Verb::Hold, &by).await.unwrap();
    real.stage.restate.kill().await.unwrap();
    let sent = real
        .client
        .send_event(event(Some("e1"), "approved", "x", json!(7)))
        .await
        .unwrap();
    assert!(!sent.pending, "it is kept, and will be delivered");
    real.stage.restate.crash_and_restart().await.unwrap();
    operations.apply(&run, &Verb::Release, &by).await.unwrap();
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    real.reconciler().pass().await.unwrap();
    assert_eq!(output(&real, &run).await, json!([7]));
    real.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_that_is_dispatched_late_is_given_once() {
    let real = house().await;
    // By a clock that is ahead, so that the run finds it when it looks back.
    accepted(&real, "e1", "approved", "x", now_ms() + 20_000).await;
    let run = wait_for_approvals(&real, "x", 2, 60_000).await;
    real.until(&run, |run| run.status == RunStatus::Waiting)
        .await;
    let earlier = "UPDATE engine_events SET accepted_at_ms = accepted_at_ms - 30000";
    real.db.execute_unprepared(earlier).await.unwrap();
    real.reconciler().pass().await.unwrap();
    let events = engine::events::list(&real.db, 1).await.unwrap();
    assert!(events[0].started_at_ms.is_some());
    let second = event(Some("e2"), "approved", "x", json!(8));
    real.client.send_event(second).await.unwrap();
    assert_eq!(output(&real, &run).await, json!([7, 8]));
    real.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_that_came_in_time_counts_though_nobody_delivered_it() {
    let real = house().await;
    let run = wait_for_approvals(&real, "x", 2, 3_000).await;
    real.until(&run, |run| run.status == RunStatus::Waiting)
        .await;
    accepted(&real, "e1", "approved", "x", now_ms()).await;
    assert_eq!(output(&real, &run).await, json!([7, null]));
    real.stop().await;
}

/// Fails while it is broken.
struct Act(Arc<AtomicBool>);

impl Step for Act {
    const NAME: &'static str = "act";
    type Input = String;
    type Output = ();

    async fn run(&self, _cx: &StepContext, _thing: String) -> Result<(), StepError> {
        match self.0.load(Ordering::Relaxed) {
            true => Err(StepError::terminal("broken", "it is broken")),
            false => Ok(()),
        }
    }
}

/// Waits for two approvals of a thing, and acts between them.
struct Review(Arc<Act>);

impl Workflow for Review {
    const NAME: &'static str = "review";
    type Input = String;
    type Output = Vec<Option<Value>>;

    async fn run(
        &self,
        cx: &WorkflowContext<'_>,
        thing: String,
    ) -> Result<Vec<Option<Value>>, Failure> {
        let a_minute = Duration::from_secs(60);
        let first = cx.wait_for_event("approved", &thing, a_minute).await?;
        cx.step(&self.0, thing.clone()).await?;
        let second = cx.wait_for_event("approved", &thing, a_minute).await?;
        Ok(vec![first, second])
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rerun_gets_what_came_to_its_run_and_nothing_that_it_took_over() {
    let broken = Arc::new(AtomicBool::new(true));
    let registry = || {
        Registry::new()
            .steps([StepInfo::of::<Act>()])
            .workflow(Review(Arc::new(Act(broken.clone()))))
    };
    let real = Real::start(registry()).await;
    let started = real.client.start::<Review>("x", &"x".to_owned()).await;
    let mut run = started.unwrap().run_id;
    let admin = real.stage.restate.admin().clone();
    let operations =
        Operations::new(real.db.clone(), real.client.clone(), admin, registry()).unwrap();
    let by = Actor {
        who: "ada".to_owned(),
        why: None,
    };
    let send = async |id, data: Value| {
        let event = event(Some(id), "approved", "x", data);
        real.client.send_event(event).await.unwrap();
    };
    send("e1", json!(1)).await;
    real.until(&run, |run| run.status == RunStatus::Failed)
        .await;
    send("e2", json!(2)).await;
    // The first rerun fails as its run did; the second goes on from the first.
    for (is_broken, status) in [(true, RunStatus::Failed), (false, RunStatus::Completed)] {
        broken.store(is_broken, Ordering::Relaxed);
        let rerun = Verb::Rerun(Rerun {
            from: Some("act".to_owned()),
            ..Rerun::default()
        });
        let applied = operations.apply(&run, &rerun, &by).await.unwrap();
        let Applied::Rerun { run_id } = applied else {
            panic!("{applied:?}");
        };
        run = run_id;
        real.until(&run, |run| run.status == status).await;
    }
    assert_eq!(output(&real, &run).await, json!([1, 2]));
    real.stop().await;
}
