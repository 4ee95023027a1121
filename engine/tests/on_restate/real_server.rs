//! The engine on a real Restate server: binding, retries, waits, children, crashes, the reconciler.
//!
//! Needs the server's binary: `RESTATE_SERVER_BIN`, or `npm ci` in `tools/restate`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use crate::real::Real;
use engine::tables::RunStatus;
use engine::testing::Alone;
use engine::{
    Failure, Policy, Registry, Step, StepContext, StepError, Workflow, WorkflowContext, runs,
};
use jiff::{SignedDuration, Timestamp};

/// Fails `failures` times, then counts what it did.
struct Flaky {
    failures: u32,
    done: Arc<AtomicU32>,
}

impl Step for Flaky {
    const NAME: &'static str = "flaky";
    type Input = String;
    type Output = String;

    fn policy() -> Policy {
        Policy {
            first_delay: Duration::from_millis(20),
            max_attempts: 4,
            ..Policy::default()
        }
    }

    async fn run(&self, cx: &StepContext, input: String) -> Result<String, StepError> {
        if cx.attempt() <= self.failures {
            return Err(StepError::retry("not_yet", "not yet"));
        }
        self.done.fetch_add(1, Ordering::SeqCst);
        Ok(format!("{input} done"))
    }
}

struct Child(Arc<Flaky>);

impl Workflow for Child {
    const NAME: &'static str = "child";
    type Input = String;
    type Output = String;

    async fn run(&self, cx: &WorkflowContext<'_>, input: String) -> Result<String, Failure> {
        cx.step(&self.0, input).await
    }
}

struct Parent(Arc<Flaky>);

impl Workflow for Parent {
    const NAME: &'static str = "parent";
    type Input = u32;
    type Output = Vec<String>;

    async fn run(&self, cx: &WorkflowContext<'_>, children: u32) -> Result<Vec<String>, Failure> {
        cx.tag("children", children.to_string());
        let first = cx.step(&self.0, "parent".to_owned()).await?;
        let until = cx.now().await? + SignedDuration::from_millis(2500);
        cx.sleep("a pause longer than the inactivity timeout", until)
            .await?;
        let inputs = (0..children).map(|n| format!("child {n}")).collect();
        let mut outputs = vec![first];
        for output in cx.children::<Child>(inputs, 2).await? {
            outputs.push(output?);
        }
        Ok(outputs)
    }
}

/// Waits until somebody ends it.
struct Sleeper;

impl Workflow for Sleeper {
    const NAME: &'static str = "sleeper";
    type Input = ();
    type Output = ();

    async fn run(&self, cx: &WorkflowContext<'_>, _: ()) -> Result<(), Failure> {
        let until = cx.now().await? + SignedDuration::from_hours(1);
        cx.sleep("somebody who ends this", until).await
    }
}

/// Waits for a [`Sleeper`].
struct Keeper;

impl Workflow for Keeper {
    const NAME: &'static str = "keeper";
    type Input = ();
    type Output = ();

    async fn run(&self, cx: &WorkflowContext<'_>, _: ()) -> Result<(), Failure> {
        cx.child::<Sleeper>(()).await
    }
}

