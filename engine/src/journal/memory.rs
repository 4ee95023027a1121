//! The journal in memory, with a clock that skips forward.
//!
//! It keeps each run's entries when the run is dropped in the middle, so that a crash at any
//! boundary can be played, and it can start from a recorded prefix, which is how a run that was
//! recorded yesterday is replayed by today's code.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use jiff::Timestamp;
use tokio::sync::Notify;

use super::{Awakeable, Call, CallResult, Clock, Closure, Journal, StepCall};
use crate::ending::Failure;
use crate::error::EngineError;

/// One entry of a recorded run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Recorded {
    pub(crate) name: String,
    pub(crate) value: Bytes,
}

/// What runs recorded, by their ids.
pub(crate) type Records = BTreeMap<String, Vec<Recorded>>;

/// On which side of a boundary the worker stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Before the closure is executed.
    Before,
    /// After it acted, before its value is in the journal.
    After,
}

/// Stops the worker at the `boundary`-th closure (from 0) that is executed, parent and children
/// counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CrashPoint {
    /// Which closure.
    pub boundary: usize,
    /// Before or after it acts.
    pub side: Side,
}

/// The journals of a run and its children, and the clock they share.
#[derive(Clone)]
pub(crate) struct MemoryJournals(Arc<Shared>);

struct Shared {
    now: Arc<Mutex<Timestamp>>,
    state: Mutex<State>,
    crashed: Notify,
    driver: Box<dyn Fn(Call) -> BoxFuture<'static, CallResult> + Send + Sync>,
}

#[derive(Default)]
struct State {
    runs: Records,
    /// Nothing is executed that was not recorded.
    sealed: bool,
    /// So much real time passes with each wait that is skipped.
    real_wait: Duration,
    executed: usize,
    reached: bool,
    crash_at: Option<CrashPoint>,
    error: Option<EngineError>,
}

impl MemoryJournals {
    /// `records` are those of an earlier lab; `driver` runs a child run that a workflow calls.
    pub(crate) fn new(
        start: Timestamp,
        records: Records,
        driver: impl Fn(Call) -> BoxFuture<'static, CallResult> + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(Shared {
            now: Arc::new(Mutex::new(start)),
            state: Mutex::new(State {
                runs: records,
                ..State::default()
            }),
            crashed: Notify::new(),
            driver: Box::new(driver),
        }))
    }

    /// The journal of one execution of a run; it replays what earlier executions recorded.
    pub(crate) fn of(&self, run_id: &str) -> MemoryJournal {
        MemoryJournal {
            journals: self.clone(),
            run_id: run_id.to_owned(),
            position: Mutex::new(0),
            awakeables: AtomicU32::new(0),
        }
    }

    /// From now on, whatever is not in the records is a divergence.
    pub(crate) fn seal(&self) {
        self.state().sealed = true;
    }

    /// From now on, so much real time passes with each wait that is skipped.
    pub(crate) fn wait_really(&self, pause: Duration) {
        self.state().real_wait = pause;
    }

    /// Skips forward.
    async fn skip_to(&self, until: Timestamp) {
        let pause = self.state().real_wait;
        if !pause.is_zero() {
            tokio::time::sleep(pause).await;
        }
        self.clock().skip_to(until);
    }

    /// Arms a crash, or none, and counts closures from 0 again.
    pub(crate) fn arm(&self, point: Option<CrashPoint>) {
        let mut state = self.state();
        state.crash_at = point;
        state.executed = 0;
        state.reached = false;
    }

    /// Comes back when the crash point was reached.
    pub(crate) async fn crashed(&self) {
        self.0.crashed.notified().await;
    }

    /// Whether the armed crash happened.
    pub(crate) fn reached(&self) -> bool {
        self.state().reached
    }

    /// How many closures were executed since the last arming.
    pub(crate) fn executed(&self) -> usize {
        self.state().executed
    }

    /// What all runs recorded so far.
    pub(crate) fn records(&self) -> Records {
        self.state().runs.clone()
    }

    /// The error of the machinery that stopped an execution, if one did.
    pub(crate) fn take_error(&self) -> Option<EngineError> {
        self.state().error.take()
    }

    pub(crate) fn clock(&self) -> Clock {
        Clock::Virtual(self.0.now.clone())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn set_error(&self, error: EngineError) {
        self.state().error = Some(error);
    }

    /// Stops every execution with an error of the machinery.
    pub(crate) async fn fail<T>(&self, error: EngineError) -> T {
        self.set_error(error);
        self.stop().await
    }

    /// The worker is gone: this execution never goes on, and whoever drives it drops it.
    async fn stop<T>(&self) -> T {
        self.0.crashed.notify_one();
        futures::future::pending().await
    }
}

/// One execution of one run.
pub(crate) struct MemoryJournal {
    journals: MemoryJournals,
    run_id: String,
    position: Mutex<usize>,
    awakeables: AtomicU32,
}

impl MemoryJournal {
    /// The recorded value of the next entry, if there is one.
    fn replay(&self, name: &str) -> Result<Option<Bytes>, EngineError> {
        let mut position = self.position.lock().unwrap_or_else(PoisonError::into_inner);
        let index = *position;
        *position += 1;
        match self.recorded(index) {
            Some(entry) if entry.name == name => Ok(Some(entry.value)),
            None if !self.journals.state().sealed => Ok(None),
            other => Err(EngineError::Diverged {
                index,
                recorded: other.map_or_else(nothing, |entry| entry.name),
                now: name.to_owned(),
            }),
        }
    }

