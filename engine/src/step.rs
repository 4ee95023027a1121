//! A step: one thing done to the outside world, run as one journaled closure.
//!
//! What must not repeat as a whole is several steps. A step never waits for long, never retries by
//! itself and never reads the journal: it acts once and says how that ended.

use std::future::Future;
use std::sync::Mutex;
use std::time::Duration;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::Semaphore;

use crate::ending::StepError;
use crate::journal::Clock;
use crate::policy::Policy;

/// One kind of work, with its clients as fields.
///
/// `NAME`, `Input` and `Output` are a durable contract: runs that are open today are replayed by
/// the code of tomorrow.
pub trait Step: Send + Sync + 'static {
    /// Durable name, `snake_case`; never reused for something else.
    const NAME: &'static str;
    /// `false`: acting twice would be seen outside. Such a step is never executed a second time
    /// before [`Step::ask`] has said what the first time did.
    const REPEATABLE: bool = true;
    /// What the step is given; it is kept as JSON.
    type Input: Serialize + DeserializeOwned + JsonSchema + Send + Sync + 'static;
    /// What the step gives back; it is kept as JSON.
    type Output: Serialize + DeserializeOwned + JsonSchema + Send + 'static;

    /// How often, how long and with which delays the step is tried.
    fn policy() -> Policy {
        Policy::default()
    }

    /// Room for this step in this process, if it has little: an execution takes one permit before its
    /// attempt begins and holds it to the end. One that is stopped in the queue has begun nothing, so
    /// it is neither in the history nor among the interrupted. The default is room for all.
    fn room(&self) -> Option<&Semaphore> {
        None
    }

    /// Acts once.
    ///
    /// # Errors
    /// A [`StepError`] in one of the words retry, later, terminal, unknown. Any other error that
    /// reaches `?` is unmapped: a retry for a repeatable step, a question for the others.
    fn run(
        &self,
        cx: &StepContext,
        input: Self::Input,
    ) -> impl Future<Output = Result<Self::Output, StepError>> + Send;

    /// Finds out what an earlier execution did that was interrupted, timed out or ended in an
    /// unmapped error. Only called when `REPEATABLE` is false, and then before anything is sent
    /// again. The default cannot tell, so the step ends `unknown`.
    ///
    /// # Errors
    /// As in [`Step::run`]; a retry or later asks again.
    fn ask(
        &self,
        _cx: &StepContext,
        _input: &Self::Input,
    ) -> impl Future<Output = Result<Asked<Self::Output>, StepError>> + Send {
        async { Ok(Asked::CannotTell) }
    }
}

/// What the outside says about an earlier execution of a step that must not act twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked<T> {
    /// It had acted: this is its output.
    Done(T),
    /// It had not acted, or what it began can be continued: `run` may go on.
    NotActed,
    /// There is no way to know. Nothing is sent again without a person.
    CannotTell,
}

/// What a step is told about the attempt that it is.
#[derive(Debug)]
pub struct StepContext {
    pub(crate) run_id: String,
    pub(crate) step: &'static str,
    pub(crate) occurrence: u32,
    pub(crate) attempt: u32,
    pub(crate) executions: u32,
    pub(crate) started_at: Timestamp,
    pub(crate) time_limit: Duration,
    pub(crate) clock: Clock,
    pub(crate) cost_micro_usd: Mutex<i64>,
}

impl StepContext {
    /// The run that this attempt belongs to.
    #[must_use]
    pub fn run_id(&self) -> &str {
        &self.run_id
    }

    /// Number of this attempt, from 1.
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// The same for every attempt of this occurrence of the step, and unlike every other: the key
    /// for platforms that take one, and for rows that must be written once.
    #[must_use]
    pub fn key(&self) -> String {
        format!("{}/{}/{}", self.run_id, self.step, self.occurrence)
    }

    /// When this attempt is given up.
    #[must_use]
    pub fn deadline(&self) -> Timestamp {
        self.started_at
            .saturating_add(
                jiff::SignedDuration::try_from(self.time_limit)
                    .unwrap_or(jiff::SignedDuration::MAX),
            )
            .unwrap_or(Timestamp::MAX)
    }

    /// The time; skipped forward in tests.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Whether an earlier execution of this attempt began and did not end.
    #[must_use]
    pub fn interrupted(&self) -> bool {
        self.executions > 1
    }

    /// Adds to what this attempt cost, in millionths of a US dollar. Counts also when it fails.
    pub fn add_cost(&self, micro_usd: i64) {
        let mut cost = self
            .cost_micro_usd
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        *cost = cost.saturating_add(micro_usd);
    }

    pub(crate) fn cost_micro_usd(&self) -> i64 {
        *self
            .cost_micro_usd
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
