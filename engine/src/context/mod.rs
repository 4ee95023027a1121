//! What a workflow may do: [`WorkflowContext`].

mod cancel;
mod children;
mod given_up;
mod head;
mod json;
mod rows;
mod story;
mod wait;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use jiff::Timestamp;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use serde::de::DeserializeOwned;
use serde_json::json;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use self::cancel::OnCancel;
use self::given_up::GivenUp;
use self::story::Story;
use crate::attempts;
use crate::controls::Controls;
use crate::ending::{Failure, FailureKind};
use crate::error::EngineError;
use crate::event::{RunResumed, RunTagged, RunWaiting};
use crate::history::History;
use crate::journal::{Closure, Journal};
use crate::registry::Settings;
use crate::step::Step;
use crate::tables::{EntryKind, RunStatus};

pub(crate) use head::RunHead;
pub(crate) use json::{encode, encode_and_decode};
pub(crate) use rows::Rows;
pub(crate) use story::Mode;
pub(crate) use wait::{WAIT, Waiting};

/// The name of journal entries that hold the time; no step may have it.
pub(crate) const TIME: &str = "now";

/// What every run of a worker uses.
#[derive(Clone)]
pub(crate) struct Means {
    pub(crate) history: Arc<dyn History>,
    pub(crate) controls: Arc<dyn Controls>,
    pub(crate) settings: Arc<Settings>,
    /// Cancelled when this worker stops: attempts under way end, and none begins.
    pub(crate) stop: CancellationToken,
    /// The attempts under way, each until Restate has what it came to. This worker keeps its connections
    /// until there is none.
    pub(crate) under_way: TaskTracker,
}

/// A run as its workflow sees it: steps, waits, events, the time, child runs, tags; nothing else.
///
/// One thing at a time: each of these is awaited before the next one begins. A journal has one
/// order, so an execution that joins or races two of them is given up with
/// [`EngineError::AtOnce`]. For things at once there is [`WorkflowContext::children`].
pub struct WorkflowContext<'a> {
    pub(crate) run: RunHead,
    pub(crate) journal: &'a dyn Journal,
    pub(crate) means: Means,
    /// Set by the first closure that this execution of the run really runs. Only that one can have
    /// been run before (a later one would have needed this one's entry), so only that one waits
    /// for its row in order to learn how often it was interrupted.
    pub(crate) went_live: Arc<AtomicBool>,
    pub(crate) given_up: GivenUp,
    /// Whether an operation on the journal is under way.
    busy: AtomicBool,
    /// Whether the run was cancelled: from then on only `on_cancel` steps are executed.
    cancelled: AtomicBool,
    /// Whether `on_cancel` steps are being executed. Those belong to no story: it ends with the
    /// cancellation.
    undoing: AtomicBool,
    on_cancel: Mutex<Vec<OnCancel>>,
    story: Mutex<Story>,
    state: Mutex<State>,
    pub(crate) rows: Rows,
}

struct State {
    occurrences: BTreeMap<&'static str, u32>,
    children: u32,
    seq: u32,
    /// Ids of the events that the run has had.
    events: Vec<String>,
    random: StdRng,
}

