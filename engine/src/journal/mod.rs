//! The journal: the few operations that make a run durable, as one internal trait.
//!
//! Implemented on Restate's context (`restate/journal.rs`), in memory (`memory.rs`, for tests), and
//! where a recorded run is compared with today's code (`crate::replay`).

mod memory;

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use futures::future::BoxFuture;
use jiff::Timestamp;

use crate::ending::Failure;
use crate::error::EngineError;

pub use memory::{CrashPoint, Side};
pub(crate) use memory::{MemoryJournals, Records};

/// Runs once for each entry; its bytes are the entry. An error is not journaled: the execution is
/// given up and tried again.
pub(crate) type Closure = BoxFuture<'static, Result<Bytes, EngineError>>;

/// One child run to be called.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) workflow: &'static str,
    /// Idempotency key and id of the child run.
    pub(crate) run_id: String,
    pub(crate) body: Bytes,
}

/// A step's service to be called.
#[derive(Debug, Clone)]
pub(crate) struct StepCall {
    pub(crate) service: String,
    /// Idempotency key.
    pub(crate) key: String,
    pub(crate) body: Bytes,
    /// When the answer is given up.
    pub(crate) until: Timestamp,
}

pub(crate) type CallResult = Result<Bytes, Failure>;

/// A place for an answer from outside.
pub(crate) struct Awakeable<'j> {
    /// Who has it can give the answer; the same at every replay.
    pub(crate) id: String,
    /// Waits for the answer; nothing comes if it is not there in time.
    pub(crate) answered: Answered<'j>,
}

/// See [`Awakeable::answered`].
pub(crate) type Answered<'j> =
    Box<dyn FnOnce(Option<Timestamp>) -> BoxFuture<'j, Result<Option<Bytes>, Failure>> + Send + 'j>;

/// The journal's operations. An `Err(Failure)` from one of them is a cancellation.
pub(crate) trait Journal: Send + Sync {
    /// Runs the closure unless the journal has its value.
    fn run(&self, name: String, closure: Closure) -> BoxFuture<'_, Result<Bytes, Failure>>;
    /// Waits durably.
    fn sleep(&self, until: Timestamp) -> BoxFuture<'_, Result<(), Failure>>;
    /// Calls child runs, at most so many at once; results in the order of the calls.
    fn call(
        &self,
        calls: Vec<Call>,
        at_most: usize,
    ) -> BoxFuture<'_, Result<Vec<CallResult>, Failure>>;
    /// Calls a step's service; nothing comes if it does not answer in time, and then it is told that
    /// nobody waits any more.
    fn call_step(&self, call: StepCall) -> BoxFuture<'_, Result<Option<CallResult>, Failure>>;
    /// A place for an answer from outside. Nothing is journaled before `answered` is awaited.
    fn awakeable(&self) -> Awakeable<'_>;
    /// Seed of the run's randomness; the same at every replay.
    fn random_seed(&self) -> u64;
    /// The clock that this journal's sleeps run by.
    fn clock(&self) -> Clock;
}

/// Where the time comes from.
#[derive(Debug, Clone)]
pub(crate) enum Clock {
    System,
    Virtual(Arc<Mutex<Timestamp>>),
}

impl Clock {
    pub(crate) fn now(&self) -> Timestamp {
        match self {
            Self::System => Timestamp::now(),
            Self::Virtual(now) => *now.lock().unwrap_or_else(PoisonError::into_inner),
        }
    }

    /// Skips forward; the system's clock takes its own time.
    pub(crate) fn skip_to(&self, until: Timestamp) {
        if let Self::Virtual(now) = self {
            let mut now = now.lock().unwrap_or_else(PoisonError::into_inner);
            *now = (*now).max(until);
        }
    }
}
