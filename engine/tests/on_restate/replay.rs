//! Open runs and code that changed: the worker compares them before any of them goes on.

use std::sync::Arc;
use std::time::Duration;

use crate::real::Real;
use engine::replay::{Recording, check, diverging};
use engine::tables::RunStatus;
use engine::{
    EngineError, Failure, Registry, RestateUrls, Step, StepContext, StepError, Worker, Workflow,
    WorkflowContext,
};
use jiff::SignedDuration;
use tokio_util::sync::CancellationToken;

struct Named<const N: usize>;

const NAMES: [&str; 3] = ["one", "two", "three"];

impl<const N: usize> Step for Named<N> {
    const NAME: &'static str = NAMES[N];
    type Input = u32;
    type Output = u32;

    async fn run(&self, _cx: &StepContext, n: u32) -> Result<u32, StepError> {
        Ok(n + 1)
    }
}

/// As it was deployed, and as somebody changed it.
struct Story<const VERSION: usize>;

impl<const VERSION: usize> Workflow for Story<VERSION> {
    const NAME: &'static str = "story";
    type Input = u32;
    type Output = u32;

    async fn run(&self, cx: &WorkflowContext<'_>, n: u32) -> Result<u32, Failure> {
        let mut n = n;
        if VERSION == 1 {
            n = cx.step(&Arc::new(Named::<2>), n).await?;
        }
        n = cx.step(&Arc::new(Named::<0>), n).await?;
        if VERSION == 2 {
            return Ok(n);
        }
        let until = cx.now().await? + SignedDuration::from_hours(1);
        cx.sleep("an hour", until).await?;
        // Behind the place where the run is, anything may change.
        if VERSION == 3 {
            n = cx.step(&Arc::new(Named::<2>), n).await?;
        }
        cx.step(&Arc::new(Named::<1>), n).await
    }
}

async fn differences<const VERSION: usize>(real: &Real) -> Vec<String> {
    let registry = Registry::new().workflow(Story::<VERSION>);
    let found = diverging(&real.db, &registry).await.unwrap();
    found.into_iter().map(|run| run.difference).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_would_diverge_is_named_with_its_first_difference() {
    let real = Real::start(Registry::new().workflow(Story::<0>)).await;
    let run = real.client.start::<Story<0>>("s", &1).await.unwrap().run_id;
    real.until(&run, |run| run.status == RunStatus::Waiting)
        .await;
    assert_eq!(differences::<0>(&real).await, Vec::<String>::new());
    assert_eq!(differences::<3>(&real).await, Vec::<String>::new());
    assert_eq!(
        differences::<1>(&real).await,
        ["the run diverges at place 1: recorded step `one`, now step `three`"]
    );
    assert_eq!(
        differences::<2>(&real).await,
        ["the run diverges at place 2: recorded time `now`, now the end of the run"]
    );
    let gone = diverging(&real.db, &Registry::new()).await.unwrap();
    assert!(gone[0].difference.contains("there is no workflow `story`"));

    let recording = Recording::read(&real.db, &run).await.unwrap().unwrap();
    let file = serde_json::to_string(&recording).unwrap();
    let recorded = || serde_json::from_str::<Recording>(&file).unwrap();
    assert_eq!(recorded(), recording, "{file}");
    let deployed = Registry::new().workflow(Story::<0>);
    assert_eq!(check(&deployed, recorded()).await, Ok(()));
    let changed = Registry::new().workflow(Story::<1>);
    let found = check(&changed, recorded()).await.unwrap_err();
    assert_eq!(
        (found.run_id, found.workflow),
        (run.clone(), "story".to_owned())
    );
    let nobody = Recording::read(&real.db, "run_none").await.unwrap();
    assert_eq!(nobody, None);

    let urls = RestateUrls {
        ingress: real.stage.restate.ingress().clone(),
        admin: real.stage.restate.admin().clone(),
    };
    let changed = async || {
        let registry = Registry::new().workflow(Story::<1>);
        let address = "127.0.0.1:0".parse().unwrap();
        Worker::bind(registry, real.db.clone(), address, urls.clone())
            .await
            .unwrap()
    };
    let stop = CancellationToken::new();
    let refused = changed().await.run(stop.clone(), || panic!("ready")).await;
    let error = refused.err().unwrap();
    assert!(matches!(error, EngineError::OpenRunsDiverge { .. }));
    assert!(error.to_string().contains("--hold-diverging"), "{error}");

    let holding = changed().await.hold_diverging(true);
    let stopped = stop.clone();
    let ready = move || stopped.cancel();
    tokio::time::timeout(Duration::from_secs(30), holding.run(stop, ready))
        .await
        .unwrap()
        .unwrap();
    let held = real.until(&run, |run| run.status == RunStatus::Held).await;
    assert_eq!(held.id, run);
    real.stop().await;
}
