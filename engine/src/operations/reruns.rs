//! The runs that go on from another one.

use sea_orm::{
    ColumnTrait as _, ConnectionTrait, DatabaseConnection, DbErr, EntityTrait as _,
    QueryFilter as _, QueryOrder as _, QuerySelect as _, Select,
};

use crate::error::EngineError;
use crate::tables::{RunStatus, runs};

/// A run's id, and what it is doing.
type Known = (String, RunStatus);

/// The reruns of a run, oldest first.
///
/// # Errors
/// [`EngineError::Database`].
pub async fn reruns_of(
    db: &DatabaseConnection,
    run_id: &str,
) -> Result<Vec<runs::Model>, EngineError> {
    runs::Entity::find()
        .filter(runs::Column::RerunOf.eq(run_id))
        .order_by_asc(runs::Column::CreatedAtMs)
        .order_by_asc(runs::Column::Id)
        .all(db)
        .await
        .map_err(EngineError::database("read the reruns of the run"))
}

/// An open run beside which this one is not to be run again, for it does the same things: the run with
/// which it began, or any that goes on from that one, or from one that does.
///
/// Locks the first run's row until the transaction ends, so who asks at the same time waits, and then
/// sees what was started here. On SQLite the transaction itself must be that lock.
///
/// # Errors
/// [`EngineError::UnknownRun`] if the run was removed meanwhile.
pub(super) async fn open_beside(
    transaction: &impl ConnectionTrait,
    run: &runs::Model,
) -> Result<Option<Known>, EngineError> {
    let failed = || EngineError::database("look for open reruns");
    let first = first_of(transaction, run).await.map_err(failed())?;
    let mut ids = vec![first, run.id.clone()];
    let mut family = lock(transaction, &ids).await.map_err(failed())?;
    if family.iter().all(|(id, _)| *id != run.id) {
        return Err(EngineError::UnknownRun {
            run_id: run.id.clone(),
        });
    }
    while !family.is_empty() {
        if let Some(open) = family.iter().find(|(_, status)| status.is_open()) {
            return Ok(Some(open.clone()));
        }
        family = going_on_from(transaction, &ids).await.map_err(failed())?;
        ids = family.iter().map(|(id, _)| id.clone()).collect();
    }
    Ok(None)
}

/// The id of the run with which it began. That one may have been removed, and still has a name.
async fn first_of(db: &impl ConnectionTrait, run: &runs::Model) -> Result<String, DbErr> {
    let mut first = run.id.clone();
    let mut before = run.rerun_of.clone();
    while let Some(id) = before {
        let known: Option<Option<String>> = runs::Entity::find_by_id(id.as_str())
            .select_only()
            .column(runs::Column::RerunOf)
            .into_tuple()
            .one(db)
            .await?;
        before = known.flatten();
        first = id;
    }
    Ok(first)
}

/// In one order, so that nobody waits for somebody who waits for him.
async fn lock(db: &impl ConnectionTrait, ids: &[String]) -> Result<Vec<Known>, DbErr> {
    known()
        .filter(runs::Column::Id.is_in(ids.iter().map(String::as_str)))
        .order_by_asc(runs::Column::Id)
        .lock_exclusive()
        .into_tuple()
        .all(db)
        .await
}

async fn going_on_from(db: &impl ConnectionTrait, ids: &[String]) -> Result<Vec<Known>, DbErr> {
    known()
        .filter(runs::Column::RerunOf.is_in(ids.iter().map(String::as_str)))
        .into_tuple()
        .all(db)
        .await
}

fn known() -> Select<runs::Entity> {
    runs::Entity::find()
        .select_only()
        .columns([runs::Column::Id, runs::Column::Status])
}
