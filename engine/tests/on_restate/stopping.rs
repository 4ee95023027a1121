//! A worker that is told to stop, on a real Restate server.

use std::sync::Arc;
use std::time::Duration;

use crate::door::{Door, Visit, Visitor};
use crate::real::{Real, free_address};
use engine::tables::RunStatus;
use engine::testing::Alone;
use engine::{Failure, Registry, Workflow, WorkflowContext};
use jiff::Timestamp;

/// Each of them may be the one that Restate cannot send.
const SLEEPERS: usize = 8;
/// Longer than a worker keeps the connection of a run that waits.
const SLEEPS: Duration = Duration::from_millis(2_000);
const BEFORE_IT_WAKES: Duration = Duration::from_millis(1_300);
/// Until after that.
const STAYS_MS: u64 = 1_500;

/// Sleeps, then visits.
struct Sleeper(Arc<Visit>);

impl Workflow for Sleeper {
    const NAME: &'static str = "sleeper";
    type Input = Visitor;
    type Output = ();

    async fn run(&self, cx: &WorkflowContext<'_>, visitor: Visitor) -> Result<(), Failure> {
        let until = cx.now().await? + SLEEPS;
        cx.sleep("a while", until).await?;
        cx.step(&self.0, visitor).await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_attempt_ends_in_a_stopping_worker_though_others_wake_there() {
    let door = Arc::<Door>::default();
    let visit = Arc::new(Visit(door.clone()));
    let registry = Registry::new()
        .workflow(Alone(visit.clone()))
        .workflow(Sleeper(visit));
    let real = Real::start(registry.clone()).await;
    let address = free_address();
    let other = real.another_worker(registry.clone(), address).await;

    let began = Timestamp::now();
    let mut runs = Vec::new();
    for number in 0..SLEEPERS {
        let short = Visitor::new("short", "", 1);
        let key = number.to_string();
        let started = real.client.start::<Sleeper>(&key, &short);
        runs.push(started.await.unwrap().run_id);
    }
    for run in &runs {
        real.until(run, |run| run.status == RunStatus::Waiting)
            .await;
    }
    let passed = Duration::try_from(Timestamp::now().duration_since(began)).unwrap();
    tokio::time::sleep(BEFORE_IT_WAKES.saturating_sub(passed)).await;
    runs.push(real.visit("long", "", STAYS_MS).await);
    door.until_entered(1).await;
    other.stop().await;

    let other = real.another_worker(registry, address).await;
    for run in &runs {
        real.until(run, |run| run.status == RunStatus::Completed)
            .await;
    }
    let entered = door.entered();
    let long = entered.iter().filter(|(who, _)| who == "long").count();
    assert_eq!((long, entered.len()), (1, 1 + SLEEPERS), "{entered:?}");
    other.stop().await;
    real.stop().await;
}
