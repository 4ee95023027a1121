//! The group-commit writer on our database.

use std::collections::HashSet;
use std::slice;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use sea_orm::DatabaseConnection;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

use super::History;
use super::batch::{Batch, Executions};
use super::refusal::is_refusal;
use crate::error::EngineError;
use crate::event::{AttemptKey, Event, Row};
use crate::metrics;

/// Most events in one transaction.
const BATCH: usize = 512;
/// Nobody waits for a note: it is committed with whatever somebody waits for next in its run, or so much
/// later. The end of a short attempt comes in that time, and two rows are written as one.
const NOTES_WAIT: Duration = Duration::from_millis(50);
/// Between tries while the database is away, growing from the first to the second.
const PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_millis(500);
/// How long a database that is away is waited for once nobody can send any more: the process ends.
const LAST_TRIES: Duration = Duration::from_secs(1);

/// Keeps events in the database. While that is away, whoever waits for a commit goes on waiting, and
/// with it its run: that is what bounds the queue, to a few notes for each run that is under way.
///
/// Ends when the last handle is dropped, after writing what it has.
pub struct HistoryWriter {
    queue: mpsc::UnboundedSender<Item>,
}

impl HistoryWriter {
    /// Starts the writer; `worker` names this process in the rows it writes.
    #[must_use]
    pub fn start(db: DatabaseConnection, worker: String) -> (Arc<Self>, JoinHandle<()>) {
        let (queue, incoming) = mpsc::unbounded_channel();
        let writing = Writing {
            db,
            worker,
            incoming,
            notes: Vec::with_capacity(BATCH),
            oldest: Instant::now(),
            gives_up_at: None,
        };
        (Arc::new(Self { queue }), tokio::spawn(writing.run()))
    }
}

impl History for HistoryWriter {
    fn note(&self, event: Event) {
        // A closed queue means that the process is ending; what matters is written with `keep`.
        let _ = self.queue.send(Item::new(event, None));
    }

    fn keep(&self, event: Event) -> BoxFuture<'static, Result<u32, EngineError>> {
        let (committed, wait) = oneshot::channel();
        let sent = self.queue.send(Item::new(event, Some(committed)));
        async move {
            sent.map_err(|_| EngineError::HistoryStopped)?;
            let result = wait.await.map_err(|_| EngineError::HistoryStopped)?;
            result.map_err(|reason| EngineError::HistoryRefused { reason })
        }
        .boxed()
    }

    fn flush(&self) -> BoxFuture<'static, Result<(), EngineError>> {
        let (committed, wait) = oneshot::channel();
        let sent = self.queue.send(Item::mark(committed));
        async move {
            sent.map_err(|_| EngineError::HistoryStopped)?;
            // Rows that the database refused are lost and said so; waiting for them changes nothing.
            let _ = wait.await.map_err(|_| EngineError::HistoryStopped)?;
            Ok(())
        }
        .boxed()
    }
}

/// One event on its way into the database.
struct Item {
    /// Nothing: somebody waits for what was sent before.
    row: Option<Row>,
    /// The event, if there is something to say once it is committed.
    unsaid: Option<Event>,
    committed: Option<oneshot::Sender<Result<u32, String>>>,
}

impl Item {
    fn new(event: Event, committed: Option<oneshot::Sender<Result<u32, String>>>) -> Self {
        let unsaid = event.speaks_when_committed().then(|| event.clone());
        if unsaid.is_none() {
            event.emit();
        }
        Self {
            row: Some(event.row()),
            unsaid,
            committed,
        }
    }

    fn mark(committed: oneshot::Sender<Result<u32, String>>) -> Self {
        Self {
            row: None,
            unsaid: None,
            committed: Some(committed),
        }
    }

    /// The attempt that it starts, if it starts one.
    fn starts(&self) -> Option<&AttemptKey> {
        match &self.row {
            Some(Row::Attempt(attempt)) if attempt.executions > 0 => Some(&attempt.key),
            _ => None,
        }
    }

    fn run_id(&self) -> Option<&str> {
        self.row.as_ref().map(Row::run_id)
    }

    /// Whether somebody waits for the number of executions.
    fn asks_for_executions(&self) -> bool {
        self.committed.is_some() && self.starts().is_some()
    }

    /// Whether somebody waits for the commit.
    fn is_waited_for(&self) -> bool {
        self.committed.is_some()
    }

    /// Tells whoever waits, and says what was left unsaid.
    fn settle(self, result: &Result<Executions, NotCommitted>) {
        match result {
            Ok(_) => {
                if let Some(event) = &self.unsaid {
                    event.emit();
                }
            }
            Err(reason) => {
                if let Some(row) = &self.row {
                    metrics::history_lost();
                    tracing::error!(run.id = row.run_id(), %reason, "A row of history is lost.");
                }
            }
        }
        let answer = self.answer(result);
        if let Some(committed) = self.committed {
            // The attempt may have been given up meanwhile.
            let _ = committed.send(answer);
        }
    }

    /// For the start of an attempt how often it was begun, else 0. A number that is missing is an
    /// error: 0 would say that nothing was interrupted.
    fn answer(&self, result: &Result<Executions, NotCommitted>) -> Result<u32, String> {
        let executions = result.as_ref().map_err(ToString::to_string)?;
        if !self.asks_for_executions() {
            return Ok(0);
        }
        self.starts()
            .and_then(|key| executions.get(key).copied())
            .ok_or_else(|| "the database did not say how often the attempt was begun".to_owned())
    }
}

