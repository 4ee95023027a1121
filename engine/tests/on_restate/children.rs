//! Child runs on a real Restate server: how many at once, and what a killed parent leaves behind.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::door::{Door, Visit, Visitor, one_at_once, registry};
use crate::real::Real;
use engine::operations::Verb;
use engine::tables::RunStatus;
use engine::testing::Alone;
use engine::{Actor, Failure, Operations, Registry, Workflow, WorkflowContext};
use tokio_util::sync::CancellationToken;

const AT_ONCE: usize = 2;
const VISITORS: usize = 6;
/// Longer than the test.
const LONG_MS: u64 = 60_000;
/// As `flywheel up` does.
const RECONCILED_EVERY: Duration = Duration::from_secs(3);

/// Sends visitors.
struct Group;

impl Workflow for Group {
    const NAME: &'static str = "group";
    type Input = Vec<Visitor>;
    type Output = usize;

    async fn run(
        &self,
        cx: &WorkflowContext<'_>,
        visitors: Vec<Visitor>,
    ) -> Result<usize, Failure> {
        let results = cx.children::<Alone<Visit>>(visitors, AT_ONCE).await?;
        Ok(results.iter().filter(|result| result.is_ok()).count())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_more_children_run_at_once_than_may() {
    let door = Arc::<Door>::default();
    let alone = Alone(Arc::new(Visit(door.clone())));
    let real = Real::start(Registry::new().workflow(alone).workflow(Group)).await;
    let visitors: Vec<Visitor> = (0..VISITORS)
        .map(|number| Visitor::new(&number.to_string(), "", 150))
        .collect();
    let group = real.client.start::<Group>("group", &visitors).await;
    let ended = real.ended(&group.unwrap().run_id).await;
    assert_eq!(ended.run.output.as_deref(), Some("6"));
    assert_eq!(door.entered().len(), VISITORS);
    assert_eq!(door.most_at_once(), AT_ONCE);
    real.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_child_of_a_killed_run_gives_its_permit_back() {
    let door = Arc::<Door>::default();
    let registry = registry(&door, "door", one_at_once("door")).workflow(Group);
    let real = Real::start(registry.clone()).await;
    let visitors = vec![Visitor::new("first", "", LONG_MS)];
    let group = real.client.start::<Group>("group", &visitors);
    let group = group.await.unwrap().run_id;
    door.until_entered(1).await;
    let next = real.visit("next", "", 1).await;
    real.until(&next, |run| run.status == RunStatus::Waiting)
        .await;

    let stop = CancellationToken::new();
    let (reconciler, stopped) = (real.reconciler(), stop.clone());
    let passes = tokio::spawn(async move { reconciler.run(RECONCILED_EVERY, stopped).await });
    let admin = real.stage.restate.admin().clone();
    let operations =
        Operations::new(real.db.clone(), real.client.clone(), admin, registry).unwrap();
    let by = Actor {
        who: "ada".to_owned(),
        why: None,
    };
    let since = Instant::now();
    operations.apply(&group, &Verb::Kill, &by).await.unwrap();
    real.until(&next, |run| run.status == RunStatus::Completed)
        .await;
    let took = since.elapsed();
    assert!(took < Duration::from_secs(10), "it took {took:?}");
    let child = real.ended(&format!("{group}.1")).await;
    assert_eq!(child.run.error_code.as_deref(), Some("run_killed"));
    stop.cancel();
    passes.await.unwrap();
    real.stop().await;
}
