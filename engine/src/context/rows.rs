//! Rows of attempts that nobody waited for, and what brings them back if they were lost.
//!
//! The end of an attempt that may be repeated is noted, and its journal entry does not wait until the
//! row is committed. So the row of an entry may be missing when a worker dies. What holds is this:
//!
//! - Before a run waits or ends, everything that this execution of it noted is committed.
//! - An end that is taken from the journal is noted again, before the first attempt that this execution
//!   begins, and committed with its beginning; unless a later attempt is in the journal, too, and the run
//!   had waited in between: then that one has done so.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::WorkflowContext;
use crate::event::AttemptRecovered;
use crate::history::History;

/// So many ends are noted before one is waited for: while the database is away, a run must not fill
/// the memory.
const MOST_NOTED: u32 = 64;

/// Ends whose rows may not be committed; also for the closures of attempts.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rows(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    /// Noted by this execution of the run since it last waited for a commit.
    noted: u32,
    /// Taken from the journal.
    taken_over: Vec<AttemptRecovered>,
    /// Whether the run has waited since the last of these.
    has_waited: bool,
}

impl Rows {
    /// An end was noted.
    pub(crate) fn noted(&self) {
        self.state().noted += 1;
    }

    /// Everything that was noted is committed.
    pub(crate) fn committed(&self) {
        self.state().noted = 0;
    }

    /// Notes again what was taken from the journal and may be missing.
    pub(crate) fn note_taken_over(&self, history: &dyn History) {
        let taken_over = std::mem::take(&mut self.state().taken_over);
        for recovered in taken_over {
            history.note(recovered.into());
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl WorkflowContext<'_> {
    /// An attempt has ended now. Waits only if many ends are noted.
    pub(crate) async fn keep_up(&self) {
        let noted = self.rows.state().noted;
        if noted >= MOST_NOTED {
            self.settle().await;
        }
    }

    /// An attempt's end was taken from the journal.
    pub(crate) fn took_over(&self, recovered: AttemptRecovered) {
        let mut rows = self.rows.state();
        if std::mem::take(&mut rows.has_waited) {
            rows.taken_over.clear();
        }
        rows.taken_over.push(recovered);
    }

    /// Comes back once whatever this execution noted is committed: before the run waits.
    async fn settle(&self) {
        if std::mem::take(&mut self.rows.state().noted) == 0 {
            return;
        }
        if let Err(error) = self.means.history.flush().await {
            self.give_up::<()>(error).await;
        }
    }

    /// Awaits something that may take long, with nothing left to write.
    pub(super) async fn wait_settled<T>(&self, wait: impl Future<Output = T>) -> T {
        self.settle().await;
        let mut wait = pin!(wait);
        let mut is_first = true;
        // Never polled twice in a row: a future of the SDK that suspends the run says that it is pending,
        // and panics when it is asked again.
        let result = poll_fn(|task| {
            let polled = wait.as_mut().poll(task);
            if std::mem::take(&mut is_first) && polled.is_pending() {
                // It may be that the worker died between an attempt and this wait. These stay for the
                // next attempt, too: nobody waits for their commit here.
                self.note_again();
            }
            polled
        })
        .await;
        self.rows.state().has_waited = true;
        result
    }

    /// Before the end of the run, which is waited for, and with it all that was noted before.
    pub(crate) fn note_taken_over(&self) {
        self.rows.note_taken_over(&*self.means.history);
    }

    fn note_again(&self) {
        let taken_over = self.rows.state().taken_over.clone();
        for recovered in taken_over {
            self.means.history.note(recovered.into());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;
    use std::time::Duration;

    use jiff::Timestamp;

    use crate::WorkflowContext;
    use crate::ending::{Failure, StepError, add};
    use crate::event::Event;
    use crate::registry::Registry;
    use crate::step::{Step, StepContext};
    use crate::testing::{CrashPoint, Lab, Side};
    use crate::workflow::Workflow;

    /// Costs a cent.
    struct Act;

    impl Step for Act {
        const NAME: &'static str = "act";
        type Input = u32;
        type Output = u32;

        async fn run(&self, cx: &StepContext, n: u32) -> Result<u32, StepError> {
            cx.add_cost(10_000);
            Ok(n)
        }
    }

    /// Two steps on each side of a wait.
    struct Acts(Arc<Act>);

    impl Workflow for Acts {
        const NAME: &'static str = "acts";
        type Input = Timestamp;
        type Output = ();

        async fn run(&self, cx: &WorkflowContext<'_>, until: Timestamp) -> Result<(), Failure> {
            for n in 0..2 {
                cx.step(&self.0, n).await?;
            }
            cx.sleep("a wait", until).await?;
            for n in 2..4 {
                cx.step(&self.0, n).await?;
            }
            Ok(())
        }
    }

    /// What is committed of each step that ended: its output and its cost.
    fn ends(lab: &Lab) -> BTreeMap<u32, (Option<String>, i64)> {
        let end = |event| match event {
            Event::AttemptEnded(ended) => Some(ended),
            Event::AttemptRecovered(recovered) => Some(recovered.ended),
            _ => None,
        };
        let ends = lab.history().events().into_iter().filter_map(end);
        ends.map(|end| (end.key.occurrence, (end.output, end.cost_micro_usd)))
            .collect()
    }

    #[tokio::test]
    async fn no_crash_leaves_a_step_without_its_end() {
        let all = (1..=4).map(|n| (n, (Some((n - 1).to_string()), 10_000)));
        let all: BTreeMap<_, _> = all.collect();
        for boundary in 0..4 {
            for side in [Side::Before, Side::After] {
                let began = Timestamp::now();
                let lab = Lab::new(Registry::new().workflow(Acts(Arc::new(Act))), began);
                let until = add(began, Duration::from_secs(6 * 3600));
                let point = CrashPoint { boundary, side };
                let run = lab.run_with_crash::<Acts>("run_1", &until, point);
                let ((), reached) = run.await.unwrap();
                assert!(reached, "{point:?}");
                assert_eq!(ends(&lab), all, "{point:?}");
            }
        }
    }
}
