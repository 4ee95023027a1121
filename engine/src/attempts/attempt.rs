//! One attempt: whether it may begin, its start row, the work, its end row, and what follows from it.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures::FutureExt as _;
use jiff::Timestamp;
use tokio::sync::SemaphorePermit;

use super::ended::{Took, ended_as, journaled};
use crate::context::{Means, Rows, encode, encode_and_decode};
use crate::controls::Ask;
use crate::ending::{
    Ending, ErrorNote, Halt, Next, SoFar, StepError, StepErrorKind, When, add, codes,
};
use crate::error::EngineError;
use crate::event::{AttemptKey, AttemptStarted};
use crate::journal::Clock;
use crate::limits::LimitRule;
use crate::policy::{MissingField, OnExhausted, Policy};
use crate::step::{Asked, Step, StepContext};

/// One attempt, as the journaled closure owns it.
pub(super) struct Attempt<S> {
    pub(super) step: Arc<S>,
    pub(super) key: AttemptKey,
    /// The step's place in the run's story.
    pub(super) seq: u32,
    pub(super) input: Bytes,
    pub(super) policy: Arc<Policy>,
    /// The limits that it needs, sorted by key. Whether the input has what their keys need is said
    /// inside the closure: the configuration may change under an open run.
    pub(super) limits: Result<Vec<(String, LimitRule)>, MissingField>,
    /// The slots of rates that it has waited for.
    pub(super) slots: BTreeMap<String, i64>,
    /// Whether it was kept from beginning before. Then it may stand in lines that its policy of today
    /// does not name.
    pub(super) halted: bool,
    /// What the attempts before this one left.
    pub(super) so_far: SoFar,
    /// For the jitter of the delay after this attempt; from the journal's randomness.
    pub(super) random: f64,
    pub(super) means: Means,
    pub(super) clock: Clock,
    pub(super) went_live: Arc<AtomicBool>,
    /// The run's.
    pub(super) rows: Rows,
    /// Set when it ends: what is taken from the journal did not end now.
    pub(super) ended_now: Arc<AtomicBool>,
}

// Not derived: that would ask for a step that can be cloned.
impl<S> Clone for Attempt<S> {
    fn clone(&self) -> Self {
        Self {
            step: self.step.clone(),
            key: self.key.clone(),
            seq: self.seq,
            input: self.input.clone(),
            policy: self.policy.clone(),
            limits: self.limits.clone(),
            slots: self.slots.clone(),
            halted: self.halted,
            so_far: self.so_far,
            random: self.random,
            means: self.means.clone(),
            clock: self.clock.clone(),
            went_live: self.went_live.clone(),
            rows: self.rows.clone(),
            ended_now: self.ended_now.clone(),
        }
    }
}

impl<S: Step> Attempt<S> {
    /// Leave, room, the start row, the work, the end row.
    pub(super) async fn execute(self) -> Result<Bytes, EngineError> {
        if let Some(why) = self.admit().await? {
            return encode(S::NAME, &Ending::<S::Output>::Halted { why });
        }
        let step = self.step.clone();
        let room = self.enter(&step).await?;
        // For room it may have waited long.
        if room.is_some() && self.is_held().await? {
            return encode(S::NAME, &Ending::<S::Output>::Halted { why: Halt::Held });
        }
        let started_at = self.clock.now();
        let executions = self.start(started_at, false).await?;
        let cx = self.step_context(started_at, executions);
        let ending = self.act(&cx).await;
        self.end(cx, ending).await
    }

    /// Whether the attempt may begin; if not, why not.
    pub(super) async fn admit(&self) -> Result<Option<Halt>, EngineError> {
        let ask = Ask {
            run_id: self.key.run_id.clone(),
            holder: self.key.entry_name(),
            limits: self.limits.clone().unwrap_or_default(),
            slots: self.slots.clone(),
            halted: self.halted,
        };
        self.means.controls.admit(ask).await
    }

    /// Whether the run is held now. Then it leaves its places in lines.
    async fn is_held(&self) -> Result<bool, EngineError> {
        let ask = Ask {
            run_id: self.key.run_id.clone(),
            holder: self.key.entry_name(),
            limits: Vec::new(),
            slots: BTreeMap::new(),
            halted: self.halted || draws_tickets(&self.limits),
        };
        Ok(self.means.controls.admit(ask).await?.is_some())
    }

    pub(super) fn step_context(&self, started_at: Timestamp, executions: u32) -> StepContext {
        StepContext {
            run_id: self.key.run_id.clone(),
            step: S::NAME,
            occurrence: self.key.occurrence,
            attempt: self.key.attempt,
            executions,
            started_at,
            time_limit: self.policy.time_limit,
            clock: self.clock.clone(),
            cost_micro_usd: std::sync::Mutex::new(0),
        }
    }

