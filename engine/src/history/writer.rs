//! The group-commit writer on our database.

use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use sea_orm::DatabaseConnection;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use super::History;
use super::batch::{Batch, Executions};
use crate::error::EngineError;
use crate::event::{AttemptKey, Event, Row};
use crate::metrics;

/// Most events in one transaction.
const BATCH: usize = 512;
/// A batch is tried this often before its waiting attempts are told that it failed.
const TRIES: u32 = 5;
const PAUSE: Duration = Duration::from_millis(200);

/// Keeps events in the database. Ends when it is closed or the last handle is dropped, after
/// writing what it has.
pub struct HistoryWriter {
    queue: mpsc::UnboundedSender<Item>,
}

struct Item {
    row: Row,
    committed: Option<oneshot::Sender<Result<u32, String>>>,
}

impl HistoryWriter {
    /// Starts the writer; `worker` names this process in the rows it writes.
    #[must_use]
    pub fn start(db: DatabaseConnection, worker: String) -> (Arc<Self>, JoinHandle<()>) {
        let (queue, incoming) = mpsc::unbounded_channel();
        let task = tokio::spawn(write(db, worker, incoming));
        (Arc::new(Self { queue }), task)
    }
}

impl History for HistoryWriter {
    fn note(&self, event: Event) {
        event.emit();
        // A closed queue means that the process is ending; what matters is written with `keep`.
        let _ = self.queue.send(Item {
            row: event.row(),
            committed: None,
        });
    }

    fn keep(&self, event: Event) -> BoxFuture<'static, Result<u32, EngineError>> {
        event.emit();
        let (committed, wait) = oneshot::channel();
        let sent = self.queue.send(Item {
            row: event.row(),
            committed: Some(committed),
        });
        async move {
            sent.map_err(|_| EngineError::HistoryStopped)?;
            let result = wait.await.map_err(|_| EngineError::HistoryStopped)?;
            result.map_err(|reason| EngineError::HistoryRefused { reason })
        }
        .boxed()
    }
}

async fn write(
    db: DatabaseConnection,
    worker: String,
    mut incoming: mpsc::UnboundedReceiver<Item>,
) {
    let mut items = Vec::with_capacity(BATCH);
    while incoming.recv_many(&mut items, BATCH).await > 0 {
        commit(&db, &worker, items.drain(..)).await;
    }
}

async fn commit(db: &DatabaseConnection, worker: &str, items: impl Iterator<Item = Item>) {
    let mut batch = Batch::new(worker);
    let mut waiting: Vec<(Option<AttemptKey>, oneshot::Sender<Result<u32, String>>)> = Vec::new();
    for item in items {
        if let Some(committed) = item.committed {
            waiting.push((attempt_of(&item.row), committed));
        }
        batch.add(item.row);
    }
    metrics::history_batch(batch.len());
    let count = waiting.iter().any(|(attempt, _)| attempt.is_some());
    let result = commit_with_patience(db, &batch, count).await;
    for (key, committed) in waiting {
        let answer = match &result {
            Ok(executions) => Ok(key
                .and_then(|key| executions.get(&key).copied())
                .unwrap_or(0)),
            Err(error) => Err(error.clone()),
        };
        // The attempt may have been given up meanwhile.
        let _ = committed.send(answer);
    }
}

/// The attempt that the row starts, if it starts one.
fn attempt_of(row: &Row) -> Option<AttemptKey> {
    match row {
        Row::Attempt(attempt) if attempt.executions > 0 => Some(attempt.key.clone()),
        Row::Attempt(_) | Row::Run(_) | Row::Tag(_) => None,
    }
}

async fn commit_with_patience(
    db: &DatabaseConnection,
    batch: &Batch,
    count: bool,
) -> Result<Executions, String> {
    let mut tries = 0;
    loop {
        tries += 1;
        match batch.commit(db, count).await {
            Ok(executions) => return Ok(executions),
            Err(error) if tries < TRIES => {
                tracing::warn!(%error, "History was not committed; trying again.");
                tokio::time::sleep(PAUSE * tries).await;
            }
            Err(error) => {
                tracing::error!(%error, rows = batch.len(), "History was not committed.");
                metrics::history_lost(batch.len());
                return Err(error.to_string());
            }
        }
    }
}
