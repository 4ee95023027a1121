//! What an attempt asks before it begins, and what it gives back, in memory.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::Duration;

use bytes::Bytes;
use futures::FutureExt as _;
use futures::future::{BoxFuture, pending};
use serde_json::Value;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::*;
use crate::context::{Means, RunHead};
use crate::controls::{Answer, Ask, Controls, NewWait};
use crate::ending::{Halt, StepError};
use crate::error::EngineError;
use crate::history::MemoryHistory;
use crate::journal::{
    Awakeable, Call, CallResult, Clock, Closure, Journal, MemoryJournals, Records, StepCall,
};
use crate::limits::{LimitRule, Limits};
use crate::operations::RerunPoint;
use crate::policy::Policy;
use crate::registry::Registry;
use crate::step::StepContext;
use crate::story::Recorded;

/// Fails so many times.
struct Act;

impl Step for Act {
    const NAME: &'static str = "act";
    type Input = u32;
    type Output = ();

    fn policy() -> Policy {
        Policy {
            first_delay: Duration::from_millis(200),
            limits: vec!["account".into()],
            ..Policy::default()
        }
    }

    async fn run(&self, cx: &StepContext, failures: u32) -> Result<(), StepError> {
        match cx.attempt() > failures {
            true => Ok(()),
            false => Err(StepError::retry("not_yet", "not yet")),
        }
    }
}

/// Keeps attempts from beginning, as it is told, and remembers everything. Who waits is woken at once.
#[derive(Default)]
struct Porter {
    halts: Mutex<VecDeque<Halt>>,
    slots: Mutex<Vec<BTreeMap<String, i64>>>,
    left: Mutex<Vec<String>>,
    /// Nobody is woken.
    sleeps: bool,
}

impl Controls for Porter {
    fn admit(&self, ask: Ask) -> BoxFuture<'static, Result<Option<Halt>, EngineError>> {
        self.slots.lock().unwrap().push(ask.slots);
        let halt = self.halts.lock().unwrap().pop_front();
        async move { Ok(halt) }.boxed()
    }

    fn leave(&self, run_id: String, holder: String) -> BoxFuture<'static, ()> {
        self.left.lock().unwrap().push(format!("{run_id} {holder}"));
        async {}.boxed()
    }

    fn register(&self, _wait: NewWait) -> BoxFuture<'static, Result<Option<Answer>, EngineError>> {
        let turn = Answer {
            by: "its turn".to_owned(),
            value: Value::Null,
        };
        let answer = (!self.sleeps).then_some(turn);
        async move { Ok(answer) }.boxed()
    }

    fn recorded(
        &self,
        rerun: RerunPoint,
    ) -> BoxFuture<'static, Result<Vec<Recorded>, EngineError>> {
        async move { Err(EngineError::UnknownRun { run_id: rerun.of }) }.boxed()
    }
}

/// A journal whose run is cancelled wherever it waits for something.
struct Cancelled<J>(J);

fn cancelled<T: Send + 'static>() -> BoxFuture<'static, Result<T, Failure>> {
    async { Err(Failure::cancelled()) }.boxed()
}

impl<J: Journal> Journal for Cancelled<J> {
    fn run(&self, name: String, closure: Closure) -> BoxFuture<'_, Result<Bytes, Failure>> {
        self.0.run(name, closure)
    }

    fn sleep(&self, _until: Timestamp) -> BoxFuture<'_, Result<(), Failure>> {
        cancelled()
    }

    fn call(
        &self,
        _calls: Vec<Call>,
        _at_most: usize,
    ) -> BoxFuture<'_, Result<Vec<CallResult>, Failure>> {
        cancelled()
    }

    fn call_step(&self, _call: StepCall) -> BoxFuture<'_, Result<Option<CallResult>, Failure>> {
        cancelled()
    }

    fn awakeable(&self) -> Awakeable<'_> {
        Awakeable {
            id: "awakeable".to_owned(),
            answered: Box::new(|_until| cancelled()),
        }
    }

    fn random_seed(&self) -> u64 {
        self.0.random_seed()
    }

    fn clock(&self) -> Clock {
        self.0.clock()
    }
}

