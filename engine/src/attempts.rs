//! Runs a step to its end: one journal entry and one row for each attempt, and durable timers
//! between them. This loop is the only retry layer.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use futures::FutureExt as _;
use jiff::Timestamp;

use crate::context::{WorkflowContext, encode};
use crate::ending::{
    Ending, ErrorNote, Failure, FailureKind, StepError, StepErrorKind, add, codes,
};
use crate::error::EngineError;
use crate::event::{AttemptEnded, AttemptKey, AttemptStarted};
use crate::history::History;
use crate::journal::Clock;
use crate::policy::Policy;
use crate::step::{Asked, Step, StepContext};

/// Runs `step` until it is done, fails for good, or its policy is used up.
pub(crate) async fn run<S: Step>(
    cx: &WorkflowContext<'_>,
    step: &Arc<S>,
    input: S::Input,
) -> Result<S::Output, Failure> {
    let policy = Arc::new(S::policy());
    let occurrence = cx.next_occurrence(S::NAME);
    let input = match encode(S::NAME, &input) {
        Ok(input) => input,
        Err(error) => cx.give_up(error).await,
    };
    let mut spent = Spent::default();
    for attempt in 1.. {
        let attempt = Attempt {
            step: step.clone(),
            key: AttemptKey {
                run_id: cx.run.run_id.clone(),
                step: S::NAME,
                occurrence,
                attempt,
            },
            input: input.clone(),
            policy: policy.clone(),
            ask_first: spent.ask_first,
            history: cx.history.clone(),
            clock: cx.journal.clock(),
            went_live: cx.went_live.clone(),
        };
        let name = attempt.key.entry_name();
        let bytes = cx
            .journal
            .run(name.clone(), Box::pin(attempt.execute()))
            .await?;
        match cx.decode::<Ending<S::Output>>(&name, &bytes).await {
            Ending::Done { output } => return Ok(output),
            Ending::Terminal { error } => {
                return Err(Failure::of_step(FailureKind::Terminal, S::NAME, &error));
            }
            Ending::Unknown { error } => return Err(unknown::<S>(&error)),
            Ending::Later {
                error,
                until_ms,
                ask_first,
                started_at_ms,
                ended_at_ms,
            } => {
                let until = instant(until_ms);
                spent.later(started_at_ms, ended_at_ms, until_ms, ask_first);
                cx.sleep(&format!("{}: {}", S::NAME, error.code), until)
                    .await?;
            }
            Ending::Retry {
                error,
                ask_first,
                started_at_ms,
                ended_at_ms,
            } => {
                spent.retry(started_at_ms, ask_first);
                let until = add(
                    instant(ended_at_ms),
                    policy.delay(spent.attempts, cx.random()),
                );
                if spent.exhausts(&policy, until) {
                    return Err(exhausted::<S>(&error, &spent));
                }
                cx.sleep(&format!("{}: retry after {}", S::NAME, error.code), until)
                    .await?;
            }
        }
    }
    Err(Failure::terminal(
        codes::STEP_INTERRUPTED,
        "more attempts than can be counted",
    ))
}

fn instant(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(ms).unwrap_or(Timestamp::MAX)
}

/// A step that must not act twice and whose last word was "not known" ends unknown, never failed.
fn exhausted<S: Step>(error: &ErrorNote, spent: &Spent) -> Failure {
    match spent.ask_first {
        true => unknown::<S>(error),
        false => Failure::of_step(FailureKind::Exhausted, S::NAME, error),
    }
}

/// Every unknown has the one code that people search for; the step's own code leads its text.
fn unknown<S: Step>(error: &ErrorNote) -> Failure {
    let note = ErrorNote::text(codes::PUBLISH_UNKNOWN, format!("{}: {error}", error.code));
    Failure::of_step(FailureKind::Unknown, S::NAME, &note)
}

/// What a step has used of its policy so far; rebuilt from the journal at every replay.
#[derive(Default)]
struct Spent {
    attempts: u32,
    first_started_ms: Option<i64>,
    asked_to_wait_ms: i64,
    ask_first: bool,
}

