//! A shop on a real Restate server, for what people do to runs: things to buy, and things that break.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use engine::operations::{Applied, OperationError, Rerun, Resolution, Verb};
use engine::policy::OnExhausted;
use engine::registry::StepInfo;
use engine::runs::Filter;
use engine::tables::RunStatus;
use engine::{
    Actor, Failure, Operations, Policy, Registry, Step, StepContext, StepError, Workflow,
    WorkflowContext,
};
use jiff::SignedDuration;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::real::Real;

/// What was done, in order, and which things are broken.
#[derive(Default)]
pub(super) struct World {
    log: Mutex<Vec<String>>,
    broken: Mutex<BTreeMap<String, Broken>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Broken {
    Fails,
    Vanishes,
    /// It takes until it is so no more.
    Lasts,
}

impl World {
    pub(super) fn log(&self) -> Vec<String> {
        self.log.lock().unwrap().clone()
    }

    pub(super) fn set(&self, what: &str, broken: Option<Broken>) {
        let mut all = self.broken.lock().unwrap();
        match broken {
            Some(broken) => all.insert(what.to_owned(), broken),
            None => all.remove(what),
        };
    }

    fn of(&self, what: &str) -> Option<Broken> {
        self.broken.lock().unwrap().get(what).copied()
    }
}

/// Does what its input says, unless that is broken. `NAME` makes several steps of it.
pub(super) struct Do<const N: usize>(Arc<World>);

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub(super) struct Order {
    pub(super) what: String,
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub(super) struct Receipt {
    number: u32,
}

const NAMES: [&str; 4] = ["prepare", "charge", "ship", "refund"];

impl<const N: usize> Step for Do<N> {
    const NAME: &'static str = NAMES[N];
    type Input = Order;
    type Output = Receipt;

    fn policy() -> Policy {
        Policy {
            max_attempts: 1,
            on_exhausted: OnExhausted::Park,
            ..Policy::default()
        }
    }

    async fn run(&self, _cx: &StepContext, order: Order) -> Result<Receipt, StepError> {
        let thing = format!("{} {}", Self::NAME, order.what);
        while self.0.of(&thing) == Some(Broken::Lasts) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        match self.0.of(&thing) {
            Some(Broken::Fails) => Err(StepError::retry("broken", "it is broken")),
            Some(Broken::Vanishes) => Err(StepError::unknown("vanished", "no answer came")),
            Some(Broken::Lasts) | None => {
                let mut log = self.0.log.lock().unwrap();
                log.push(thing);
                Ok(Receipt {
                    number: u32::try_from(log.len()).unwrap(),
                })
            }
        }
    }
}

/// Prepares, waits a little, charges, ships.
pub(super) struct Buy(Arc<World>);

impl Workflow for Buy {
    const NAME: &'static str = "buy";
    type Input = Order;
    type Output = Vec<u32>;

    async fn run(&self, cx: &WorkflowContext<'_>, order: Order) -> Result<Vec<u32>, Failure> {
        let world = &self.0;
        let prepared = cx
            .step(&Arc::new(Do::<0>(world.clone())), order.clone())
            .await?;
        let at = cx.now().await? + SignedDuration::from_millis(400);
        cx.sleep("a little", at).await?;
        cx.on_cancel(&Arc::new(Do::<3>(world.clone())), order.clone());
        let charged = cx
            .step(&Arc::new(Do::<1>(world.clone())), order.clone())
            .await?;
        let shipped = cx.step(&Arc::new(Do::<2>(world.clone())), order).await?;
        Ok(vec![prepared.number, charged.number, shipped.number])
    }
}

/// Ships even if it cannot charge, and fails with that.
pub(super) struct Ship(Arc<World>);

impl Workflow for Ship {
    const NAME: &'static str = "ship_anyway";
    type Input = Order;
    type Output = ();

    async fn run(&self, cx: &WorkflowContext<'_>, order: Order) -> Result<(), Failure> {
        let world = &self.0;
        cx.on_cancel(&Arc::new(Do::<3>(world.clone())), order.clone());
        let charge = Arc::new(Do::<1>(world.clone()));
        let Err(failure) = cx.step(&charge, order.clone()).await else {
            return Ok(());
        };
        // Whatever comes of this, the failure to tell of is the first one.
        let _ = cx.step(&Arc::new(Do::<2>(world.clone())), order).await;
        Err(failure.in_doubt())
    }
}

/// Buys several things; says how many of them came.
pub(super) struct BuyAll;

impl Workflow for BuyAll {
    const NAME: &'static str = "buy_all";
    type Input = Vec<Order>;
    type Output = usize;

    async fn run(&self, cx: &WorkflowContext<'_>, orders: Vec<Order>) -> Result<usize, Failure> {
        let bought = cx.children::<Buy>(orders, 2).await?;
        Ok(bought.iter().filter(|result| result.is_ok()).count())
    }
}

pub(super) fn registry(world: &Arc<World>) -> Registry {
    Registry::new()
        .steps([
            StepInfo::of::<Do<0>>(),
            StepInfo::of::<Do<1>>(),
            StepInfo::of::<Do<2>>(),
            StepInfo::of::<Do<3>>(),
        ])
        .workflow(Buy(world.clone()))
        .workflow(Ship(world.clone()))
        .workflow(BuyAll)
}

pub(super) struct Shop {
    pub(super) real: Real,
    pub(super) world: Arc<World>,
    operations: Operations,
}

impl Shop {
    pub(super) async fn open() -> Self {
        let world = Arc::<World>::default();
        let real = Real::start(registry(&world)).await;
        let admin = real.stage.restate.admin().clone();
        let operations = Operations::new(
            real.db.clone(),
            real.client.clone(),
            admin,
            registry(&world),
        )
        .unwrap();
        Self {
            real,
            world,
            operations,
        }
    }

    pub(super) async fn buy(&self, what: &str) -> String {
        let order = Order {
            what: what.to_owned(),
        };
        self.real
            .client
            .start::<Buy>(what, &order)
            .await
            .unwrap()
            .run_id
    }

    pub(super) async fn apply(&self, run_id: &str, verb: Verb) -> Result<Applied, OperationError> {
        let by = Actor {
            who: "ada".to_owned(),
            why: Some("a test".to_owned()),
        };
        self.operations.apply(run_id, &verb, &by).await
    }

    /// Does it to all of these runs with one call.
    pub(super) async fn apply_to_all(
        &self,
        run_ids: &[String],
        verb: Verb,
    ) -> BTreeMap<String, Applied> {
        let by = Actor {
            who: "ada".to_owned(),
            why: Some("a test".to_owned()),
        };
        let filter = Filter {
            ids: run_ids.to_vec(),
            ..Filter::default()
        };
        let results = self.operations.apply_to_all(&filter, &verb, &by).await;
        let results = results.unwrap().into_iter();
        results
            .map(|(run_id, result)| (run_id, result.unwrap()))
            .collect()
    }

    pub(super) async fn resolve(
        &self,
        run_id: &str,
        resolution: Resolution,
    ) -> Result<Applied, String> {
        let resolved = self.apply(run_id, Verb::Resolve(resolution)).await;
        resolved.map_err(|error| error.to_string())
    }

    pub(super) async fn is(&self, run_id: &str, status: RunStatus) -> engine::tables::runs::Model {
        self.real.until(run_id, |run| run.status == status).await
    }

    pub(super) async fn output(&self, run_id: &str) -> Value {
        let run = self.is(run_id, RunStatus::Completed).await;
        serde_json::from_str(run.output.as_deref().unwrap()).unwrap()
    }

    pub(super) async fn rerun(&self, run_id: &str, rerun: Rerun) -> String {
        match self.apply(run_id, Verb::Rerun(rerun)).await.unwrap() {
            Applied::Rerun { run_id } => run_id,
            other => panic!("{other:?}"),
        }
    }
}
