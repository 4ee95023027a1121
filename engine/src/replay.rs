//! Whether open runs still do what they did: each one's record is replayed by today's workflows, in
//! memory, up to where the run is now. Nothing is executed.

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

use crate::context::{Means, Mode, RunHead, WorkflowContext};
use crate::controls::MemoryControls;
use crate::ending::Failure;
use crate::error::EngineError;
use crate::history::MemoryHistory;
use crate::journal::{Awakeable, Call, CallResult, Clock, Closure, Journal, StepCall};
use crate::registry::Registry;
use crate::story::{self, Recorded};
use crate::tables::runs;

/// Runs read at once.
const PAGE: u64 = 500;

/// An open run that today's code would take another way.
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
            if let Err(error) = compare(registry, run, story).await {
                found.push(Divergence {
                    run_id: run.id.clone(),
                    workflow: run.workflow.clone(),
                    difference: with_causes(&error),
                });
            }
        }
    }
}

fn with_causes(error: &EngineError) -> String {
    let causes = std::iter::successors(Some(error as &dyn std::error::Error), |error| {
        error.source()
    });
    let texts: Vec<String> = causes.map(ToString::to_string).collect();
    texts.join(": ")
}

/// Runs the workflow over its record, to the place where the run is.
async fn compare(
    registry: &Registry,
    run: &runs::Model,
    story: Vec<Recorded>,
) -> Result<(), EngineError> {
    let workflow = registry.find(&run.workflow)?;
    let input = serde_json::from_str(&run.input).map_err(|source| EngineError::Decode {
        what: format!("the input of {}", run.id),
        as_type: "JSON",
        source,
    })?;
    let head = RunHead {
        run_id: run.id.clone(),
        workflow: run.workflow.clone(),
        parent_id: run.parent_id.clone(),
        // What it took over is in its own story.
        rerun: None,
        services: BTreeSet::new(),
        input,
    };
    let frontier = Frontier::default();
    let means = Means {
        history: Arc::new(MemoryHistory::default()),
        controls: Arc::new(MemoryControls::default()),
        settings: Arc::new(registry.settings()),
        stop: CancellationToken::new(),
    };
    let cx = WorkflowContext::new(head, &frontier, means);
    cx.remember(story, Mode::Compare);
    tokio::select! {
        biased;
        error = cx.given_up.wait() => Err(error),
        _result = workflow.run(&cx) => match cx.given_up.take().or_else(|| cx.left_over()) {
            Some(error) => Err(error),
            None => Ok(()),
        },
        // As far as the run is, it does the same.
        () = frontier.0.notified() => Ok(()),
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