impl Spent {
    fn later(&mut self, started_ms: i64, ended_ms: i64, until_ms: i64, ask_first: bool) {
        self.first_started_ms.get_or_insert(started_ms);
        self.asked_to_wait_ms = self
            .asked_to_wait_ms
            .saturating_add(until_ms.saturating_sub(ended_ms).max(0));
        self.ask_first = ask_first;
    }

    fn retry(&mut self, started_ms: i64, ask_first: bool) {
        self.first_started_ms.get_or_insert(started_ms);
        self.attempts = self.attempts.saturating_add(1);
        self.ask_first = ask_first;
    }

    fn exhausts(&self, policy: &Policy, next_at: Timestamp) -> bool {
        let first = self.first_started_ms.unwrap_or(0);
        let total_ms = next_at
            .as_millisecond()
            .saturating_sub(first)
            .saturating_sub(self.asked_to_wait_ms);
        self.attempts >= policy.max_attempts
            || i128::from(total_ms) > policy.max_total.as_millis().try_into().unwrap_or(i128::MAX)
    }
}

/// One attempt, as the journaled closure owns it.
struct Attempt<S> {
    step: Arc<S>,
    key: AttemptKey,
    input: Bytes,
    policy: Arc<Policy>,
    ask_first: bool,
    history: Arc<dyn History>,
    clock: Clock,
    went_live: Arc<AtomicBool>,
}

impl<S: Step> Attempt<S> {
    /// Room, the start row, the work, the end row; in this order, so that history has no holes.
    async fn execute(self) -> Result<Bytes, EngineError> {
        let step = self.step.clone();
        let _room = match step.room() {
            Some(room) => Some(room.acquire().await.map_err(EngineError::RoomClosed)?),
            None => None,
        };
        let started_at = self.clock.now();
        let executions = self.start(started_at).await?;
        let cx = StepContext {
            run_id: self.key.run_id.clone(),
            step: S::NAME,
            occurrence: self.key.occurrence,
            attempt: self.key.attempt,
            executions,
            started_at,
            time_limit: self.policy.time_limit,
            clock: self.clock.clone(),
            cost_micro_usd: std::sync::Mutex::new(0),
        };
        let ending = self.act(&cx).await;
        let bytes = encode(S::NAME, &ending)?;
        let ended = AttemptEnded {
            key: self.key,
            started_at,
            ended_at: cx.now(),
            ending: ending.word(),
            error: ending.error().cloned(),
            output: match &ending {
                Ending::Done { output } => Some(output_json(output)?),
                _ => None,
            },
            until_ms: match &ending {
                Ending::Later { until_ms, .. } => Some(*until_ms),
                _ => None,
            },
            cost_micro_usd: cx.cost_micro_usd(),
        };
        self.history.keep(ended.into()).await?;
        Ok(bytes)
    }

    /// Writes the start row and gives the number of executions. The row is waited for only where
    /// somebody needs to know: see `WorkflowContext::went_live`.
    async fn start(&self, at: Timestamp) -> Result<u32, EngineError> {
        let first_live = !self.went_live.swap(true, Ordering::Relaxed);
        let input = String::from_utf8_lossy(&self.input).into_owned();
        let started = AttemptStarted {
            key: self.key.clone(),
            at,
            input,
        };
        if S::REPEATABLE && !first_live {
            self.history.note(started.into());
            return Ok(1);
        }
        self.history.keep(started.into()).await
    }