impl<'a> WorkflowContext<'a> {
    pub(crate) fn new(run: RunHead, journal: &'a dyn Journal, means: Means) -> Self {
        let state = State {
            occurrences: BTreeMap::new(),
            children: 0,
            seq: 0,
            events: Vec::new(),
            random: StdRng::seed_from_u64(journal.random_seed()),
        };
        Self {
            run,
            journal,
            means,
            went_live: Arc::default(),
            given_up: GivenUp::default(),
            busy: AtomicBool::new(false),
            cancelled: AtomicBool::new(false),
            undoing: AtomicBool::new(false),
            on_cancel: Mutex::default(),
            story: Mutex::default(),
            state: Mutex::new(state),
            rows: Rows::default(),
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
        let seq = self.next_seq();
        if self.taken(seq, EntryKind::Sleep, label)?.is_some() {
            return Ok(());
        }
        self.enter(seq, EntryKind::Sleep, label, None);
        self.pause(label, until).await
    }

    /// As [`WorkflowContext::sleep`], inside of another operation.
    pub(crate) async fn pause(&self, label: &str, until: Timestamp) -> Result<(), Failure> {
        loop {
            match self.pause_once(label, until).await {
                Err(failure) if self.is_told_again(&failure) => {}
                result => return result,
            }
        }
    }

    async fn pause_once(&self, label: &str, until: Timestamp) -> Result<(), Failure> {
        self.check_cancelled()?;
        let _busy = self.only_this().await;
        let clock = self.journal.clock();
        if until > clock.now() {
            self.say_waiting(RunWaiting {
                run_id: self.run.run_id.clone(),
                status: RunStatus::Waiting,
                reason: label.to_owned(),
                until: Some(until),
                code: None,
                again: true,
            });
            self.latch(self.wait_settled(self.journal.sleep(until)).await)?;
            self.say_resumed();
            return Ok(());
        }
        self.latch(self.wait_settled(self.journal.sleep(until)).await)
    }

    /// The time, the same at every replay.
    ///
    /// # Errors
    /// The run's cancellation.
    pub async fn now(&self) -> Result<Timestamp, Failure> {
        let seq = self.next_seq();
        let occurrence = self.next_occurrence(TIME);
        let what = "the time";
        let ms: i64 = match self.taken(seq, EntryKind::Time, TIME)? {
            Some(gave) => self.decode_given(what, gave).await?,
            None => {
                let clock = self.journal.clock();
                let closure = Box::pin(async move { encode(what, &clock.now().as_millisecond()) });
                let bytes = self.entry(format!("{TIME}#{occurrence}"), closure).await?;
                let ms: i64 = self.decode(what, &bytes).await;
                self.enter(seq, EntryKind::Time, TIME, Some(json!(ms)));
                ms
            }
        };
        Ok(Timestamp::from_millisecond(ms).unwrap_or(Timestamp::MAX))
    }

    /// Makes the run findable by `key = value`. Setting a key again replaces its value.
    pub fn tag(&self, key: &str, value: impl Into<String>) {
        let tagged = RunTagged {
            run_id: self.run.run_id.clone(),
            key: key.to_owned(),
            value: value.into(),
        };
        self.means.history.note(tagged.into());
    }

    pub(crate) fn say_waiting(&self, waiting: RunWaiting) {
        self.means.history.note(waiting.into());
    }

    pub(crate) fn say_resumed(&self) {
        let resumed = RunResumed {
            run_id: self.run.run_id.clone(),
            at: self.journal.clock().now(),
        };
        self.means.history.note(resumed.into());
    }

    pub(crate) fn next_occurrence(&self, name: &'static str) -> u32 {
        let mut state = self.state();
        let occurrence = state.occurrences.entry(name).or_default();
        *occurrence += 1;
        *occurrence
    }

    /// The place of the next operation in the run's story; 0 if it has none.
    pub(crate) fn next_seq(&self) -> u32 {
        if self.undoing.load(Ordering::Relaxed) {
            return 0;
        }
        let mut state = self.state();
        state.seq += 1;
        state.seq
    }

    /// Runs the closure unless the journal has its value.
    pub(crate) async fn entry(&self, name: String, closure: Closure) -> Result<Bytes, Failure> {
        self.check_cancelled()?;
        let _busy = self.only_this().await;
        self.latch(self.journal.run(name, closure).await)
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

    /// Restate says once that a run was cancelled. A workflow that ignores it is told again.
    fn latch<T>(&self, result: Result<T, Failure>) -> Result<T, Failure> {
        if let Err(failure) = &result
            && failure.kind == FailureKind::Cancelled
            && !self.is_told_again(failure)
        {
            self.cancelled.store(true, Ordering::Relaxed);
        }
        result
    }

    fn check_cancelled(&self) -> Result<(), Failure> {
        match self.cancelled.load(Ordering::Relaxed) {
            true => Err(Failure::cancelled()),
            false => Ok(()),
        }
    }

    /// The next number in `0.0..1.0` of the run's own randomness.
    pub(crate) fn random(&self) -> f64 {
        self.state().random.random()
    }

    pub(crate) async fn decode<T: DeserializeOwned>(&self, what: &str, bytes: &[u8]) -> T {
        match serde_json::from_slice(bytes) {
            Ok(value) => value,
            Err(source) => self.give_up(json::decode_error::<T>(what, source)).await,
        }
    }

    /// Gives this execution of the run up without ending the run: Restate will try it again, with
    /// mended code or a mended database. Never returns; whoever drives the workflow sees the error.
    pub(crate) async fn give_up<T>(&self, error: EngineError) -> T {
        self.given_up.give_up(error).await
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