fn registry(failures: u32, done: &Arc<AtomicU32>) -> Registry {
    let flaky = Arc::new(Flaky {
        failures,
        done: done.clone(),
    });
    Registry::new()
        .workflow(Parent(flaky.clone()))
        .workflow(Child(flaky))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_retries_waits_calls_children_and_leaves_its_rows() {
    let done = Arc::default();
    let real = Real::start(registry(2, &done)).await;
    let started = real.client.start::<Parent>("key", &3).await.unwrap();
    let again = real.client.start::<Parent>("key", &3).await.unwrap();
    assert!(again.existed);
    assert_eq!(again.run_id, started.run_id);

    let details = real.ended(&started.run_id).await;
    assert_eq!(details.run.status, RunStatus::Completed);
    assert_eq!(
        details.run.output.as_deref(),
        Some(r#"["parent done","child 0 done","child 1 done","child 2 done"]"#)
    );
    assert_eq!(details.tags[0].value, "3");
    assert_eq!(details.children.len(), 3);
    assert!(
        details
            .children
            .iter()
            .all(|child| child.status == RunStatus::Completed)
    );
    let endings: Vec<_> = details
        .attempts
        .iter()
        .map(|a| (a.attempt, a.ending.clone().unwrap(), a.executions))
        .collect();
    assert_eq!(
        endings,
        [
            (1, "retry".to_owned(), 1),
            (2, "retry".to_owned(), 1),
            (3, "done".to_owned(), 1)
        ]
    );
    assert_eq!(done.load(Ordering::SeqCst), 4);
    real.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_step_that_keeps_failing_fails_the_run_with_its_code() {
    let real = Real::start(registry(u32::MAX, &Arc::default())).await;
    let started = real
        .client
        .start::<Child>("key", &"x".to_owned())
        .await
        .unwrap();
    let details = real.ended(&started.run_id).await;
    assert_eq!(details.run.status, RunStatus::Failed);
    assert_eq!(details.run.error_code.as_deref(), Some("not_yet"));
    assert_eq!(details.run.error_step.as_deref(), Some("flaky"));
    assert_eq!(details.attempts.len(), 4);
    real.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_survives_the_kill_of_restate_in_its_wait() {
    let done = Arc::default();
    let mut real = Real::start(registry(0, &done)).await;
    let started = real.client.start::<Parent>("key", &1).await.unwrap();
    real.until(&started.run_id, |run| run.status == RunStatus::Waiting)
        .await;
    real.stage.restate.crash_and_restart().await.unwrap();
    let details = real.ended(&started.run_id).await;
    assert_eq!(details.run.status, RunStatus::Completed);
    assert_eq!(
        done.load(Ordering::SeqCst),
        2,
        "the step before the wait is not executed again"
    );
    real.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_reconciler_closes_a_killed_run_and_sends_one_that_was_never_sent() {
    let real = Real::start(registry(0, &Arc::default())).await;
    let killed = real.client.start::<Parent>("killed", &1).await.unwrap();
    let row = real
        .until(&killed.run_id, |run| run.status == RunStatus::Waiting)
        .await;
    real.end_invocation(row.invocation_id.as_deref().unwrap(), "kill")
        .await;
    let unsent = real
        .queue_without_sending::<Child>("unsent", r#""y""#)
        .await;
    real.age_rows().await;

    let pass = real.reconciler().pass().await.unwrap();
    assert_eq!((pass.sent, pass.closed, pass.stuck), (1, 1, 0));
    let row = runs::show(&real.db, &killed.run_id)
        .await
        .unwrap()
        .unwrap()
        .run;
    assert_eq!(
        (row.status, row.error_code.as_deref()),
        (RunStatus::Killed, Some("run_killed"))
    );
    assert_eq!(real.ended(&unsent).await.run.status, RunStatus::Completed);
    real.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_child_that_is_ended_by_itself_fails_its_parent_and_does_not_cancel_it() {
    let registry = Registry::new().workflow(Keeper).workflow(Sleeper);
    let real = Real::start(registry).await;
    let cases = [
        ("child", "kill", RunStatus::Failed, "child_failed"),
        ("child", "cancel", RunStatus::Failed, "child_failed"),
        ("parent", "cancel", RunStatus::Cancelled, "run_cancelled"),
    ];
    for (who, how, status, code) in cases {
        let key = format!("{how} the {who}");
        let parent = real.client.start::<Keeper>(&key, &()).await.unwrap().run_id;
        let child = format!("{parent}.1");
        real.until(&child, |run| run.status == RunStatus::Waiting)
            .await;
        let ended = if who == "child" { &child } else { &parent };
        let row = real.until(ended, |run| run.invocation_id.is_some()).await;
        real.end_invocation(row.invocation_id.as_deref().unwrap(), how)
            .await;
        let run = real.ended(&parent).await.run;
        assert_eq!(
            (run.status, run.error_code.as_deref()),
            (status, Some(code)),
            "{key}"
        );
        let names_the_child = run.error_message.unwrap().contains(&child);
        assert_eq!(names_the_child, who == "child", "{key}");
    }
    real.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_old_key_is_not_started_again_at_another_time() {
    let real = Real::start(registry(0, &Arc::default())).await;
    let first = real
        .client
        .start::<Child>("key", &"x".to_owned())
        .await
        .unwrap();
    real.ended(&first.run_id).await;
    let second = real
        .client
        .start::<Child>("key", &"x".to_owned())
        .await
        .unwrap();
    assert_eq!(
        second,
        engine::client::Started {
            run_id: first.run_id,
            existed: true
        }
    );
    assert!(Timestamp::now() > Timestamp::UNIX_EPOCH);
    real.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_step_alone_runs_on_a_real_server_with_all_its_attempts() {
    let done = Arc::default();
    let flaky = Arc::new(Flaky {
        failures: 2,
        done: Arc::clone(&done),
    });
    let real = Real::start(Registry::new().workflow(Alone(flaky))).await;
    let output = real
        .stage
        .run::<Alone<Flaky>>("key", &"x".to_owned())
        .await
        .unwrap();
    assert_eq!(output, "x done");
    assert_eq!(done.load(Ordering::SeqCst), 1);
    real.stop().await;
}
