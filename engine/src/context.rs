//! What a workflow may do: [`WorkflowContext`].

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use jiff::Timestamp;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::attempts;
use crate::ending::Failure;
use crate::error::EngineError;
use crate::event::{RunResumed, RunTagged, RunWaiting};
use crate::history::History;
use crate::journal::{Call, Closure, Journal};
use crate::step::Step;
use crate::workflow::Workflow;

/// The name of journal entries that hold the time; no step may have it.
pub(crate) const TIME: &str = "now";

/// A run as its workflow sees it: steps, waits, the time, child runs, tags; nothing else.
///
/// One thing at a time: each of these is awaited before the next one begins. A journal has one
/// order, so an execution that joins or races two of them is given up with
/// [`EngineError::AtOnce`]. For things at once there is [`WorkflowContext::children`].
pub struct WorkflowContext<'a> {
    pub(crate) run: RunHead,
    pub(crate) journal: &'a dyn Journal,
    pub(crate) history: Arc<dyn History>,
    /// Set by the first closure that this execution of the run really runs. Only that one can have
    /// been run before (a later one would have needed this one's entry), so only that one waits
    /// for its row in order to learn how often it was interrupted.
    pub(crate) went_live: Arc<AtomicBool>,
    pub(crate) given_up: GivenUp,
    /// Cancelled when this worker stops: attempts under way end, and none begins.
    pub(crate) stop: CancellationToken,
    /// Whether an operation on the journal is under way.
    busy: AtomicBool,
    state: Mutex<State>,
}

/// What is known of a run from its start: the body of the call that starts it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RunHead {
    pub(crate) run_id: String,
    pub(crate) workflow: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) parent_id: Option<String>,
    pub(crate) input: serde_json::Value,
}

struct State {
    occurrences: BTreeMap<&'static str, u32>,
    children: u32,
    random: StdRng,
}

impl<'a> WorkflowContext<'a> {
    pub(crate) fn new(
        run: RunHead,
        journal: &'a dyn Journal,
        history: Arc<dyn History>,
        stop: CancellationToken,
    ) -> Self {
        let state = State {
            occurrences: BTreeMap::new(),
            children: 0,
            random: StdRng::seed_from_u64(journal.random_seed()),
        };
        Self {
            run,
            journal,
            history,
            went_live: Arc::default(),
            given_up: GivenUp::default(),
            stop,
            busy: AtomicBool::new(false),
            state: Mutex::new(state),
        }
    }

    /// The run's id.
    #[must_use]
    pub fn run_id(&self) -> &str {
        &self.run.run_id
    }

    /// Runs a step to its end: attempts, delays and waits as its policy says.
    ///
    /// # Errors
    /// The step's terminal, unknown or exhausted [`Failure`], or the run's cancellation.
    pub async fn step<S: Step>(
        &self,
        step: &Arc<S>,
        input: S::Input,
    ) -> Result<S::Output, Failure> {
        attempts::run(self, step, input).await
    }

    /// Waits durably until an instant; `label` says for what. The worker may be restarted or gone
    /// meanwhile.
    ///
    /// # Errors
    /// The run's cancellation.
    pub async fn sleep(&self, label: &str, until: Timestamp) -> Result<(), Failure> {
        let _busy = self.only_this().await;
        let clock = self.journal.clock();
        if until <= clock.now() {
            return self.journal.sleep(until).await;
        }
        let run_id = self.run.run_id.clone();
        self.history.note(
            RunWaiting {
                run_id: run_id.clone(),
                reason: label.to_owned(),
                until,
            }
            .into(),
        );
        self.journal.sleep(until).await?;
        self.history.note(
            RunResumed {
                run_id,
                at: clock.now(),
            }
            .into(),
        );
        Ok(())
    }

    /// The time, the same at every replay.
    ///
    /// # Errors
    /// The run's cancellation.
    pub async fn now(&self) -> Result<Timestamp, Failure> {
        let clock = self.journal.clock();
        let name = format!("{TIME}#{}", self.next_occurrence(TIME));
        let closure = Box::pin(async move { encode("the time", &clock.now().as_millisecond()) });
        let bytes = self.entry(name, closure).await?;
        let ms: i64 = self.decode("the time", &bytes).await;
        Ok(Timestamp::from_millisecond(ms).unwrap_or(Timestamp::MAX))
    }

    /// Runs one child workflow and waits for its end.
    ///
    /// # Errors
    /// The child's failure, or this run's cancellation.
    pub async fn child<W: Workflow>(&self, input: W::Input) -> Result<W::Output, Failure> {
        match self.children::<W>(vec![input], 1).await?.pop() {
            Some(result) => result,
            None => {
                let workflow = W::NAME;
                self.give_up(EngineError::NoResult { workflow }).await
            }
        }
    }

