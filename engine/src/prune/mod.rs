//! Removing old history: runs that ended before an instant, with everything that is about them, and
//! events of which everything was done before it.
//!
//! What belongs together goes together: a run that nobody called, and all runs below it, when the
//! first of them ended early enough. It stays
//! - while any run below it is open, and
//! - while an open run goes on from one of them, or from a run that did. It reads the record only once,
//!   at its beginning; but our rows do not say when it has, so the record stays until it has ended. And
//!   it looks back to events that came since the first of these runs was asked for.
//!
//! Two things are kept longer than was asked for, because somebody may still come back to them. An
//! event that is not done starts its runs again, and finds by their keys those that it started
//! before: nothing that ended since it came is removed. A run that is open may wait for an event that
//! came after the run was asked for, or the run that it goes on from: events that are younger than the
//! oldest of these stay.
//!
//! The key of a run that was removed is free again: the same start makes a new run. Nothing outside of
//! the engine's own tables is touched.

mod rows;
mod trees;

use std::time::{Duration, Instant};

use jiff::Timestamp;
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, DatabaseConnection, DbErr, EntityTrait as _,
    QueryFilter as _, QuerySelect as _, SqliteTransactionMode, TransactionOptions,
    TransactionTrait as _,
};
use serde::Serialize;

use self::rows::{Doing, about, aged};
use self::trees::{Cursor, Tree};
use crate::error::EngineError;
use crate::events::first_asked_for;
use crate::tables::{
    engine_events, holds, operations, permits, run_entries, run_tags, runs, step_attempts, waits,
};

/// The longest pause between two transactions.
const LONGEST_PAUSE: Duration = Duration::from_millis(100);

/// How many rows of each table were removed, or would be.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Pruned {
    /// What ended before this went, unix milliseconds: earlier than was asked for if an event is not
    /// done.
    pub before_ms: i64,
    /// Runs, with those that other runs called.
    pub runs: u64,
    /// Attempts of their steps.
    pub attempts: u64,
    /// What they did beside their attempts.
    pub entries: u64,
    /// Their tags.
    pub tags: u64,
    /// What they waited for.
    pub waits: u64,
    /// Holds on them.
    pub holds: u64,
    /// Their places in lines.
    pub permits: u64,
    /// Events of which everything was done.
    pub events: u64,
    /// Runs that nobody called and that ended early enough, but stay with all below them, because
    /// something that is open needs them.
    pub kept: u64,
}

/// Removes what ended before `before`, in transactions of `batch` runs; one that has more runs below
/// it goes in a single transaction.
///
/// Safe beside everything else that runs, and after it was interrupted: what is left is removed the
/// next time.
///
/// # Errors
/// [`EngineError::Database`]; what was removed by then stays so.
pub async fn older_than(
    db: &DatabaseConnection,
    before: Timestamp,
    batch: u64,
) -> Result<Pruned, EngineError> {
    sweep(db, before, batch, Doing::Remove)
        .await
        .map_err(EngineError::database("remove old runs and events"))
}

/// What [`older_than`] would remove now.
///
/// # Errors
/// [`EngineError::Database`].
pub async fn count_older_than(
    db: &DatabaseConnection,
    before: Timestamp,
    batch: u64,
) -> Result<Pruned, EngineError> {
    sweep(db, before, batch, Doing::Count)
        .await
        .map_err(EngineError::database("count old runs and events"))
}

/// Removes what people did before `before` from the audit, `batch` rows at a time, and says how many
/// rows that were.
///
/// # Errors
/// [`EngineError::Database`].
pub async fn audit_older_than(
    db: &DatabaseConnection,
    before: Timestamp,
    batch: u64,
) -> Result<u64, EngineError> {
    audit(db, before, batch, Doing::Remove)
        .await
        .map_err(EngineError::database("remove old rows of the audit"))
}

/// How many rows [`audit_older_than`] would remove now.
///
/// # Errors
/// [`EngineError::Database`].
pub async fn count_audit_older_than(
    db: &DatabaseConnection,
    before: Timestamp,
) -> Result<u64, EngineError> {
    audit(db, before, 1, Doing::Count)
        .await
        .map_err(EngineError::database("count old rows of the audit"))
}

async fn audit(
    db: &DatabaseConnection,
    before: Timestamp,
    batch: u64,
    doing: Doing,
) -> Result<u64, DbErr> {
    let old = operations::Column::AtMs.lt(before.as_millisecond());
    let old = Condition::all().add(old);
    aged::<operations::Entity>(db, doing, operations::Column::Id, &old, batch).await
}

