//! Open runs that the code of today would take another way, held by a worker that starts all the same.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::{Duration, Instant};

use engine::operations::{Verb, history};
use engine::runs::{Details, show};
use engine::tables::{RunStatus, runs};
use engine::testing::RestateServer;
use engine::{
    Actor, Client, EngineError, Failure, Operations, Registry, RestateUrls, Step, StepContext,
    StepError, Worker, Workflow, WorkflowContext,
};
use jiff::SignedDuration;
use sea_orm::{ConnectionTrait as _, Database, DatabaseConnection};
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::real::server_binary;

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

/// A step, a short wait, another step.
async fn nap(cx: &WorkflowContext<'_>, n: u32) -> Result<u32, Failure> {
    let n = cx.step(&Arc::new(Named::<0>), n).await?;
    let until = cx.now().await? + SignedDuration::from_secs(3);
    cx.sleep("a moment", until).await?;
    cx.step(&Arc::new(Named::<1>), n).await
}

/// What nobody changes.
struct Nap;

impl Workflow for Nap {
    const NAME: &'static str = "nap";
    type Input = u32;
    type Output = u32;

    async fn run(&self, cx: &WorkflowContext<'_>, n: u32) -> Result<u32, Failure> {
        nap(cx, n).await
    }
}

/// As it was deployed, and with another step before the rest.
struct Direct<const CHANGED: bool>;

impl<const CHANGED: bool> Workflow for Direct<CHANGED> {
    const NAME: &'static str = "direct";
    type Input = u32;
    type Output = u32;

    async fn run(&self, cx: &WorkflowContext<'_>, mut n: u32) -> Result<u32, Failure> {
        if CHANGED {
            n = cx.step(&Arc::new(Named::<2>), n).await?;
        }
        nap(cx, n).await
    }
}

/// The same with a child run.
struct Parent<const CHANGED: bool>;

impl<const CHANGED: bool> Workflow for Parent<CHANGED> {
    const NAME: &'static str = "parent";
    type Input = u32;
    type Output = u32;

    async fn run(&self, cx: &WorkflowContext<'_>, mut n: u32) -> Result<u32, Failure> {
        if CHANGED {
            n = cx.step(&Arc::new(Named::<2>), n).await?;
        }
        cx.child::<Nap>(n).await
    }
}

fn registry<const CHANGED: bool>() -> Registry {
    Registry::new()
        .workflow(Nap)
        .workflow(Direct::<CHANGED>)
        .workflow(Parent::<CHANGED>)
}

/// A server and a database, and one worker after another at the same address.
struct Site {
    restate: RestateServer,
    db: DatabaseConnection,
    client: Client,
    address: SocketAddr,
    _folder: TempDir,
}

/// A worker in this process.
struct Serving {
    stop: CancellationToken,
    worker: JoinHandle<Result<(), EngineError>>,
}

impl Serving {
    async fn stop(self) {
        self.stop.cancel();
        self.worker.await.unwrap().unwrap();
    }
}