    /// Runs child workflows, at most `at_most` at once, and gives each one's result in the order of
    /// the inputs.
    ///
    /// # Errors
    /// This run's cancellation; a child's failure is in its own result.
    pub async fn children<W: Workflow>(
        &self,
        inputs: Vec<W::Input>,
        at_most: usize,
    ) -> Result<Vec<Result<W::Output, Failure>>, Failure> {
        let mut calls = Vec::with_capacity(inputs.len());
        for input in inputs {
            match self.call_of::<W>(&input) {
                Ok(call) => calls.push(call),
                Err(error) => self.give_up(error).await,
            }
        }
        let _busy = self.only_this().await;
        let mut outputs = Vec::with_capacity(calls.len());
        for result in self.journal.call(calls, at_most.max(1)).await? {
            outputs.push(match result {
                Ok(bytes) => Ok(self.decode("a child run's output", &bytes).await),
                Err(failure) => Err(failure),
            });
        }
        Ok(outputs)
    }

    /// Makes the run findable by `key = value`. Setting a key again replaces its value.
    pub fn tag(&self, key: &str, value: impl Into<String>) {
        let tagged = RunTagged {
            run_id: self.run.run_id.clone(),
            key: key.to_owned(),
            value: value.into(),
        };
        self.history.note(tagged.into());
    }

    fn call_of<W: Workflow>(&self, input: &W::Input) -> Result<Call, EngineError> {
        let number = {
            let mut state = self.state();
            state.children += 1;
            state.children
        };
        let run_id = format!("{}.{number}", self.run.run_id);
        let encode_error = |source| EngineError::Encode {
            what: format!("the input of {run_id}"),
            source,
        };
        let head = RunHead {
            run_id: run_id.clone(),
            workflow: W::NAME.to_owned(),
            parent_id: Some(self.run.run_id.clone()),
            input: serde_json::to_value(input).map_err(encode_error)?,
        };
        let body = encode("a child run's start", &head)?;
        Ok(Call {
            workflow: W::NAME,
            run_id,
            body,
        })
    }

    pub(crate) fn next_occurrence(&self, name: &'static str) -> u32 {
        let mut state = self.state();
        let occurrence = state.occurrences.entry(name).or_default();
        *occurrence += 1;
        *occurrence
    }

    /// Runs the closure unless the journal has its value.
    pub(crate) async fn entry(&self, name: String, closure: Closure) -> Result<Bytes, Failure> {
        let _busy = self.only_this().await;
        self.journal.run(name, closure).await
    }

    /// Keeps the journal for the caller until the guard is dropped. The SDK panics when two of its
    /// futures are polled at once; this says what is wrong instead.
    async fn only_this(&self) -> Busy<'_> {
        if self.busy.swap(true, Ordering::Relaxed) {
            let run_id = self.run.run_id.clone();
            return self.give_up(EngineError::AtOnce { run_id }).await;
        }
        Busy(&self.busy)
    }

    /// The next number in `0.0..1.0` of the run's own randomness.
    pub(crate) fn random(&self) -> f64 {
        self.state().random.random()
    }

    pub(crate) async fn decode<T: DeserializeOwned>(&self, what: &str, bytes: &[u8]) -> T {
        match serde_json::from_slice(bytes) {
            Ok(value) => value,
            Err(source) => {
                let as_type = std::any::type_name::<T>();
                self.give_up(EngineError::Decode {
                    what: what.to_owned(),
                    as_type,
                    source,
                })
                .await
            }
        }
    }

    /// Gives this execution of the run up without ending the run: Restate will try it again, with
    /// mended code or a mended database. Never returns; whoever drives the workflow sees the error.
    pub(crate) async fn give_up<T>(&self, error: EngineError) -> T {
        self.given_up.set(error);
        match std::future::pending::<Infallible>().await {}
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An operation on the journal is under way as long as this is there.
struct Busy<'a>(&'a AtomicBool);

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Relaxed);
    }
}

/// Where a given-up execution leaves its reason for whoever drives it.
#[derive(Clone, Default)]
pub(crate) struct GivenUp(Arc<(Mutex<Option<EngineError>>, Notify)>);

impl GivenUp {
    fn set(&self, error: EngineError) {
        *self.0.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
        self.0.1.notify_one();
    }

    pub(crate) async fn wait(&self) -> EngineError {
        loop {
            if let Some(error) = self
                .0
                .0
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take()
            {
                return error;
            }
            self.0.1.notified().await;
        }
    }
}

pub(crate) fn encode<T: Serialize + ?Sized>(what: &str, value: &T) -> Result<Bytes, EngineError> {
    serde_json::to_vec(value)
        .map(Bytes::from)
        .map_err(|source| EngineError::Encode {
            what: what.to_owned(),
            source,
        })
}

/// The value as JSON that comes back as a value of its type. Not every value does: a map needs keys
/// that are text, and a number must be one.
pub(crate) fn encode_and_decode<T>(value: &T) -> Result<Bytes, serde_json::Error>
where
    T: Serialize + DeserializeOwned,
{
    let bytes = serde_json::to_vec(value)?;
    serde_json::from_slice::<T>(&bytes)?;
    Ok(Bytes::from(bytes))
}
