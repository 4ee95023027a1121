//! What people do to runs, on a real Restate server: park and resolve, hold and release, cancel, kill,
//! rerun; and what is left of it in the tables.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::real::Real;
use engine::operations::{Applied, OperationError, Rerun, Resolution, Verb};
use engine::policy::OnExhausted;
use engine::registry::StepInfo;
use engine::tables::RunStatus;
use engine::{
    Actor, Failure, Operations, Policy, Registry, Step, StepContext, StepError, Workflow,
    WorkflowContext,
};
use jiff::SignedDuration;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// What was done, in order, and which things are broken.
#[derive(Default)]
struct World {
    log: Mutex<Vec<String>>,
    broken: Mutex<BTreeMap<String, Broken>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Broken {
    Fails,
    Vanishes,
}

impl World {
    fn log(&self) -> Vec<String> {
        self.log.lock().unwrap().clone()
    }

    fn set(&self, what: &str, broken: Option<Broken>) {
        let mut all = self.broken.lock().unwrap();
        match broken {
            Some(broken) => all.insert(what.to_owned(), broken),
            None => all.remove(what),
        };
    }
}

/// Does what its input says, unless that is broken. `NAME` makes several steps of it.
struct Do<const N: usize>(Arc<World>);

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct Order {
    what: String,
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct Receipt {
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
        let broken = self.0.broken.lock().unwrap().get(&thing).copied();
        match broken {
            Some(Broken::Fails) => Err(StepError::retry("broken", "it is broken")),
            Some(Broken::Vanishes) => Err(StepError::unknown("vanished", "no answer came")),
            None => {
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
struct Buy(Arc<World>);

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

/// Buys several things; says how many of them came.
struct BuyAll;

impl Workflow for BuyAll {
    const NAME: &'static str = "buy_all";
    type Input = Vec<Order>;
    type Output = usize;

    async fn run(&self, cx: &WorkflowContext<'_>, orders: Vec<Order>) -> Result<usize, Failure> {
        let bought = cx.children::<Buy>(orders, 2).await?;
        Ok(bought.iter().filter(|result| result.is_ok()).count())
    }
}

fn registry(world: &Arc<World>) -> Registry {
    Registry::new()
        .steps([
            StepInfo::of::<Do<0>>(),
            StepInfo::of::<Do<1>>(),
            StepInfo::of::<Do<2>>(),
            StepInfo::of::<Do<3>>(),
        ])
        .workflow(Buy(world.clone()))
        .workflow(BuyAll)
}

struct Shop {
    real: Real,
    world: Arc<World>,
    operations: Operations,
}

impl Shop {
    async fn open() -> Self {
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

    async fn buy(&self, what: &str) -> String {
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

    async fn apply(&self, run_id: &str, verb: Verb) -> Result<Applied, OperationError> {
        let by = Actor {
            who: "ada".to_owned(),
            why: Some("a test".to_owned()),
        };
        self.operations.apply(run_id, &verb, &by).await
    }

    async fn resolve(&self, run_id: &str, resolution: Resolution) -> Result<Applied, String> {
        let resolved = self.apply(run_id, Verb::Resolve(resolution)).await;
        resolved.map_err(|error| error.to_string())
    }

    async fn is(&self, run_id: &str, status: RunStatus) -> engine::tables::runs::Model {
        self.real.until(run_id, |run| run.status == status).await
    }

    async fn output(&self, run_id: &str) -> Value {
        let run = self.is(run_id, RunStatus::Completed).await;
        serde_json::from_str(run.output.as_deref().unwrap()).unwrap()
    }

    async fn rerun(&self, run_id: &str, rerun: Rerun) -> String {
        match self.apply(run_id, Verb::Rerun(rerun)).await.unwrap() {
            Applied::Rerun { run_id } => run_id,
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_parked_run_goes_on_as_a_person_decides() {
    let shop = Shop::open().await;
    for what in ["a", "b", "c"] {
        shop.world
            .set(&format!("charge {what}"), Some(Broken::Fails));
    }
    let [a, b, c] = [
        shop.buy("a").await,
        shop.buy("b").await,
        shop.buy("c").await,
    ];
    for run in [&a, &b, &c] {
        let parked = shop.is(run, RunStatus::Parked).await;
        assert_eq!(
            parked.waiting_reason.as_deref(),
            Some("charge: broken: it is broken")
        );
    }

    let odd = Resolution::Skip {
        output: json!({ "number": "seven" }),
    };
    let refused = shop.resolve(&b, odd).await.unwrap_err();
    assert!(
        refused.contains("output does not fit charge: /number"),
        "{refused}"
    );
    assert_eq!(shop.is(&b, RunStatus::Parked).await.id, b);

    shop.world.set("charge a", None);
    shop.resolve(&a, Resolution::Retry).await.unwrap();
    shop.resolve(
        &b,
        Resolution::Skip {
            output: json!({ "number": 700 }),
        },
    )
    .await
    .unwrap();
    let reason = "the card is gone".to_owned();
    shop.resolve(&c, Resolution::Fail { reason }).await.unwrap();

    assert_eq!(shop.output(&a).await.as_array().unwrap().len(), 3);
    assert_eq!(shop.output(&b).await[1], 700);
    let failed = shop.is(&c, RunStatus::Failed).await;
    assert_eq!(failed.error_code.as_deref(), Some("broken"));
    let said = failed.error_message.unwrap();
    assert_eq!(said, "it is broken; given up: the card is gone");

    let again = shop.resolve(&a, Resolution::Retry).await.unwrap_err();
    assert!(again.contains("is completed"), "{again}");
    let audit = engine::operations::history(&shop.real.db, Some(&b), 10)
        .await
        .unwrap();
    let rows: Vec<_> = audit
        .iter()
        .map(|row| (row.verb.as_str(), row.who.as_str()))
        .collect();
    assert_eq!(rows, [("resolve", "ada"), ("resolve", "ada")]);
    assert!(audit[1].result.contains("does not fit"), "{:?}", audit[1]);
    shop.real.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_held_run_begins_nothing_until_it_is_released() {
    let shop = Shop::open().await;
    let run = shop.buy("a").await;
    shop.real
        .until(&run, |run| run.status == RunStatus::Waiting)
        .await;
    shop.apply(&run, Verb::Hold).await.unwrap();
    assert_eq!(shop.is(&run, RunStatus::Held).await.id, run);
    tokio::time::sleep(Duration::from_millis(900)).await;
    assert_eq!(shop.world.log(), ["prepare a"]);
    let held = shop.is(&run, RunStatus::Held).await;
    assert_eq!(held.waiting_reason.as_deref(), Some("charge: held"));
    shop.apply(&run, Verb::Release).await.unwrap();
    shop.output(&run).await;

    // Released before it noticed: its timer goes on as if nothing had been.
    let brief = shop.buy("b").await;
    shop.real
        .until(&brief, |run| run.status == RunStatus::Waiting)
        .await;
    shop.apply(&brief, Verb::Hold).await.unwrap();
    shop.apply(&brief, Verb::Release).await.unwrap();
    shop.output(&brief).await;

    // A parent holds its children.
    let orders: Vec<Order> = ["c", "d"]
        .map(|what| Order {
            what: what.to_owned(),
        })
        .to_vec();
    let parent = shop
        .real
        .client
        .start::<BuyAll>("all", &orders)
        .await
        .unwrap()
        .run_id;
    let child = format!("{parent}.1");
    shop.real
        .until(&child, |run| run.status == RunStatus::Waiting)
        .await;
    shop.apply(&parent, Verb::Hold).await.unwrap();
    assert_eq!(shop.is(&child, RunStatus::Held).await.id, child);
    shop.apply(&parent, Verb::Release).await.unwrap();
    assert_eq!(shop.output(&parent).await, 2);
    shop.real.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancelled_run_undoes_what_it_registered_and_a_killed_one_nothing() {
    let shop = Shop::open().await;
    for what in ["a", "b"] {
        shop.world.set(&format!("ship {what}"), Some(Broken::Fails));
    }
    let [cancelled, killed] = [shop.buy("a").await, shop.buy("b").await];
    for run in [&cancelled, &killed] {
        shop.is(run, RunStatus::Parked).await;
    }
    assert_eq!(
        shop.apply(&cancelled, Verb::Cancel).await.unwrap(),
        Applied::Cancelling
    );
    assert_eq!(
        shop.apply(&killed, Verb::Kill).await.unwrap(),
        Applied::Killed
    );
    assert_eq!(shop.is(&killed, RunStatus::Killed).await.id, killed);
    let ended = shop.is(&cancelled, RunStatus::Cancelled).await;
    assert_eq!(ended.error_code.as_deref(), Some("run_cancelled"));
    let log = shop.world.log();
    assert!(log.contains(&"refund a".to_owned()), "{log:?}");
    assert!(!log.contains(&"refund b".to_owned()), "{log:?}");
    let again = shop
        .apply(&killed, Verb::Kill)
        .await
        .unwrap_err()
        .to_string();
    assert!(again.contains("rerun"), "{again}");
    shop.real.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_end_is_parked_and_goes_on_when_a_person_allows_it() {
    let shop = Shop::open().await;
    shop.world.set("charge a", Some(Broken::Vanishes));
    let run = shop.buy("a").await;
    let parked = shop.is(&run, RunStatus::Parked).await;
    let reason = parked.waiting_reason.unwrap();
    assert_eq!(reason, "charge: publish_unknown: vanished: no answer came");
    assert_eq!(parked.error_code.as_deref(), Some("publish_unknown"));
    shop.world.set("charge a", None);
    shop.resolve(&run, Resolution::Retry).await.unwrap();
    assert_eq!(shop.output(&run).await, json!([1, 2, 3]));
    shop.real.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rerun_goes_on_from_a_step_with_what_was_edited() {
    let shop = Shop::open().await;
    let first = shop.buy("a").await;
    assert_eq!(shop.output(&first).await, json!([1, 2, 3]));

    let from_ship = Rerun {
        from: Some("ship".to_owned()),
        input: Some(json!({ "what": "another" })),
        ..Rerun::default()
    };
    let second = shop.rerun(&first, from_ship).await;
    assert_eq!(shop.output(&second).await, json!([1, 2, 4]));
    assert_eq!(shop.world.log().last().unwrap(), "ship another");

    // Of a rerun, and with an output: charge is not executed, ship is.
    let behind_charge = Rerun {
        from: Some("charge".to_owned()),
        output: Some(json!({ "number": 70 })),
        ..Rerun::default()
    };
    let third = shop.rerun(&second, behind_charge).await;
    assert_eq!(shop.output(&third).await, json!([1, 70, 5]));

    let all = shop.rerun(&third, Rerun::default()).await;
    assert_eq!(shop.output(&all).await, json!([6, 7, 8]));
    let row = shop.is(&all, RunStatus::Completed).await;
    assert_eq!(row.rerun_of.as_deref(), Some(third.as_str()));

    let nowhere = Rerun {
        from: Some("wrap".to_owned()),
        ..Rerun::default()
    };
    let refused = shop
        .apply(&first, Verb::Rerun(nowhere))
        .await
        .unwrap_err()
        .to_string();
    assert!(
        refused.contains("it has: prepare, charge, ship"),
        "{refused}"
    );
    shop.real.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_the_failed_children_of_a_batch_are_run_again() {
    let shop = Shop::open().await;
    shop.world.set("charge b", Some(Broken::Fails));
    let orders: Vec<Order> = ["a", "b", "c"]
        .map(|what| Order {
            what: what.to_owned(),
        })
        .to_vec();
    let batch = shop
        .real
        .client
        .start::<BuyAll>("all", &orders)
        .await
        .unwrap()
        .run_id;
    let child = format!("{batch}.2");
    shop.is(&child, RunStatus::Parked).await;
    let reason = "not today".to_owned();
    shop.resolve(&child, Resolution::Fail { reason })
        .await
        .unwrap();
    assert_eq!(shop.output(&batch).await, 2);

    shop.world.set("charge b", None);
    let before = shop.world.log().len();
    let failed_only = Rerun {
        failed_children: true,
        ..Rerun::default()
    };
    let again = shop.rerun(&batch, failed_only.clone()).await;
    assert_eq!(shop.output(&again).await, 3);
    assert_eq!(
        shop.world.log()[before..],
        ["prepare b", "charge b", "ship b"]
    );
    let nothing = shop
        .apply(&again, Verb::Rerun(failed_only))
        .await
        .unwrap_err()
        .to_string();
    assert!(nothing.contains("no failed child runs"), "{nothing}");
    shop.real.stop().await;
}
