//! What a run still does when it is cancelled.

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use futures::FutureExt as _;
use futures::future::BoxFuture;

use super::WorkflowContext;
use crate::attempts;
use crate::ending::{Failure, FailureKind};
use crate::step::Step;

/// A step that is executed if the run is cancelled, with its input.
pub(super) type OnCancel =
    Box<dyn for<'c> FnOnce(&'c WorkflowContext<'_>) -> BoxFuture<'c, Result<(), Failure>> + Send>;

impl WorkflowContext<'_> {
    /// Has the step executed if the run is cancelled from here on; the last one first. Its policy
    /// holds as everywhere; what fails for good is told in the run's error, and the others are
    /// executed all the same.
    ///
    /// Register it **before** acting. A step that is under way when the run is cancelled is executed to
    /// its end, and then the workflow gets neither its output nor to the next line. So the step that
    /// undoes may find that nothing was done, and learns from its input what to look for: not the other
    /// step's output, but a key that was chosen before acting and that the other step leaves with what
    /// it does. [`WorkflowContext::run_id`] makes a good one.
    pub fn on_cancel<S: Step>(&self, step: &Arc<S>, input: S::Input) {
        let step = step.clone();
        let run: OnCancel = Box::new(move |cx| {
            async move { attempts::run(cx, &step, input).await.map(drop) }.boxed()
        });
        self.on_cancel
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(run);
    }

    /// The failure with which the run ends. One that was cancelled undoes what is to be undone, and
    /// ends as cancelled whatever its workflow made of that.
    pub(crate) async fn end_with(&self, failure: Failure) -> Failure {
        if failure.kind == FailureKind::Cancelled {
            return self.undo(failure).await;
        }
        if !self.cancelled.load(Ordering::Relaxed) {
            return failure;
        }
        let mut cancelled = Failure::cancelled();
        cancelled.error = format!("{}; it was failing with {failure}", cancelled.error);
        self.undo(cancelled).await
    }

    /// Whether the failure is another cancellation of a run that undoes already. Each one reaches the
    /// run, whoever sends it (a parent that is cancelled sends its own), and asks for nothing more: what
    /// was interrupted by it is to be done once again.
    pub(crate) fn is_told_again(&self, failure: &Failure) -> bool {
        failure.kind == FailureKind::Cancelled && self.undoing.load(Ordering::Relaxed)
    }

    /// Executes what was registered, and adds to the failure what could not be done.
    async fn undo(&self, mut cancelled: Failure) -> Failure {
        self.undoing.store(true, Ordering::Relaxed);
        // What is done from now on is not what was cancelled.
        self.cancelled.store(false, Ordering::Relaxed);
        loop {
            let next = self
                .on_cancel
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .pop();
            let Some(next) = next else {
                return cancelled;
            };
            if let Err(failure) = next(self).await {
                cancelled.error = format!("{}; on_cancel: {failure}", cancelled.error);
            }
        }
    }
}
