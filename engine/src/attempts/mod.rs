//! Runs a step to its end: one journal entry and one row for each attempt, and durable timers
//! between them. This loop is the only retry layer.

mod attempt;
mod elsewhere;
mod ended;
mod example;
mod halted;
mod parked;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::Timestamp;

use self::attempt::{Attempt, draws_tickets};
use crate::context::{WorkflowContext, encode};
use crate::ending::{Ending, ErrorNote, Failure, FailureKind, Next, SoFar, codes};
use crate::event::{AttemptKey, AttemptRecovered};
use crate::step::Step;
use crate::story::step_name;
use crate::tables::EntryKind;

pub(crate) use elsewhere::{Order, Report, Reported, SERVICE};
pub(crate) use example::{example_key, execute_once};

/// Runs `step` until it is done, fails for good, or its policy is used up and nobody wants it tried
/// again. What to do is in the journaled ending and this loop only obeys, so that a replay by other
/// code goes the same way.
pub(crate) async fn run<S: Step>(
    cx: &WorkflowContext<'_>,
    step: &Arc<S>,
    input: S::Input,
) -> Result<S::Output, Failure> {
    let seq = cx.next_seq();
    let occurrence = cx.next_occurrence(S::NAME);
    let name = step_name(S::NAME, occurrence);
    if let Some(gave) = cx.taken(seq, EntryKind::Step, &name)? {
        return cx.decode_given(&name, gave).await;
    }
    let input = match cx.edited_input(seq) {
        Some(edited) => encode(S::NAME, &edited),
        None => encode(S::NAME, &input),
    };
    let input = match input {
        Ok(input) => input,
        Err(error) => cx.give_up(error).await,
    };
    let policy = cx.means.settings.of::<S>();
    let limits = cx.means.settings.limits_of(&policy, &input);
    let mut stepping = Stepping {
        cx,
        seq,
        name,
        so_far: SoFar::default(),
        slots: BTreeMap::new(),
        halted: false,
        draws_tickets: draws_tickets(&limits),
    };
    let mut key = AttemptKey {
        run_id: cx.run.run_id.clone(),
        step: S::NAME,
        occurrence,
        attempt: 1,
    };
    loop {
        let ended_now = Arc::<AtomicBool>::default();
        let attempt = Attempt {
            step: step.clone(),
            key: key.clone(),
            seq,
            input: input.clone(),
            policy: policy.clone(),
            limits: limits.clone(),
            slots: stepping.slots.clone(),
            halted: stepping.halted,
            so_far: stepping.so_far,
            random: cx.random(),
            means: cx.means.clone(),
            clock: cx.journal.clock(),
            went_live: cx.went_live.clone(),
            rows: cx.rows.clone(),
            ended_now: ended_now.clone(),
        };
        let name = key.entry_name();
        let executed = match cx.run.services.contains(S::NAME) {
            false => {
                let _under_way = cx.means.under_way.token();
                cx.entry(name.clone(), Box::pin(attempt.execute())).await
            }
            true => attempt.execute_elsewhere(cx).await,
        };
        let bytes = match executed {
            Ok(bytes) => bytes,
            // What it came to is lost with that, so the same attempt is executed again.
            Err(failure) if cx.is_told_again(&failure) => continue,
            Err(failure) => {
                stepping.leave(name).await;
                return Err(failure);
            }
        };
        let ending = cx.decode::<Ending<S::Output>>(&name, &bytes).await;
        if ended_now.load(Ordering::Relaxed) {
            cx.keep_up().await;
        } else if let Some(took) = ended::of_journal(&bytes) {
            let recovered = match ended::ended_as(key.clone(), seq, &ending, took) {
                Ok(ended) => AttemptRecovered {
                    ended,
                    input: String::from_utf8_lossy(&input).into_owned(),
                },
                Err(error) => cx.give_up(error).await,
            };
            cx.took_over(recovered);
        }
        // An attempt that was not begun is still to come.
        if !matches!(ending, Ending::Halted { .. }) {
            key.attempt += 1;
            stepping.begin_anew();
        }
        match stepping.follow::<S>(ending).await {
            Ok(None) => {}
            Ok(Some(result)) => return result,
            Err(failure) => {
                stepping.leave(name).await;
                return Err(failure);
            }
        }
    }
}

