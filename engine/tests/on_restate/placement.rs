//! Steps as services of their own, on a real Restate server: on the same worker, and on one that
//! serves nothing else.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use crate::real::Real;
use engine::ending::When;
use engine::limits::Limits;
use engine::policy::{Placement, PolicyOverride};
use engine::tables::RunStatus;
use engine::testing::Alone;
use engine::{EngineError, Policy, Registry, RestateUrls, Step, StepContext, StepError, Worker};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

/// Ends as it is told at each attempt, then says who it was.
struct Errand {
    worker: &'static str,
    executions: Arc<AtomicU32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
enum Act {
    Retry,
    Later,
    Hang,
    Panic,
    Terminal,
    /// Takes its time, and is done.
    Slow,
}

impl Step for Errand {
    const NAME: &'static str = "errand";
    type Input = Vec<Act>;
    type Output = String;

    fn policy() -> Policy {
        Policy {
            first_delay: Duration::from_millis(20),
            time_limit: Duration::from_secs(3),
            ..Policy::default()
        }
    }

    async fn run(&self, cx: &StepContext, acts: Vec<Act>) -> Result<String, StepError> {
        self.executions.fetch_add(1, Ordering::SeqCst);
        cx.add_cost(7);
        let index = usize::try_from(cx.attempt()).unwrap() - 1;
        let act = acts.get(index);
        if act == Some(&Act::Slow) {
            tokio::time::sleep(Duration::from_millis(1500)).await;
        }
        match act {
            None | Some(Act::Slow) => Ok(format!("{} as {}", self.worker, cx.key())),
            Some(Act::Retry) => Err(StepError::retry("busy", "busy")),
            Some(Act::Later) => {
                let soon = When::After(Duration::from_millis(50));
                Err(StepError::later("not_now", soon, "not now"))
            }
            Some(Act::Hang) => std::future::pending().await,
            Some(Act::Panic) => panic!("as it was told"),
            Some(Act::Terminal) => Err(StepError::terminal("no", "never")),
        }
    }
}

/// Its workflow, and the step as a service wherever it is.
fn registry(worker: &'static str, executions: &Arc<AtomicU32>) -> Registry {
    with_policy(worker, executions, PolicyOverride::default())
}

/// The same with changes of the step's policy.
fn with_policy(
    worker: &'static str,
    executions: &Arc<AtomicU32>,
    over: PolicyOverride,
) -> Registry {
    let step = Arc::new(Errand {
        worker,
        executions: executions.clone(),
    });
    let elsewhere = PolicyOverride {
        placement: Some(Placement::Service),
        ..over
    };
    Registry::new()
        .serve(step.clone())
        .workflow(Alone(step))
        .configured(
            &BTreeMap::from([("errand".to_owned(), elsewhere)]),
            Limits::default(),
        )
        .unwrap()
}

async fn story(real: &Real, key: &str, acts: &[Act]) -> (RunStatus, Vec<String>, String) {
    let started = real
        .client
        .start::<Alone<Errand>>(key, &acts.to_vec())
        .await
        .unwrap();
    let details = real.ended(&started.run_id).await;
    let attempts = details
        .attempts
        .iter()
        .map(|row| {
            let code = row.error_code.as_deref().unwrap_or("-");
            let ending = row.ending.as_deref().unwrap_or("?");
            format!("{ending} {code} {}", row.cost_micro_usd)
        })
        .collect();
    let output = details.run.output.unwrap_or_default();
    let output = output.replace(&details.run.id, "RUN");
    (details.run.status, attempts, output)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_step_as_a_service_has_the_same_attempts_and_rows() {
    let executions = Arc::<AtomicU32>::default();
    let real = Real::start(registry("main", &executions)).await;
    let acts = [Act::Retry, Act::Later, Act::Panic, Act::Hang];
    let (status, attempts, output) = story(&real, "all", &acts).await;
    assert_eq!(status, RunStatus::Completed);
    assert_eq!(
        attempts,
        [
            "retry busy 7",
            "later not_now 7",
            "retry step_panicked 7",
            "retry step_timed_out 0",
            "done - 7",
        ]
    );
    assert_eq!(output, r#""main as RUN/errand/1""#);
    let (status, attempts, _) = story(&real, "never", &[Act::Terminal]).await;
    assert_eq!(status, RunStatus::Failed);
    assert_eq!(attempts, ["terminal no 7"]);
    real.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_serves_only_a_step_executes_it_for_the_others() {
    let (here, there) = (Arc::<AtomicU32>::default(), Arc::<AtomicU32>::default());
    let real = Real::start(registry("main", &here)).await;
    let urls = RestateUrls {
        ingress: real.stage.restate.ingress().clone(),
        admin: real.stage.restate.admin().clone(),
    };
    let other = async |registry| {
        let address = "127.0.0.1:0".parse().unwrap();
        Worker::bind(registry, real.db.clone(), address, urls.clone())
            .await
            .unwrap()
    };
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let unknown = other(registry("other", &there))
        .await
        .only(names(&["sleep"]));
    assert!(matches!(unknown, Err(EngineError::NotServed { .. })));

    let only = other(registry("other", &there))
        .await
        .only(names(&["errand"]))
        .unwrap();
    let stop = CancellationToken::new();
    let (ready, is_ready) = tokio::sync::oneshot::channel();
    let stopped = stop.clone();
    let serving = tokio::spawn(only.run(stopped, || ready.send(()).unwrap()));
    is_ready.await.unwrap();
    let (_, _, output) = story(&real, "a", &[]).await;
    assert_eq!(output, r#""other as RUN/errand/1""#);
    assert_eq!(
        (here.load(Ordering::SeqCst), there.load(Ordering::SeqCst)),
        (0, 1)
    );

    // A worker that comes later leaves it there.
    let late_stop = CancellationToken::new();
    let (ready, is_ready) = tokio::sync::oneshot::channel();
    let late = other(registry("late", &here)).await;
    let stopped = late_stop.clone();
    let late = tokio::spawn(late.run(stopped, || ready.send(()).unwrap()));
    is_ready.await.unwrap();
    let (_, _, output) = story(&real, "b", &[]).await;
    assert_eq!(output, r#""other as RUN/errand/1""#);

    late_stop.cancel();
    late.await.unwrap().unwrap();
    stop.cancel();
    serving.await.unwrap().unwrap();
    real.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_policy_that_changes_while_a_step_is_called_changes_no_call() {
    let executions = Arc::<AtomicU32>::default();
    // It has the step throughout. The run is on two others, one after the other at one address.
    let real = Real::start(registry("main", &executions)).await;
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap();
    drop(free);
    let serve = async |registry| {
        let urls = RestateUrls {
            ingress: real.stage.restate.ingress().clone(),
            admin: real.stage.restate.admin().clone(),
        };
        let worker = Worker::bind(registry, real.db.clone(), address, urls)
            .await
            .unwrap()
            .inactivity(Duration::from_millis(1));
        let stop = CancellationToken::new();
        let (ready, is_ready) = tokio::sync::oneshot::channel();
        let stopped = stop.clone();
        let serving = tokio::spawn(worker.run(stopped, || ready.send(()).unwrap()));
        is_ready.await.unwrap();
        (stop, serving)
    };
    let (stop, serving) = serve(registry("before", &executions)).await;
    let acts = vec![Act::Retry, Act::Slow];
    let started = real.client.start::<Alone<Errand>>("open", &acts).await;
    let run_id = started.unwrap().run_id;
    while executions.load(Ordering::SeqCst) < 2 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    stop.cancel();
    serving.await.unwrap().unwrap();

    // The call with which the run is replayed must be the one that is open, and so the one before it.
    let other = PolicyOverride {
        time_limit: Some(Duration::from_secs(60 * 60)),
        max_attempts: Some(1),
        ..PolicyOverride::default()
    };
    let (stop, serving) = serve(with_policy("after", &executions, other)).await;
    let details = real.ended(&run_id).await;
    assert_eq!(details.run.status, RunStatus::Completed, "{details:?}");
    let output = details.run.output.unwrap().replace(&run_id, "RUN");
    assert_eq!(output, r#""main as RUN/errand/1""#);
    assert_eq!(executions.load(Ordering::SeqCst), 2);
    stop.cancel();
    serving.await.unwrap().unwrap();
    real.stop().await;
}