/// Why rows are not in the database.
#[derive(Debug, thiserror::Error)]
enum NotCommitted {
    #[error("the database refuses it: {0}")]
    Refused(String),
    #[error("the process ends and the database is away: {0}")]
    Away(String),
}

/// The task behind a [`HistoryWriter`].
struct Writing {
    db: DatabaseConnection,
    worker: String,
    incoming: mpsc::UnboundedReceiver<Item>,
    /// What came and is not in a transaction yet.
    notes: Vec<Item>,
    /// None of these came before.
    oldest: Instant,
    /// Set when the database is away and nobody can send any more.
    gives_up_at: Option<Instant>,
}

impl Writing {
    async fn run(mut self) {
        while let Some(mut items) = self.gather().await {
            let result = self.commit(&items).await;
            if items.len() > 1 && matches!(result, Err(NotCommitted::Refused(_))) {
                // One row is at fault; the others are not.
                for item in items.drain(..) {
                    let result = self.commit(slice::from_ref(&item)).await;
                    item.settle(&result);
                }
            }
            for item in items.drain(..) {
                item.settle(&result);
            }
        }
    }

    /// What goes into the next transaction: of the runs for which somebody waits everything, in its
    /// order; the notes of others when they are old. Nothing only when nobody can send any more.
    async fn gather(&mut self) -> Option<Vec<Item>> {
        loop {
            let (is_first, room) = (self.notes.is_empty(), BATCH - self.notes.len());
            let more = self.incoming.recv_many(&mut self.notes, room);
            if is_first {
                if more.await == 0 {
                    return None;
                }
                self.oldest = Instant::now();
            } else if !matches!(timeout_at(self.oldest + NOTES_WAIT, more).await, Ok(1..)) {
                return Some(std::mem::take(&mut self.notes));
            }
            let is_mark = |item: &Item| item.row.is_none();
            let is_time = Instant::now() >= self.oldest + NOTES_WAIT;
            if is_time || self.notes.len() >= BATCH || self.notes.iter().any(is_mark) {
                return Some(std::mem::take(&mut self.notes));
            }
            if self.notes.iter().any(Item::is_waited_for) {
                return Some(self.waited_for());
            }
        }
    }

    /// Takes what belongs to the runs for which somebody waits.
    fn waited_for(&mut self) -> Vec<Item> {
        let waited = self.notes.iter().filter(|item| item.is_waited_for());
        let runs: HashSet<String> = waited.filter_map(Item::run_id).map(str::to_owned).collect();
        let is_of_these = |item: &mut Item| item.run_id().is_some_and(|id| runs.contains(id));
        self.notes.extract_if(.., is_of_these).collect()
    }

    /// One transaction, tried until the database is there. A commit whose confirmation was lost is
    /// done twice: an execution too many, which makes a step ask, but never one too few.
    async fn commit(&mut self, items: &[Item]) -> Result<Executions, NotCommitted> {
        let mut batch = Batch::new(&self.worker);
        for row in items.iter().filter_map(|item| item.row.as_ref()) {
            batch.add(row.clone());
        }
        if batch.len() == 0 {
            return Ok(Executions::new());
        }
        let count = items.iter().any(Item::asks_for_executions);
        let mut tries: u32 = 0;
        loop {
            let result = batch.commit(&self.db, count).await;
            let error = match result {
                Ok(executions) => {
                    metrics::history_batch(batch.len());
                    return Ok(executions);
                }
                Err(error) if is_refusal(&error) => {
                    return Err(NotCommitted::Refused(error.to_string()));
                }
                Err(error) if self.gives_up() => return Err(NotCommitted::Away(error.to_string())),
                Err(error) => error,
            };
            tries = tries.saturating_add(1);
            if tries.is_power_of_two() {
                tracing::warn!(%error, tries, rows = batch.len(), "History was not committed; trying again.");
            }
            tokio::time::sleep(PAUSE.saturating_mul(tries).min(LONGEST_PAUSE)).await;
        }
    }

    /// Whether the time for last tries is over, too.
    fn gives_up(&mut self) -> bool {
        if !self.incoming.is_closed() {
            return false;
        }
        let now = Instant::now();
        now >= *self.gives_up_at.get_or_insert(now + LAST_TRIES)
    }
}

#[cfg(test)]
mod tests {
    use crate::event::AttemptStarted;

    use super::*;

    fn start(attempt: u32) -> Item {
        let key = AttemptKey {
            run_id: "run_1".to_owned(),
            step: "s",
            occurrence: 1,
            attempt,
        };
        let started = AttemptStarted {
            key,
            at: jiff::Timestamp::UNIX_EPOCH,
            input: "1".to_owned(),
            seq: 1,
        };
        Item::new(started.into(), Some(oneshot::channel().0))
    }

    #[test]
    fn a_start_without_its_number_of_executions_is_not_answered_with_none() {
        let item = start(1);
        let executions: Executions = item
            .starts()
            .map(|key| (key.clone(), 3))
            .into_iter()
            .collect();
        let counted = Ok(executions);
        assert_eq!(item.answer(&counted), Ok(3));
        assert!(start(2).answer(&counted).is_err());
    }
}