    async fn act(&self, cx: &StepContext) -> Ending<S::Output> {
        if cx.executions > self.policy.max_interrupted {
            let text = format!(
                "executed {} times without coming to an end",
                cx.executions - 1
            );
            return match S::REPEATABLE {
                true => Ending::Terminal {
                    error: ErrorNote::text(codes::STEP_INTERRUPTED, text),
                },
                false => Ending::Unknown {
                    error: ErrorNote::text(codes::PUBLISH_UNKNOWN, text),
                },
            };
        }
        let input = match serde_json::from_slice(&self.input) {
            Ok(input) => input,
            Err(error) => {
                return Ending::Terminal {
                    error: ErrorNote::new(codes::INPUT_INVALID, &error),
                };
            }
        };
        let must_ask = !S::REPEATABLE && (self.ask_first || cx.interrupted());
        let work = AssertUnwindSafe(ask_then_run(&*self.step, cx, input, must_ask)).catch_unwind();
        match tokio::time::timeout(self.policy.time_limit, work).await {
            Ok(Ok(ending)) => ending,
            Ok(Err(_panic)) => unmapped::<S>(
                cx,
                ErrorNote::text(
                    codes::STEP_PANICKED,
                    "the step panicked; its log says where",
                ),
            ),
            Err(_elapsed) => {
                let text = format!("no end within {:?}", self.policy.time_limit);
                unmapped::<S>(cx, ErrorNote::text(codes::STEP_TIMED_OUT, text))
            }
        }
    }
}

async fn ask_then_run<S: Step>(
    step: &S,
    cx: &StepContext,
    input: S::Input,
    must_ask: bool,
) -> Ending<S::Output> {
    if must_ask {
        match step.ask(cx, &input).await {
            Ok(Asked::Done(output)) => return Ending::Done { output },
            Ok(Asked::NotActed) => {}
            Ok(Asked::CannotTell) => {
                let text =
                    "an earlier execution was interrupted, and what it did cannot be found out";
                return Ending::Unknown {
                    error: ErrorNote::text(codes::PUBLISH_UNKNOWN, text),
                };
            }
            // The question failed, so it is still open.
            Err(error) => return ending_of::<S>(cx, error, true),
        }
    }
    match step.run(cx, input).await {
        Ok(output) => Ending::Done { output },
        Err(error) => ending_of::<S>(cx, error, false),
    }
}

fn ending_of<S: Step>(cx: &StepContext, error: StepError, ask_first: bool) -> Ending<S::Output> {
    let StepError { kind, note: error } = error;
    let ended_at = cx.now();
    let (started_at_ms, ended_at_ms) = (cx.started_at.as_millisecond(), ended_at.as_millisecond());
    match kind {
        StepErrorKind::Retry => Ending::Retry {
            error,
            ask_first,
            started_at_ms,
            ended_at_ms,
        },
        StepErrorKind::Later(when) => {
            let until_ms = when.instant(ended_at).as_millisecond();
            Ending::Later {
                error,
                until_ms,
                ask_first,
                started_at_ms,
                ended_at_ms,
            }
        }
        StepErrorKind::Terminal => Ending::Terminal { error },
        StepErrorKind::Unknown => Ending::Unknown { error },
        StepErrorKind::Unmapped => unmapped::<S>(cx, error),
    }
}

/// An error whose meaning nobody declared: it may have acted, so a step that must not act twice
/// asks before it goes on.
fn unmapped<S: Step>(cx: &StepContext, error: ErrorNote) -> Ending<S::Output> {
    Ending::Retry {
        error,
        ask_first: !S::REPEATABLE,
        started_at_ms: cx.started_at.as_millisecond(),
        ended_at_ms: cx.now().as_millisecond(),
    }
}

fn output_json<T: serde::Serialize>(output: &T) -> Result<String, EngineError> {
    serde_json::to_string(output).map_err(|source| EngineError::Encode {
        what: "a step's output".to_owned(),
        source,
    })
}

/// The attempt that the step suite executes: the first of a run of its own.
pub(crate) fn example_key(step: &'static str) -> AttemptKey {
    AttemptKey {
        run_id: "run_example".to_owned(),
        step,
        occurrence: 1,
        attempt: 1,
    }
}

/// Executes that attempt, as a run's first closure would be.
pub(crate) async fn execute_once<S: Step>(
    step: &Arc<S>,
    input: &serde_json::Value,
    history: Arc<dyn History>,
) -> Result<Bytes, EngineError> {
    let attempt = Attempt {
        step: step.clone(),
        key: example_key(S::NAME),
        input: encode(S::NAME, input)?,
        policy: Arc::new(S::policy()),
        ask_first: false,
        history,
        clock: Clock::System,
        went_live: Arc::default(),
    };
    attempt.execute().await
}
