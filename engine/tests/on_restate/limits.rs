//! Limits across runs, on a real Restate server: how many at once, how many in a time, first come,
//! first served, and what a killed run leaves behind.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::real::Real;
use engine::limits::{LimitRule, Limits, places};
use engine::operations::Verb;
use engine::policy::PolicyOverride;
use engine::registry::StepInfo;
use engine::tables::RunStatus;
use engine::testing::Alone;
use engine::{Actor, Client, Operations, Registry, Step, StepContext, StepError};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Begins and ends of visits, in order.
#[derive(Default)]
struct Door(Mutex<Vec<(String, bool, Timestamp)>>);

impl Door {
    fn note(&self, who: &str, is_in: bool) {
        let mut log = self.0.lock().unwrap();
        log.push((who.to_owned(), is_in, Timestamp::now()));
    }

    fn entered(&self) -> Vec<(String, Timestamp)> {
        let log = self.0.lock().unwrap();
        let entered = log.iter().filter(|(_, is_in, _)| *is_in);
        entered.map(|(who, _, at)| (who.clone(), *at)).collect()
    }

    fn most_at_once(&self) -> usize {
        let (mut now, mut most) = (0, 0);
        for (_, is_in, _) in self.0.lock().unwrap().iter() {
            now = if *is_in { now + 1 } else { now - 1 };
            most = most.max(now);
        }
        most
    }
}

struct Visit(Arc<Door>);

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct Visitor {
    who: String,
    house: String,
    ms: u64,
}

impl Step for Visit {
    const NAME: &'static str = "visit";
    type Input = Visitor;
    type Output = ();

    async fn run(&self, _cx: &StepContext, visitor: Visitor) -> Result<(), StepError> {
        self.0.note(&visitor.who, true);
        tokio::time::sleep(Duration::from_millis(visitor.ms)).await;
        self.0.note(&visitor.who, false);
        Ok(())
    }
}

fn registry(door: &Arc<Door>, limit: &'static str, rule: LimitRule) -> Registry {
    let needs = PolicyOverride {
        limits: Some(vec![limit.into()]),
        ..PolicyOverride::default()
    };
    Registry::new()
        .steps([StepInfo::of::<Visit>()])
        .workflow(Alone(Arc::new(Visit(door.clone()))))
        .configured(
            &BTreeMap::from([("visit".to_owned(), needs)]),
            Limits::from_iter([rule]),
        )
        .unwrap()
}

async fn visit(client: &Client, who: &str, house: &str, ms: u64) -> String {
    let visitor = Visitor {
        who: who.to_owned(),
        house: house.to_owned(),
        ms,
    };
    client
        .start::<Alone<Visit>>(who, &visitor)
        .await
        .unwrap()
        .run_id
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_limit_lets_so_many_act_at_once_first_come_first_served() {
    let door = Arc::<Door>::default();
    let rule = LimitRule {
        pattern: "house:*".to_owned(),
        at_once: Some(1),
        rate: None,
    };
    let real = Real::start(registry(&door, "house:{house}", rule)).await;
    let mut runs = Vec::new();
    for who in ["a", "b", "c", "d"] {
        let run = visit(&real.client, who, "red", 300).await;
        // In line, or inside.
        while !places(&real.db, Some("house:red"))
            .await
            .unwrap()
            .iter()
            .any(|place| place.run_id == run)
        {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        runs.push(run);
    }
    // Another key is another limit.
    runs.push(visit(&real.client, "e", "blue", 10).await);
    let waits = real
        .until(&runs[3], |run| run.status == RunStatus::Waiting)
        .await;
    let reason = waits.waiting_reason.unwrap();
    assert!(reason.contains("in the line for house:red"), "{reason}");
    for run in &runs {
        real.until(run, |run| run.status == RunStatus::Completed)
            .await;
    }
    let entered = door.entered();
    let red: Vec<&str> = entered
        .iter()
        .map(|(who, _)| who.as_str())
        .filter(|who| *who != "e")
        .collect();
    assert_eq!(red, ["a", "b", "c", "d"]);
    assert!(door.most_at_once() <= 2, "one for each house");
    assert_eq!(places(&real.db, None).await.unwrap(), []);
    real.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_run_gives_its_permit_back() {
    let door = Arc::<Door>::default();
    let rule = LimitRule {
        pattern: "door".to_owned(),
        at_once: Some(1),
        rate: None,
    };
    let registry = registry(&door, "door", rule);
    let real = Real::start(registry.clone()).await;
    let first = visit(&real.client, "first", "", 60_000).await;
    while door.entered().is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let second = visit(&real.client, "second", "", 1).await;
    let waiting = |run: &engine::tables::runs::Model| run.status == RunStatus::Waiting;
    real.until(&second, waiting).await;
    let third = visit(&real.client, "third", "", 60_000).await;
    real.until(&third, waiting).await;

    // From outside, and nobody tells us: the reconciler finds it.
    let row = real.until(&first, |run| run.invocation_id.is_some()).await;
    real.end_invocation(&row.invocation_id.unwrap(), "kill")
        .await;
    let reconciler = real.reconciler();
    for _ in 0..100 {
        reconciler.pass().await.unwrap();
        if real.until(&second, |_| true).await.status == RunStatus::Completed {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(
        real.until(&second, |_| true).await.status,
        RunStatus::Completed
    );

    // With our own verb: at once.
    let admin = real.stage.restate.admin().clone();
    let operations =
        Operations::new(real.db.clone(), real.client.clone(), admin, registry).unwrap();
    let fourth = visit(&real.client, "fourth", "", 1).await;
    real.until(&fourth, waiting).await;
    let by = Actor {
        who: "ada".to_owned(),
        why: None,
    };
    operations.apply(&third, &Verb::Kill, &by).await.unwrap();
    real.until(&fourth, |run| run.status == RunStatus::Completed)
        .await;
    real.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rate_keeps_beginnings_apart_and_in_order() {
    let door = Arc::<Door>::default();
    let rule = LimitRule {
        pattern: "api".to_owned(),
        at_once: None,
        rate: Some("5/s".parse().unwrap()),
    };
    let real = Real::start(registry(&door, "api", rule)).await;
    let mut runs = Vec::new();
    for number in 0..8 {
        runs.push(visit(&real.client, &format!("v{number}"), "", 1).await);
    }
    for run in &runs {
        real.until(run, |run| run.status == RunStatus::Completed)
            .await;
    }
    let mut at: Vec<Timestamp> = door.entered().into_iter().map(|(_, at)| at).collect();
    at.sort();
    let all = at[7].duration_since(at[0]).as_secs_f64();
    assert!(all >= 1.35, "eight beginnings at 5/s within {all} s");
    real.stop().await;
}
