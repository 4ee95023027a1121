//! What a run still does when it is cancelled.

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use futures::FutureExt as _;
use futures::future::BoxFuture;

use super::WorkflowContext;
use crate::attempts;
use crate::ending::Failure;
use crate::step::Step;

/// A step that is executed if the run is cancelled, with its input.
pub(super) type OnCancel =
    Box<dyn for<'c> FnOnce(&'c WorkflowContext<'_>) -> BoxFuture<'c, Result<(), Failure>> + Send>;

impl WorkflowContext<'_> {
    /// Has the step executed if the run is cancelled from here on; the last one first. Its policy
    /// holds as everywhere; what fails for good is told in the run's error, and the others are
    /// executed all the same.
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

    /// Executes what was registered, and adds to the failure what could not be done.
    pub(crate) async fn undo(&self, mut cancelled: Failure) -> Failure {
        self.undoing.store(true, Ordering::Relaxed);
        loop {
            let next = self
                .on_cancel
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .pop();
            let Some(next) = next else {
                return cancelled;
            };
            // Restate has said it; a second cancellation while this is going on counts again.
            self.cancelled.store(false, Ordering::Relaxed);
            let done = next(self).await;
            self.cancelled.store(true, Ordering::Relaxed);
            if let Err(failure) = done {
                cancelled.error = format!("{}; on_cancel: {failure}", cancelled.error);
            }
        }
    }
}