/// A step under way, between its attempts.
struct Stepping<'c, 'a> {
    cx: &'c WorkflowContext<'a>,
    seq: u32,
    /// `name`, or `name@occurrence`.
    name: String,
    so_far: SoFar,
    /// The slots of rates that the attempt has waited for.
    slots: BTreeMap<String, i64>,
    /// Whether the attempt was kept from beginning.
    halted: bool,
    /// Whether attempts of this step stand in lines.
    draws_tickets: bool,
}

impl Stepping<'_, '_> {
    /// The next attempt has waited for nothing yet: a slot is for one attempt.
    fn begin_anew(&mut self) {
        self.slots.clear();
        self.halted = false;
    }

    /// The run was cancelled in this attempt: nobody is to wait for what it has, or stands in line for.
    /// A replay comes here again, and gives back nothing of what later attempts have.
    async fn leave(&self, holder: String) {
        if self.halted || self.draws_tickets {
            let run_id = self.cx.run.run_id.clone();
            self.cx.means.controls.leave(run_id, holder).await;
        }
    }

    /// Does what the ending says: waits before the next attempt, or gives what the step came to.
    async fn follow<S: Step>(
        &mut self,
        ending: Ending<S::Output>,
    ) -> Result<Option<Result<S::Output, Failure>>, Failure> {
        match ending {
            Ending::Done { output } => Ok(Some(Ok(output))),
            Ending::Terminal { error } => {
                let failure = Failure::of_step(FailureKind::Terminal, S::NAME, &error);
                Ok(Some(Err(failure)))
            }
            Ending::Unknown { error } => {
                self.so_far.ask_first = true;
                self.park::<S>(unknown::<S>(&error)).await
            }
            Ending::Halted { why } => self.halt::<S>(why).await.map(|()| None),
            Ending::Later {
                error,
                until_ms,
                so_far,
            } => {
                self.so_far = so_far;
                let label = format!("{}: {}", S::NAME, error.code);
                self.cx.pause(&label, instant(until_ms)).await?;
                Ok(None)
            }
            Ending::Retry {
                error,
                next,
                so_far,
            } => {
                self.so_far = so_far;
                match next {
                    Next::At(until_ms) => {
                        let label = format!("{}: retry after {}", S::NAME, error.code);
                        self.cx.pause(&label, instant(until_ms)).await?;
                        Ok(None)
                    }
                    // A step that must not act twice and whose last word was "not known" ends
                    // unknown, never failed.
                    Next::Exhausted | Next::Parked if so_far.ask_first => {
                        self.park::<S>(unknown::<S>(&error)).await
                    }
                    Next::Exhausted => Ok(Some(Err(exhausted::<S>(&error)))),
                    Next::Parked => self.park::<S>(exhausted::<S>(&error)).await,
                }
            }
        }
    }
}

fn instant(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(ms).unwrap_or(Timestamp::MAX)
}

fn exhausted<S: Step>(error: &ErrorNote) -> Failure {
    Failure::of_step(FailureKind::Exhausted, S::NAME, error)
}

/// Every unknown has the one code that people search for; the step's own code leads its text.
fn unknown<S: Step>(error: &ErrorNote) -> Failure {
    let text = match error.code == codes::PUBLISH_UNKNOWN {
        true => error.to_string(),
        false => format!("{}: {error}", error.code),
    };
    let note = ErrorNote::text(codes::PUBLISH_UNKNOWN, text);
    Failure::of_step(FailureKind::Unknown, S::NAME, &note)
}

#[cfg(test)]
mod tests;