async fn sweep(
    db: &DatabaseConnection,
    before: Timestamp,
    batch: u64,
    doing: Doing,
) -> Result<Pruned, DbErr> {
    let pending = oldest_pending_event(db).await?.unwrap_or(i64::MAX);
    let mut pruned = Pruned {
        before_ms: before.as_millisecond().min(pending),
        ..Pruned::default()
    };
    let mut after = None;
    loop {
        let began = Instant::now();
        let trees = match doing {
            Doing::Count => one_batch(db, after.as_ref(), batch, doing, &mut pruned).await?,
            Doing::Remove => {
                let transaction = db.begin_with_options(writing()).await?;
                let trees =
                    one_batch(&transaction, after.as_ref(), batch, doing, &mut pruned).await?;
                transaction.commit().await?;
                trees
            }
        };
        let Some(last) = trees.last() else {
            break;
        };
        after = Some(last.cursor());
        let_others_in(began.elapsed()).await;
    }
    let done = done_events(db, pruned.before_ms).await?;
    let id = engine_events::Column::Id;
    pruned.events = aged::<engine_events::Entity>(db, doing, id, &done, batch).await?;
    Ok(pruned)
}

/// SQLite's write lock is taken at once and waited for: a transaction that reads first and is
/// overtaken by another writer could only fail.
fn writing() -> TransactionOptions {
    TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        ..TransactionOptions::default()
    }
}

/// SQLite's writers do not stand in a line: they try again now and then, and one that never pauses
/// would keep the others out.
async fn let_others_in(took: Duration) {
    tokio::time::sleep(took.min(LONGEST_PAUSE)).await;
}

/// The runs that come next, and what became of them.
async fn one_batch(
    db: &impl ConnectionTrait,
    after: Option<&Cursor>,
    batch: u64,
    doing: Doing,
    pruned: &mut Pruned,
) -> Result<Vec<Tree>, DbErr> {
    let trees = trees::next(db, pruned.before_ms, after, batch).await?;
    let needed = trees::gone_on_from(db, &trees).await?;
    let mut ids = Vec::new();
    for tree in &trees {
        if tree.is_open() || tree.ids().iter().any(|id| needed.contains(id)) {
            pruned.kept += 1;
        } else {
            ids.extend_from_slice(tree.ids());
        }
    }
    let ids = ids.as_slice();
    pruned.attempts +=
        about::<step_attempts::Entity>(db, doing, step_attempts::Column::RunId, ids).await?;
    pruned.entries +=
        about::<run_entries::Entity>(db, doing, run_entries::Column::RunId, ids).await?;
    pruned.tags += about::<run_tags::Entity>(db, doing, run_tags::Column::RunId, ids).await?;
    pruned.waits += about::<waits::Entity>(db, doing, waits::Column::RunId, ids).await?;
    pruned.holds += about::<holds::Entity>(db, doing, holds::Column::RunId, ids).await?;
    pruned.permits += about::<permits::Entity>(db, doing, permits::Column::RunId, ids).await?;
    pruned.runs += about::<runs::Entity>(db, doing, runs::Column::Id, ids).await?;
    Ok(trees)
}

/// When the oldest event came of which something is still to be done.
async fn oldest_pending_event(db: &DatabaseConnection) -> Result<Option<i64>, DbErr> {
    let oldest: Option<Option<i64>> = engine_events::Entity::find()
        .select_only()
        .column_as(engine_events::Column::AcceptedAtMs.min(), "oldest")
        .filter(engine_events::Column::StartedAtMs.is_null())
        .into_tuple()
        .one(db)
        .await?;
    Ok(oldest.flatten())
}

/// The events that were done before this instant, and before the oldest open run, or run from which an
/// open one goes on, was asked for.
async fn done_events(db: &DatabaseConnection, before_ms: i64) -> Result<Condition, DbErr> {
    let oldest: Option<Option<i64>> = runs::Entity::find()
        .select_only()
        .column_as(runs::Column::CreatedAtMs.min(), "oldest")
        .filter(runs::Column::EndedAtMs.is_null())
        .into_tuple()
        .one(db)
        .await?;
    let gone_on_from: Vec<String> = runs::Entity::find()
        .select_only()
        .column(runs::Column::RerunOf)
        .filter(runs::Column::EndedAtMs.is_null())
        .filter(runs::Column::RerunOf.is_not_null())
        .into_tuple()
        .all(db)
        .await?;
    let earlier = first_asked_for(db, gone_on_from).await?;
    let needed = [oldest.flatten(), earlier].into_iter().flatten();
    let before_ms = needed.fold(before_ms, i64::min);
    // Done is later than accepted, so this says enough, and it has an index.
    Ok(Condition::all().add(engine_events::Column::StartedAtMs.lt(before_ms)))
}