impl Site {
    async fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("runs.db");
        let db = Database::connect(format!("sqlite://{}?mode=rwc", file.display()))
            .await
            .unwrap();
        engine::migrate(&db).await.unwrap();
        let restate = RestateServer::start(&server_binary(), folder.path())
            .await
            .unwrap();
        let client = Client::new(db.clone(), restate.ingress().clone()).unwrap();
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        Self {
            restate,
            db,
            client,
            address: free.local_addr().unwrap(),
            _folder: folder,
        }
    }

    async fn serve(&self, registry: Registry) -> Serving {
        let urls = RestateUrls {
            ingress: self.restate.ingress().clone(),
            admin: self.restate.admin().clone(),
        };
        let worker = Worker::bind(registry, self.db.clone(), self.address, urls)
            .await
            .unwrap()
            .hold_diverging(true)
            .inactivity(Duration::from_millis(100));
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        let (ready, is_ready) = oneshot::channel();
        let worker = tokio::spawn(worker.run(stopped, || ready.send(()).unwrap()));
        is_ready.await.unwrap();
        Serving { stop, worker }
    }

    async fn see(&self, run_id: &str) -> Option<Details> {
        show(&self.db, run_id).await.unwrap()
    }

    /// Its status, the steps that it has begun, and what it gave.
    async fn state(&self, run_id: &str) -> (RunStatus, Vec<String>, Option<String>) {
        let Details { run, attempts, .. } = self.see(run_id).await.unwrap();
        let steps = attempts.into_iter().map(|attempt| attempt.step);
        (run.status, steps.collect(), run.output)
    }

    async fn until(&self, run_id: &str, status: RunStatus, reason: Option<&str>) {
        let over = Instant::now() + Duration::from_secs(30);
        let is_wanted = |run: &runs::Model| {
            run.status == status
                && reason.is_none_or(|reason| run.waiting_reason.as_deref() == Some(reason))
        };
        loop {
            let seen = self.see(run_id).await;
            if seen.as_ref().is_some_and(|seen| is_wanted(&seen.run)) {
                return;
            }
            assert!(
                Instant::now() < over,
                "{run_id} does not become {status:?}: {seen:?}"
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn release(&self, run_id: &str) {
        let admin = self.restate.admin().clone();
        let client = self.client.clone();
        let operations =
            Operations::new(self.db.clone(), client, admin, registry::<false>()).unwrap();
        let by = Actor {
            who: "ada".to_owned(),
            why: None,
        };
        operations.apply(run_id, &Verb::Release, &by).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_diverging_run_does_nothing_while_it_is_held_and_goes_on_with_code_that_fits() {
    let mut site = Site::open().await;
    let deployed = site.serve(registry::<false>()).await;
    let started = site.client.start::<Direct<false>>("d", &1).await;
    let direct = started.unwrap().run_id;
    let started = site.client.start::<Parent<false>>("p", &1).await;
    let parent = started.unwrap().run_id;
    let child = format!("{parent}.1");
    for run in [&direct, &child] {
        site.until(run, RunStatus::Waiting, None).await;
    }
    deployed.stop().await;
    // As a worker leaves them that is killed in the middle of a step.
    site.db
        .execute_unprepared(
            "UPDATE runs SET status = 'running', waiting_reason = NULL, waiting_until_ms = NULL",
        )
        .await
        .unwrap();

    // The wait comes to its end, and Restate tries both again and again.
    let changed = site.serve(registry::<true>()).await;
    let over = Instant::now() + Duration::from_secs(5);
    while Instant::now() < over {
        let (status, steps, _) = site.state(&direct).await;
        assert_eq!((status, steps), (RunStatus::Held, vec!["one".to_owned()]));
        let (status, steps, _) = site.state(&parent).await;
        assert_eq!((status, steps), (RunStatus::Held, vec![]));
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    // Its code is as it was; it is held because of the run above it.
    site.until(&child, RunStatus::Held, Some("two: held")).await;
    let audit = history(&site.db, Some(&direct), 10).await.unwrap();
    let [hold] = audit.as_slice() else {
        panic!("{audit:?}");
    };
    assert_eq!((hold.who.as_str(), hold.verb.as_str()), ("worker", "hold"));
    let why = hold.why.as_deref().unwrap();
    assert!(
        why.contains("recorded step `one`, now step `three`"),
        "{why}"
    );
    changed.stop().await;

    let mended = site.serve(registry::<false>()).await;
    site.until(&direct, RunStatus::Held, Some("two: held"))
        .await;
    for run in [&direct, &parent] {
        site.release(run).await;
    }
    for run in [&direct, &child, &parent] {
        site.until(run, RunStatus::Completed, None).await;
    }
    for run in [&direct, &child] {
        let steps = ["one", "two"].map(str::to_owned).to_vec();
        let done = (RunStatus::Completed, steps, Some("3".to_owned()));
        assert_eq!(site.state(run).await, done);
    }
    mended.stop().await;
    site.restate.kill().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_diverging_run_that_is_released_too_early_does_nothing_before_code_that_fits() {
    let mut site = Site::open().await;
    let deployed = site.serve(registry::<false>()).await;
    let started = site.client.start::<Direct<false>>("d", &1).await;
    let run = started.unwrap().run_id;
    site.until(&run, RunStatus::Waiting, None).await;
    deployed.stop().await;

    let changed = site.serve(registry::<true>()).await;
    site.release(&run).await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    let (status, steps, _) = site.state(&run).await;
    assert_ne!(status, RunStatus::Completed);
    assert_eq!(steps, ["one"]);
    changed.stop().await;

    let mended = site.serve(registry::<false>()).await;
    site.until(&run, RunStatus::Completed, None).await;
    let (_, steps, output) = site.state(&run).await;
    assert_eq!(steps, ["one", "two"]);
    assert_eq!(output.as_deref(), Some("3"));
    mended.stop().await;
    site.restate.kill().await.unwrap();
}