    /// The end row and the permits; then the ending may be journaled. The row of a step that must not
    /// act twice is acknowledged before; any other is in the journal, too, and comes back from there if
    /// it is lost: see `context::rows`.
    pub(super) async fn end(
        self,
        cx: StepContext,
        ending: Ending<S::Output>,
    ) -> Result<Bytes, EngineError> {
        let (ending, written) = written::<S>(ending)?;
        let took = Took {
            started_at_ms: cx.started_at.as_millisecond(),
            ended_at_ms: cx.now().as_millisecond(),
            cost_micro_usd: cx.cost_micro_usd(),
        };
        let bytes = journaled(&written, took)?;
        let (run_id, holder) = (self.key.run_id.clone(), self.key.entry_name());
        let ended = ended_as(self.key, self.seq, &ending, took)?;
        self.ended_now.store(true, Ordering::Relaxed);
        if S::REPEATABLE {
            self.means.history.note(ended.into());
            self.rows.noted();
        } else {
            self.means.history.keep(ended.into()).await?;
            self.rows.committed();
        }
        if self.halted || draws_tickets(&self.limits) {
            self.means.controls.leave(run_id, holder).await;
        }
        Ok(bytes)
    }

    /// Waits for room in this process. A worker that is stopping begins nothing: what has not begun
    /// is the next one's, and is no interruption.
    async fn enter<'s>(&self, step: &'s S) -> Result<Option<SemaphorePermit<'s>>, EngineError> {
        let room = match step.room() {
            Some(room) => {
                let permit = self.means.stop.run_until_cancelled(room.acquire()).await;
                let permit = permit.ok_or(EngineError::Stopping)?;
                Some(permit.map_err(EngineError::RoomClosed)?)
            }
            None => None,
        };
        if self.means.stop.is_cancelled() {
            return Err(EngineError::Stopping);
        }
        Ok(room)
    }

    /// Writes the start row and gives the number of executions. The row is waited for only where
    /// somebody needs to know (see `WorkflowContext::went_live`), or if `must_keep`: where the end is of
    /// another journal entry.
    pub(super) async fn start(&self, at: Timestamp, must_keep: bool) -> Result<u32, EngineError> {
        let first_live = !self.went_live.swap(true, Ordering::Relaxed);
        // Committed with the start row, or before it: see `context::rows`.
        self.rows.note_taken_over(&*self.means.history);
        let input = String::from_utf8_lossy(&self.input).into_owned();
        let started = AttemptStarted {
            key: self.key.clone(),
            at,
            input,
            seq: self.seq,
        };
        if S::REPEATABLE && !first_live && !must_keep {
            self.means.history.note(started.into());
            return Ok(1);
        }
        let executions = self.means.history.keep(started.into()).await?;
        self.rows.committed();
        Ok(executions)
    }

    /// What keeps the step from being executed at all.
    pub(super) fn cannot_act(&self, cx: &StepContext) -> Option<Ending<S::Output>> {
        if cx.executions > self.policy.max_interrupted {
            let text = format!(
                "executed {} times without coming to an end",
                cx.executions - 1
            );
            return Some(match S::REPEATABLE {
                true => Ending::Terminal {
                    error: ErrorNote::text(codes::STEP_INTERRUPTED, text),
                },
                false => Ending::Unknown {
                    error: ErrorNote::text(codes::PUBLISH_UNKNOWN, text),
                },
            });
        }
        match &self.limits {
            Ok(_) => None,
            Err(error) => {
                let error = ErrorNote::new(codes::LIMIT_KEY_MISSING, error);
                let in_doubt = !S::REPEATABLE && (self.so_far.ask_first || cx.interrupted());
                Some(ended_for_good(error, in_doubt))
            }
        }
    }

    async fn act(&self, cx: &StepContext) -> Ending<S::Output> {
        if let Some(ending) = self.cannot_act(cx) {
            return ending;
        }
        let must_ask = !S::REPEATABLE && (self.so_far.ask_first || cx.interrupted());
        let input = match serde_json::from_slice(&self.input) {
            Ok(input) => input,
            Err(error) => {
                let error = ErrorNote::new(codes::INPUT_INVALID, &error);
                return ended_for_good(error, must_ask);
            }
        };
        let work = AssertUnwindSafe(self.ask_then_run(cx, input, must_ask)).catch_unwind();
        match tokio::time::timeout(self.policy.time_limit, work).await {
            Ok(Ok(ending)) => ending,
            Ok(Err(_panic)) => self.unmapped(
                cx,
                ErrorNote::text(
                    codes::STEP_PANICKED,
                    "the step panicked; its log says where",
                ),
            ),
            Err(_elapsed) => self.timed_out(cx),
        }
    }

    async fn ask_then_run(
        &self,
        cx: &StepContext,
        input: S::Input,
        must_ask: bool,
    ) -> Ending<S::Output> {
        if must_ask {
            match self.step.ask(cx, &input).await {
                Ok(Asked::Done(output)) => return Ending::Done { output },
                Ok(Asked::NotActed) => {}
                // A person has seen that it cannot be told, and decided; for one execution.
                Ok(Asked::CannotTell) if self.so_far.approved && !cx.interrupted() => {}
                Ok(Asked::CannotTell) => {
                    let text =
                        "an earlier execution was interrupted, and what it did cannot be found out";
                    return Ending::Unknown {
                        error: ErrorNote::text(codes::PUBLISH_UNKNOWN, text),
                    };
                }
                // The question failed, so it is still open.
                Err(error) => return self.ending_of(cx, error, true),
            }
        }
        match self.step.run(cx, input).await {
            Ok(output) => Ending::Done { output },
            Err(error) => self.ending_of(cx, error, false),
        }
    }

    /// `in_doubt`: whether an earlier execution acted is still not known.
    pub(super) fn ending_of(
        &self,
        cx: &StepContext,
        error: StepError,
        in_doubt: bool,
    ) -> Ending<S::Output> {
        let StepError { kind, note: error } = error;
        match kind {
            StepErrorKind::Retry => self.retry(cx, error, in_doubt),
            StepErrorKind::Later(when) => self.later(cx, error, when, in_doubt),
            StepErrorKind::Terminal => ended_for_good(error, in_doubt),
            StepErrorKind::Unknown => Ending::Unknown { error },
            StepErrorKind::Unmapped => self.unmapped(cx, error),
        }
    }

    pub(super) fn timed_out(&self, cx: &StepContext) -> Ending<S::Output> {
        let text = format!("no end within {:?}", self.policy.time_limit);
        self.unmapped(cx, ErrorNote::text(codes::STEP_TIMED_OUT, text))
    }

    /// An error whose meaning nobody declared: it may have acted, so a step that must not act twice
    /// asks before it goes on.
    pub(super) fn unmapped(&self, cx: &StepContext, error: ErrorNote) -> Ending<S::Output> {
        self.retry(cx, error, !S::REPEATABLE)
    }

    /// Decides by the policy of today whether there is another attempt, and when.
    fn retry(&self, cx: &StepContext, error: ErrorNote, ask_first: bool) -> Ending<S::Output> {
        let ended_at = cx.now();
        let attempts = self.so_far.attempts.saturating_add(1);
        let delay = self.policy.delay(attempts, self.random);
        let time = self.time_after(cx, ended_at).saturating_add(delay);
        let is_over = attempts >= self.policy.max_attempts || time > self.policy.max_total;
        Ending::Retry {
            error,
            next: match (is_over, self.policy.on_exhausted) {
                (true, OnExhausted::Fail) => Next::Exhausted,
                (true, OnExhausted::Park) => Next::Parked,
                (false, _) => Next::At(add(ended_at, delay).as_millisecond()),
            },
            so_far: SoFar {
                attempts,
                time,
                ask_first,
                approved: false,
            },
        }
    }

    fn later(
        &self,
        cx: &StepContext,
        error: ErrorNote,
        when: When,
        ask_first: bool,
    ) -> Ending<S::Output> {
        let ended_at = cx.now();
        let mut until_ms = when.instant(ended_at).as_millisecond();
        if until_ms <= ended_at.as_millisecond() {
            // An instant that is over would make attempts follow each other without a pause.
            until_ms = add(ended_at, self.policy.first_delay).as_millisecond();
        }
        Ending::Later {
            error,
            until_ms,
            so_far: SoFar {
                time: self.time_after(cx, ended_at),
                ask_first,
                approved: false,
                ..self.so_far
            },
        }
    }

    /// What is spent with this attempt. No attempt is longer than its limit, whatever the clock
    /// says: it may jump, and the machine may sleep in the middle.
    fn time_after(&self, cx: &StepContext, ended_at: Timestamp) -> Duration {
        let took = Duration::try_from(ended_at.duration_since(cx.started_at)).unwrap_or_default();
        self.so_far
            .time
            .saturating_add(took.min(self.policy.time_limit))
    }
}

/// Whether an attempt that needs these limits stands in a line.
pub(super) fn draws_tickets(limits: &Result<Vec<(String, LimitRule)>, MissingField>) -> bool {
    let mut limits = limits.iter().flatten();
    limits.any(|(_, rule)| rule.at_once.is_some())
}

/// Trying again cannot help; but while it is not known whether the step acted, that is its ending.
fn ended_for_good<T>(error: ErrorNote, in_doubt: bool) -> Ending<T> {
    match in_doubt {
        true => Ending::Unknown { error },
        false => Ending::Terminal { error },
    }
}

/// The ending with its bytes. An output that does not come back as its type would stop the run at
/// every replay, so it ends the step instead; one that must not act twice has acted by then.
fn written<S: Step>(ending: Ending<S::Output>) -> Result<(Ending<S::Output>, Bytes), EngineError> {
    match encode_and_decode(&ending) {
        Ok(bytes) => Ok((ending, bytes)),
        Err(error) => {
            let error = ErrorNote::new(codes::OUTPUT_INVALID, &error);
            let ending = ended_for_good(error, !S::REPEATABLE);
            let bytes = encode(S::NAME, &ending)?;
            Ok((ending, bytes))
        }
    }
}