fn journals() -> MemoryJournals {
    let nobody = |_call: Call| pending().boxed();
    MemoryJournals::new(Timestamp::UNIX_EPOCH, Records::new(), nobody)
}

/// The limit that the step's policy names.
fn one_at_once() -> Limits {
    let rule = LimitRule {
        pattern: "account".to_owned(),
        at_once: Some(1),
        rate: None,
    };
    [rule].into_iter().collect()
}

/// Runs the step in `run_1`.
async fn act(
    porter: &Arc<Porter>,
    journal: &dyn Journal,
    (limits, services): (Limits, &[&str]),
    failures: u32,
) -> Result<(), Failure> {
    let head = RunHead {
        run_id: "run_1".to_owned(),
        workflow: "w".to_owned(),
        parent_id: None,
        rerun: None,
        services: services.iter().map(|name| (*name).to_owned()).collect(),
        input: Value::Null,
    };
    let registry = Registry::new().configured(&BTreeMap::new(), limits);
    let means = Means {
        history: Arc::new(MemoryHistory::default()),
        controls: porter.clone(),
        settings: Arc::new(registry.unwrap().settings()),
        stop: CancellationToken::new(),
        under_way: TaskTracker::new(),
    };
    let cx = WorkflowContext::new(head, journal, means);
    run(&cx, &Arc::new(Act), failures).await
}

fn porter(halts: impl IntoIterator<Item = Halt>) -> Porter {
    Porter {
        halts: Mutex::new(halts.into_iter().collect()),
        ..Porter::default()
    }
}

fn queued() -> Halt {
    Halt::Queued {
        key: "account".to_owned(),
        place: 1,
    }
}

fn slot() -> Halt {
    Halt::Slot {
        key: "api".to_owned(),
        at_ms: 5,
        others: vec!["account".to_owned()],
    }
}

#[tokio::test]
async fn a_slot_is_for_the_one_attempt_that_waited_for_it() {
    let porter = Arc::new(porter([slot()]));
    let journal = journals().of("run_1");
    let done = act(&porter, &journal, (one_at_once(), &[]), 1).await;
    assert_eq!(done, Ok(()));
    let none = BTreeMap::<String, i64>::new();
    let waited_for = BTreeMap::from(["account", "api"].map(|key| (key.to_owned(), 5)));
    // It came, it came again at its time, it was tried again.
    let slots = porter.slots.lock().unwrap();
    assert_eq!(*slots, [none.clone(), waited_for, none]);
}

#[tokio::test]
async fn an_attempt_leaves_the_lines_that_it_may_stand_in_and_asks_nobody_otherwise() {
    let free = Limits::default;
    let cases: [(Option<Halt>, Limits, &[&str]); 4] = [
        (None, free(), &[]),
        (None, one_at_once(), &["run_1 act#1", "run_1 act#2"]),
        // The limit went while it stood in line.
        (Some(queued()), free(), &["run_1 act#1"]),
        (
            Some(queued()),
            one_at_once(),
            &["run_1 act#1", "run_1 act#2"],
        ),
    ];
    for (halt, limits, left) in cases {
        let case = format!("{halt:?} {limits:?}");
        let porter = Arc::new(porter(halt));
        let journal = journals().of("run_1");
        let done = act(&porter, &journal, (limits, &[]), 1).await;
        assert_eq!(done, Ok(()), "{case}");
        assert_eq!(*porter.left.lock().unwrap(), left, "{case}");
    }
}

#[tokio::test]
async fn a_cancelled_run_leaves_every_line() {
    let cases: [(Option<Halt>, &[&str]); 3] = [
        (Some(queued()), &[]),
        (Some(slot()), &[]),
        // While a service acts for it.
        (None, &["act"]),
    ];
    for (halt, services) in cases {
        let case = format!("{halt:?} {services:?}");
        let porter = Arc::new(Porter {
            sleeps: true,
            ..porter(halt)
        });
        let journal = Cancelled(journals().of("run_1"));
        let ended = act(&porter, &journal, (one_at_once(), services), 0).await;
        assert_eq!(ended, Err(Failure::cancelled()), "{case}");
        assert_eq!(*porter.left.lock().unwrap(), ["run_1 act#1"], "{case}");
    }
}
