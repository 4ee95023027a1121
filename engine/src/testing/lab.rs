//! Runs in memory: no Restate, no waiting, crashes at will.

use std::sync::{Arc, Weak};

use bytes::Bytes;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use jiff::Timestamp;

use crate::context::{RunHead, WorkflowContext};
use crate::ending::Failure;
use crate::error::EngineError;
use crate::history::{History, MemoryHistory};
use crate::journal::{Call, CrashPoint, MemoryJournals};
use crate::registry::Registry;
use crate::workflow::Workflow;

/// A place to run workflows in. Time stands still except in sleeps, which skip it.
pub struct Lab(Arc<Inner>);

struct Inner {
    registry: Registry,
    history: Arc<MemoryHistory>,
    journals: MemoryJournals,
}

/// How an execution came to its end.
enum Execution {
    Ended(Result<Bytes, Failure>),
    Crashed,
}

impl Lab {
    /// A lab for these workflows, at this time.
    #[must_use]
    pub fn new(registry: Registry, now: Timestamp) -> Self {
        Self(Arc::new_cyclic(|lab: &Weak<Inner>| {
            let lab = lab.clone();
            let journals = MemoryJournals::new(now, move |call| drive_child(lab.clone(), call));
            Inner {
                registry,
                history: Arc::default(),
                journals,
            }
        }))
    }

    /// What happened so far.
    #[must_use]
    pub fn history(&self) -> Arc<MemoryHistory> {
        self.0.history.clone()
    }

    /// The time in the lab.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.0.journals.clock().now()
    }

    /// Runs a workflow to its end; with the id of an earlier run, replays what that one recorded.
    ///
    /// # Errors
    /// The run's failure, or that the code diverges from the record.
    pub async fn run<W: Workflow>(
        &self,
        run_id: &str,
        input: &W::Input,
    ) -> Result<W::Output, LabError> {
        self.0.journals.arm(None);
        self.drive::<W>(run_id, input).await
    }

    /// Stops the worker at `point`, starts it again, and runs to the end. The flag says whether the
    /// point was reached.
    ///
    /// # Errors
    /// As [`Lab::run`].
    pub async fn run_with_crash<W: Workflow>(
        &self,
        run_id: &str,
        input: &W::Input,
        point: CrashPoint,
    ) -> Result<(W::Output, bool), LabError> {
        self.0.journals.arm(Some(point));
        let output = self.drive::<W>(run_id, input).await?;
        Ok((output, self.0.journals.reached()))
    }

    /// Runs the code of `W` against the record of a run that ended: does it still do the same?
    ///
    /// # Errors
    /// [`LabError::Engine`] with the first differing entry.
    pub async fn replay<W: Workflow>(
        &self,
        run_id: &str,
        input: &W::Input,
    ) -> Result<W::Output, LabError> {
        let entries = self.0.journals.recorded(run_id);
        let again = Self::new(self.0.registry.clone(), self.now());
        again.0.journals.restore(run_id, entries);
        again.run::<W>(run_id, input).await
    }

    /// How many closures the last run executed: the boundaries at which a worker can stop.
    #[must_use]
    pub fn executed(&self) -> usize {
        self.0.journals.executed()
    }

    async fn drive<W: Workflow>(
        &self,
        run_id: &str,
        input: &W::Input,
    ) -> Result<W::Output, LabError> {
        let input = serde_json::to_value(input).map_err(LabError::Json)?;
        let head = RunHead {
            run_id: run_id.to_owned(),
            workflow: W::NAME.to_owned(),
            parent_id: None,
            input,
        };
        loop {
            match execute(self.0.clone(), head.clone()).await {
                Execution::Ended(Ok(bytes)) => {
                    return serde_json::from_slice(&bytes).map_err(LabError::Json);
                }
                Execution::Ended(Err(failure)) => return Err(LabError::Failed(failure)),
                Execution::Crashed => {
                    if let Some(error) = self.0.journals.take_error() {
                        return Err(LabError::Engine(error));
                    }
                }
            }
        }
    }
}

/// Why a run in the lab has no output.
#[derive(Debug, thiserror::Error)]
pub enum LabError {
    /// The run failed.
    #[error("the run failed")]
    Failed(#[source] Failure),
    /// The machinery failed, or the code diverged from the record.
    #[error("the run could not go on")]
    Engine(#[source] EngineError),
    /// A value does not fit its type.
    #[error("a value does not survive JSON")]
    Json(#[source] serde_json::Error),
}

fn execute(lab: Arc<Inner>, head: RunHead) -> BoxFuture<'static, Execution> {
    async move {
        let workflow = match lab.registry.find(&head.workflow) {
            Ok(workflow) => workflow,
            Err(error) => {
                return Execution::Ended(Err(Failure::terminal(
                    "workflow_unknown",
                    error.to_string(),
                )));
            }
        };
        let journal = lab.journals.of(&head.run_id);
        let history: Arc<dyn History> = lab.history.clone();
        let cx = WorkflowContext::new(head, &journal, history);
        tokio::select! {
            biased;
            () = lab.journals.crashed() => Execution::Crashed,
            result = workflow.run(&cx) => Execution::Ended(result),
            error = cx.given_up.wait() => {
                lab.journals.set_error(error);
                Execution::Crashed
            }
        }
    }
    .boxed()
}

fn drive_child(lab: Weak<Inner>, call: Call) -> BoxFuture<'static, Result<Bytes, Failure>> {
    async move {
        let Some(lab) = lab.upgrade() else {
            return futures::future::pending().await;
        };
        let head = match serde_json::from_slice::<RunHead>(&call.body) {
            Ok(head) => head,
            Err(error) => return Err(Failure::terminal("input_invalid", error.to_string())),
        };
        let workflow = lab
            .registry
            .find(&head.workflow)
            .map_err(|error| Failure::terminal("workflow_unknown", error.to_string()))?;
        let journal = lab.journals.of(&call.run_id);
        let history: Arc<dyn History> = lab.history.clone();
        let cx = WorkflowContext::new(head, &journal, history);
        // A crash anywhere drops the parent's execution, and this future with it.
        tokio::select! {
            result = workflow.run(&cx) => result,
            error = cx.given_up.wait() => lab.journals.fail(error).await,
        }
    }
    .boxed()
}
