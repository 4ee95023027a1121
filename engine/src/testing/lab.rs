//! Runs in memory: no Restate, no waiting, crashes at will.

use std::collections::BTreeSet;
use std::sync::{Arc, Weak};
use std::time::Duration;

use bytes::Bytes;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use jiff::Timestamp;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::context::{Means, RunHead, WorkflowContext};
use crate::controls::MemoryControls;
use crate::ending::{Failure, add};
use crate::error::EngineError;
use crate::history::{History as _, MemoryHistory};
use crate::journal::{Call, CrashPoint, MemoryJournals, Records};
use crate::registry::Registry;
use crate::workflow::Workflow;

/// A place to run workflows in. Time stands still except in sleeps, which skip it.
pub struct Lab(Arc<Inner>);

struct Inner {
    registry: Registry,
    history: Arc<MemoryHistory>,
    controls: Arc<MemoryControls>,
    journals: MemoryJournals,
    stop: CancellationToken,
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
        Self::with(registry, now, Arc::default(), Records::default())
    }

    fn with(
        registry: Registry,
        now: Timestamp,
        history: Arc<MemoryHistory>,
        records: Records,
    ) -> Self {
        Self(Arc::new_cyclic(|lab: &Weak<Inner>| {
            let lab = lab.clone();
            let driver = move |call| drive_child(lab.clone(), call);
            Inner {
                registry,
                history,
                controls: Arc::default(),
                journals: MemoryJournals::new(now, records, driver),
                stop: CancellationToken::new(),
            }
        }))
    }

    /// The same lab, where each wait that is skipped takes so much real time: for an outside that has
    /// a clock of its own, which no number of skipped waits would bring forward.
    #[must_use]
    pub fn beside_real_time(self, pause: Duration) -> Self {
        self.0.journals.wait_really(pause);
        self
    }

    /// The worker that comes after a deploy: other code, and the journals and history of this one.
    #[must_use]
    pub fn upgraded(&self, registry: Registry) -> Self {
        let records = self.0.journals.records();
        Self::with(registry, self.now(), self.history(), records)
    }

    /// What happened so far.
    #[must_use]
    pub fn history(&self) -> Arc<MemoryHistory> {
        self.0.history.clone()
    }

    /// What people and other systems tell the lab's runs, before they wait for it.
    #[must_use]
    pub fn controls(&self) -> Arc<MemoryControls> {
        self.0.controls.clone()
    }

    /// The time in the lab.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.0.journals.clock().now()
    }

    /// Cancelling it stops the lab's worker as a signal would: the attempt under way ends, and the
    /// next one is not begun.
    #[must_use]
    pub fn stop_signal(&self) -> CancellationToken {
        self.0.stop.clone()
    }

    /// Runs a workflow to its end; with the id of an earlier run, replays what that one recorded
    /// and goes on from there.
    ///
    /// # Errors
    /// The run's failure, or that the code diverges from the record.
    pub async fn run<W: Workflow>(
        &self,
        run_id: &str,
        input: &W::Input,
    ) -> Result<W::Output, LabError> {
        self.0.journals.arm(None);
        self.drive::<W>(run_id, input, Duration::ZERO).await
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
        self.run_with_outage::<W>(run_id, input, point, Duration::ZERO)
            .await
    }

    /// As [`Lab::run_with_crash`], and the worker is started again only after the `outage`.
    ///
    /// # Errors
    /// As [`Lab::run`].
    pub async fn run_with_outage<W: Workflow>(
        &self,
        run_id: &str,
        input: &W::Input,
        point: CrashPoint,
        outage: Duration,
    ) -> Result<(W::Output, bool), LabError> {
        self.0.journals.arm(Some(point));
        let output = self.drive::<W>(run_id, input, outage).await?;
        Ok((output, self.0.journals.reached()))
    }

    /// Runs the code of `W` against the record of a run that ended: does it still do the same?
    /// Nothing is executed that is not in the record, and nothing of the record may be left over.
    ///
    /// # Errors
    /// [`LabError::Engine`] with the first differing entry.
    pub async fn replay<W: Workflow>(
        &self,
        run_id: &str,
        input: &W::Input,
    ) -> Result<W::Output, LabError> {
        let records = self.0.journals.records();
        let again = Self::with(self.0.registry.clone(), self.now(), Arc::default(), records);
        again.0.journals.seal();
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
        outage: Duration,
    ) -> Result<W::Output, LabError> {
        let input = serde_json::to_value(input).map_err(LabError::Json)?;
        let head = RunHead {
            run_id: run_id.to_owned(),
            workflow: W::NAME.to_owned(),
            parent_id: None,
            rerun: None,
            // A lab has no services.
            services: BTreeSet::new(),
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
                    self.0.history.lose_notes();
                    let clock = self.0.journals.clock();
                    clock.skip_to(add(clock.now(), outage));
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
        tokio::select! {
            biased;
            () = lab.journals.crashed() => Execution::Crashed,
            conducted = conduct(&lab, head) => match conducted {
                Ok(result) => Execution::Ended(result),
                Err(error) => {
                    lab.journals.set_error(error);
                    Execution::Crashed
                }
            },
        }
    }
    .boxed()
}

fn drive_child(lab: Weak<Inner>, call: Call) -> BoxFuture<'static, Result<Bytes, Failure>> {
    async move {
        let Some(lab) = lab.upgrade() else {
            return futures::future::pending().await;
        };
        let head = serde_json::from_slice::<RunHead>(&call.body);
        let conducted = match head {
            Ok(head) => conduct(&lab, head).await,
            Err(source) => Err(EngineError::Decode {
                what: format!("the start of {}", call.run_id),
                as_type: "RunHead",
                source,
            }),
        };
        // An error or a crash anywhere drops the parent's execution, and this future with it.
        match conducted {
            Ok(result) => result,
            Err(error) => lab.journals.fail(error).await,
        }
    }
    .boxed()
}

/// One execution of a run, from its start or from wherever its journal is.
async fn conduct(lab: &Inner, head: RunHead) -> Result<Result<Bytes, Failure>, EngineError> {
    lab.registry.check()?;
    let workflow = lab.registry.find(&head.workflow)?;
    let journal = lab.journals.of(&head.run_id);
    let means = Means {
        history: lab.history.clone(),
        controls: lab.controls.clone(),
        settings: Arc::new(lab.registry.settings()),
        stop: lab.stop.clone(),
        under_way: TaskTracker::new(),
    };
    let cx = WorkflowContext::new(head, &journal, means);
    let result = tokio::select! {
        result = workflow.run(&cx) => journal.ended().map(|()| result),
        error = cx.given_up.wait() => Err(error),
    }?;
    // As a run's end does, which is waited for.
    cx.note_taken_over();
    lab.history.flush().await?;
    Ok(result)
}