    /// The run came to its end: so must its record have.
    pub(crate) fn ended(&self) -> Result<(), EngineError> {
        let index = *self.position.lock().unwrap_or_else(PoisonError::into_inner);
        match self.recorded(index) {
            None => Ok(()),
            Some(entry) => Err(EngineError::Diverged {
                index,
                recorded: entry.name,
                now: nothing(),
            }),
        }
    }

    fn recorded(&self, index: usize) -> Option<Recorded> {
        let state = self.journals.state();
        state.runs.get(&self.run_id)?.get(index).cloned()
    }

    fn record(&self, name: String, value: Bytes) {
        self.journals
            .state()
            .runs
            .entry(self.run_id.clone())
            .or_default()
            .push(Recorded { name, value });
    }

    /// Gives the recorded value, or else makes one and records it.
    async fn entry(&self, name: String, make: Closure) -> Bytes {
        // As on Restate, nothing is there at once: a workflow that does two things at a time would
        // otherwise do them one after the other here, and only there be found out.
        tokio::task::yield_now().await;
        match self.replay(&name) {
            Ok(Some(value)) => return value,
            Ok(None) => {}
            Err(error) => return self.journals.fail(error).await,
        }
        match make.await {
            Ok(value) => {
                self.record(name, value.clone());
                value
            }
            Err(error) => self.journals.fail(error).await,
        }
    }

    /// Wraps a closure so that the worker stops before or after it, if the crash point says so.
    fn with_crash(&self, closure: Closure) -> Closure {
        let journals = self.journals.clone();
        async move {
            let crash = {
                let mut state = journals.state();
                let boundary = state.executed;
                state.executed += 1;
                // Once: the worker that comes back is not stopped again.
                let crash = state.crash_at.take_if(|point| point.boundary == boundary);
                state.reached |= crash.is_some();
                crash
            };
            match crash {
                Some(CrashPoint {
                    side: Side::Before, ..
                }) => journals.stop().await,
                Some(CrashPoint {
                    side: Side::After, ..
                }) => {
                    closure.await?;
                    journals.stop().await
                }
                None => closure.await,
            }
        }
        .boxed()
    }
}

fn nothing() -> String {
    "nothing".to_owned()
}

impl Journal for MemoryJournal {
    fn run(&self, name: String, closure: Closure) -> BoxFuture<'_, Result<Bytes, Failure>> {
        let closure = self.with_crash(closure);
        self.entry(name, closure).map(Ok).boxed()
    }

    fn sleep(&self, until: Timestamp) -> BoxFuture<'_, Result<(), Failure>> {
        let journals = self.journals.clone();
        let make = async move {
            journals.skip_to(until).await;
            Ok(Bytes::new())
        };
        self.entry("sleep".to_owned(), make.boxed())
            .map(|_| Ok(()))
            .boxed()
    }

    fn call(
        &self,
        calls: Vec<Call>,
        _at_most: usize,
    ) -> BoxFuture<'_, Result<Vec<CallResult>, Failure>> {
        async move {
            let mut results = Vec::with_capacity(calls.len());
            for call in calls {
                let name = format!("call {}", call.workflow);
                let child = (self.journals.0.driver)(call);
                let make = async move {
                    crate::context::encode(
                        "a child's result",
                        &child.await.map(|bytes| bytes.to_vec()),
                    )
                };
                let value = self.entry(name, make.boxed()).await;
                let result: CallResult =
                    match serde_json::from_slice::<Result<Vec<u8>, Failure>>(&value) {
                        Ok(result) => result.map(Bytes::from),
                        Err(source) => {
                            let what = "a recorded child's result".to_owned();
                            self.journals
                                .fail(EngineError::Decode {
                                    what,
                                    as_type: "Result",
                                    source,
                                })
                                .await
                        }
                    };
                results.push(result);
            }
            Ok(results)
        }
        .boxed()
    }

    /// A lab has no services: it executes every step inline.
    fn call_step(&self, call: StepCall) -> BoxFuture<'_, Result<Option<CallResult>, Failure>> {
        let name = call.service;
        self.journals.fail(EngineError::NoService { name }).boxed()
    }

    /// Nobody answers here after the wait was registered (see `controls::MemoryControls`): it lasts to
    /// its end, or for ever, which the lab reports.
    fn awakeable(&self) -> Awakeable<'_> {
        let number = self.awakeables.fetch_add(1, Ordering::Relaxed);
        let id = format!("awakeable-{}-{number}", self.run_id);
        let answered = move |until: Option<Timestamp>| {
            let journals = self.journals.clone();
            let run_id = self.run_id.clone();
            let make = async move {
                let until = until.ok_or(EngineError::Waits { run_id })?;
                journals.skip_to(until).await;
                Ok(Bytes::new())
            };
            let over = self.entry("awakeable".to_owned(), make.boxed());
            over.map(|_| Ok(None)).boxed()
        };
        Awakeable {
            id,
            answered: Box::new(answered),
        }
    }

    fn random_seed(&self) -> u64 {
        42
    }

    fn clock(&self) -> Clock {
        self.journals.clock()
    }
}
