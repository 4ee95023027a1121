//! Whether runs still do what they did, by today's workflows, in memory.
//!
//! Each one's record is replayed up to where it ends. Nothing is executed. A worker does so at its start
//! with every open run, and tests with recordings of their own.

mod recording;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use jiff::Timestamp;
use sea_orm::{
    ColumnTrait as _, DatabaseConnection, EntityTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _,
};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::context::{Means, Mode, RunHead, WorkflowContext};
use crate::controls::MemoryControls;
use crate::ending::Failure;
use crate::error::EngineError;
use crate::history::MemoryHistory;
use crate::journal::{Awakeable, Call, CallResult, Clock, Closure, Journal, StepCall};
use crate::registry::Registry;
use crate::story;
use crate::tables::runs;

pub use recording::Recording;

/// Runs read at once.
const PAGE: u64 = 500;

/// A run that today's code would take another way.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Divergence {
    /// The run.
    pub run_id: String,
    /// Its workflow.
    pub workflow: String,
    /// The first difference.
    pub difference: String,
}

impl Divergence {
    fn of(run_id: &str, workflow: &str, error: &EngineError) -> Self {
        Self {
            run_id: run_id.to_owned(),
            workflow: workflow.to_owned(),
            difference: with_causes(error),
        }
    }
}

impl fmt::Display for Divergence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.workflow, self.run_id, self.difference)
    }
}

/// The open runs that would diverge, oldest first.
///
/// # Errors
/// [`EngineError::Database`].
pub async fn diverging(
    db: &DatabaseConnection,
    registry: &Registry,
) -> Result<Vec<Divergence>, EngineError> {
    let mut found = Vec::new();
    let mut after = String::new();
    loop {
        let open = runs::Entity::find()
            .filter(runs::Column::EndedAtMs.is_null())
            .filter(runs::Column::StartedAtMs.is_not_null())
            .filter(runs::Column::Id.gt(after.as_str()))
            .order_by_asc(runs::Column::Id)
            .limit(PAGE)
            .all(db)
            .await
            .map_err(EngineError::database("read open runs"))?;
        let Some(last) = open.last() else {
            return Ok(found);
        };
        after.clone_from(&last.id);
        let ids: Vec<&str> = open.iter().map(|run| run.id.as_str()).collect();
        let mut stories = story::read_all(db, &ids).await?;
        for run in &open {
            let story = stories.remove(&run.id).unwrap_or_default();
            let checked = match Recording::of(run, story) {
                Ok(recording) => check(registry, recording).await,
                Err(error) => Err(Divergence::of(&run.id, &run.workflow, &error)),
            };
            found.extend(checked.err());
        }
    }
}

/// Replays a recorded run with the registry's workflow of that name. What the workflow does behind the
/// end of the record may be anything.
///
/// # Errors
/// The [`Divergence`], with the first difference.
pub async fn check(registry: &Registry, recording: Recording) -> Result<(), Divergence> {
    let (run_id, workflow) = (recording.run_id.clone(), recording.workflow.clone());
    let compared = compare(registry, recording).await;
    compared.map_err(|error| Divergence::of(&run_id, &workflow, &error))
}

fn with_causes(error: &EngineError) -> String {
    let causes = std::iter::successors(Some(error as &dyn std::error::Error), |error| {
        error.source()
    });
    let texts: Vec<String> = causes.map(ToString::to_string).collect();
    texts.join(": ")
}

/// Runs the workflow over its record, to the place where the run was.
async fn compare(registry: &Registry, recording: Recording) -> Result<(), EngineError> {
    let workflow = registry.find(&recording.workflow)?;
    let head = RunHead {
        run_id: recording.run_id,
        workflow: recording.workflow,
        // Nothing that a workflow sees.
        parent_id: None,
        // What it took over is in its own story.
        rerun: None,
        services: BTreeSet::new(),
        input: recording.input,
    };
    let frontier = Frontier::default();
    let means = Means {
        history: Arc::new(MemoryHistory::default()),
        controls: Arc::new(MemoryControls::default()),
        settings: Arc::new(registry.settings()),
        stop: CancellationToken::new(),
        under_way: TaskTracker::new(),
    };
    let cx = WorkflowContext::new(head, &frontier, means);
    cx.remember(recording.story, Mode::Compare);
    tokio::select! {
        biased;
        error = cx.given_up.wait() => Err(error),
        _result = workflow.run(&cx) => match cx.given_up.take().or_else(|| cx.left_over()) {
            Some(error) => Err(error),
            None => Ok(()),
        },
        // As far as the run was, it does the same; unless the workflow made light of a difference, and
        // went on behind it.
        () = frontier.0.notified() => cx.given_up.take().map_or(Ok(()), Err),
    }
}

/// A journal at its end: whoever needs another entry has come to where the run is.
#[derive(Default)]
struct Frontier(Notify);

impl Frontier {
    fn reached<'j, T: Send + 'j>(&'j self) -> BoxFuture<'j, T> {
        async {
            self.0.notify_one();
            futures::future::pending().await
        }
        .boxed()
    }
}

impl Journal for Frontier {
    fn run(&self, _name: String, _closure: Closure) -> BoxFuture<'_, Result<Bytes, Failure>> {
        self.reached()
    }

    fn sleep(&self, _until: Timestamp) -> BoxFuture<'_, Result<(), Failure>> {
        self.reached()
    }

    fn call(
        &self,
        _calls: Vec<Call>,
        _at_most: usize,
    ) -> BoxFuture<'_, Result<Vec<CallResult>, Failure>> {
        self.reached()
    }

    fn call_step(&self, _call: StepCall) -> BoxFuture<'_, Result<Option<CallResult>, Failure>> {
        self.reached()
    }

    fn awakeable(&self) -> Awakeable<'_> {
        Awakeable {
            id: String::new(),
            answered: Box::new(|_until| self.reached()),
        }
    }

    fn random_seed(&self) -> u64 {
        0
    }

    fn clock(&self) -> Clock {
        Clock::System
    }
}

#[cfg(test)]
mod tests;
