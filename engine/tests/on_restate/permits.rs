//! What runs leave behind that were ended from outside, on a real Restate server and every database:
//! nobody waits for a permit of theirs.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::database::on_every_database;
use crate::door::{Door, Visit, Visitor, one_at_once, registry};
use crate::real::Real;
use engine::operations::Verb;
use engine::policy::OnExhausted;
use engine::registry::StepInfo;
use engine::tables::RunStatus;
use engine::tables::runs::Model;
use engine::{
    Actor, Failure, Operations, Policy, Registry, Step, StepContext, StepError, Workflow,
    WorkflowContext,
};
use sea_orm::DatabaseConnection;
use tokio_util::sync::CancellationToken;

/// As `flywheel up` does.
const RECONCILED_EVERY: Duration = Duration::from_secs(3);
/// Longer than the test.
const LONG_MS: u64 = 60_000;

fn is_waiting(run: &Model) -> bool {
    run.status == RunStatus::Waiting
}

fn is_completed(run: &Model) -> bool {
    run.status == RunStatus::Completed
}

async fn apply(real: &Real, registry: Registry, run_id: &str, verb: Verb) {
    let admin = real.stage.restate.admin().clone();
    let operations =
        Operations::new(real.db.clone(), real.client.clone(), admin, registry).unwrap();
    let by = Actor {
        who: "ada".to_owned(),
        why: None,
    };
    operations.apply(run_id, &verb, &by).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_run_gives_its_permit_back_within_ten_seconds() {
    on_every_database(|db| Box::pin(killed(db))).await;
}

async fn killed(db: DatabaseConnection) {
    let door = Arc::<Door>::default();
    let registry = registry(&door, "door", one_at_once("door"));
    let real = Real::on(db, registry.clone()).await;
    let first = real.visit("first", "", LONG_MS).await;
    door.until_entered(1).await;
    let second = real.visit("second", "", 1).await;
    real.until(&second, is_waiting).await;
    let third = real.visit("third", "", LONG_MS).await;
    real.until(&third, is_waiting).await;

    // From outside, and nobody tells us: the reconciler finds it.
    let stop = CancellationToken::new();
    let (reconciler, stopped) = (real.reconciler(), stop.clone());
    let passes = tokio::spawn(async move { reconciler.run(RECONCILED_EVERY, stopped).await });
    let row = real.until(&first, |run| run.invocation_id.is_some()).await;
    let since = Instant::now();
    real.end_invocation(&row.invocation_id.unwrap(), "kill")
        .await;
    real.until(&second, is_completed).await;
    let took = since.elapsed();
    assert!(took < Duration::from_secs(10), "it took {took:?}");
    stop.cancel();
    passes.await.unwrap();

    // With our own verb: at once.
    let fourth = real.visit("fourth", "", 1).await;
    real.until(&fourth, is_waiting).await;
    apply(&real, registry, &third, Verb::Kill).await;
    real.until(&fourth, is_completed).await;
    real.stop().await;
}

/// Waits for a person.
struct Mourn;

impl Step for Mourn {
    const NAME: &'static str = "mourn";
    type Input = ();
    type Output = ();

    fn policy() -> Policy {
        Policy {
            max_attempts: 1,
            on_exhausted: OnExhausted::Park,
            ..Policy::default()
        }
    }

    async fn run(&self, _cx: &StepContext, _input: ()) -> Result<(), StepError> {
        Err(StepError::retry("sad", "not today"))
    }
}

/// A visit that is mourned when it is cancelled.
struct DearVisit(Arc<Visit>);

impl Workflow for DearVisit {
    const NAME: &'static str = "dear_visit";
    type Input = Visitor;
    type Output = ();

    async fn run(&self, cx: &WorkflowContext<'_>, visitor: Visitor) -> Result<(), Failure> {
        cx.on_cancel(&Arc::new(Mourn), ());
        cx.step(&self.0, visitor).await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_is_cancelled_in_line_leaves_it_before_it_undoes_anything() {
    on_every_database(|db| Box::pin(cancelled_in_line(db))).await;
}

async fn cancelled_in_line(db: DatabaseConnection) {
    let door = Arc::<Door>::default();
    let registry = registry(&door, "door", one_at_once("door"))
        .steps([StepInfo::of::<Mourn>()])
        .workflow(DearVisit(Arc::new(Visit(door.clone()))));
    let real = Real::on(db, registry.clone()).await;
    let first = real.visit("first", "", LONG_MS).await;
    door.until_entered(1).await;
    let visitor = Visitor::new("second", "", 1);
    let second = real.client.start::<DearVisit>("second", &visitor).await;
    let second = second.unwrap().run_id;
    real.until(&second, is_waiting).await;
    let third = real.visit("third", "", 1).await;
    real.until(&third, is_waiting).await;
    let line = real.line("door").await;
    assert_eq!(line, [first.as_str(), second.as_str(), third.as_str()]);

    apply(&real, registry.clone(), &second, Verb::Cancel).await;
    real.until(&second, |run| run.status == RunStatus::Parked)
        .await;
    let line = real.line("door").await;
    assert_eq!(line, [first.as_str(), third.as_str()]);
    apply(&real, registry, &first, Verb::Kill).await;
    real.until(&third, is_completed).await;
    assert_eq!(
        real.until(&second, |_| true).await.status,
        RunStatus::Parked
    );
    real.stop().await;
}
