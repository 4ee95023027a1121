//! `hold`: nothing more is begun.

use jiff::Timestamp;
use sea_orm::sea_query::{Expr, ExprTrait as _, OnConflict, Query};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait as _, DatabaseConnection, EntityTrait as _, Insert,
    PaginatorTrait as _, QueryFilter as _, QueryTrait as _, Set,
};

use super::{Actor, Applied, OperationError, Operations, Verb, audit};
use crate::controls::lineage;
use crate::error::EngineError;
use crate::replay::Divergence;
use crate::tables::{RunStatus, holds, runs, storable};

/// Who holds the runs that would diverge.
const WORKER: &str = "worker";
/// A run that sleeps does not look before it wakes.
const SILENT: [RunStatus; 2] = [RunStatus::Waiting, RunStatus::Queued];

/// Whether the run, or one above it, is held.
pub(crate) async fn is_held(db: &DatabaseConnection, run_id: &str) -> Result<bool, EngineError> {
    let held = holds::Entity::find()
        .filter(holds::Column::RunId.is_in(lineage(run_id)))
        .count(db)
        .await
        .map_err(EngineError::database("read whether the run is held"))?;
    Ok(held > 0)
}

/// The hold on the run, or the nearest one on a run above it.
///
/// # Errors
/// [`EngineError::Database`].
pub async fn held_by(
    db: &DatabaseConnection,
    run_id: &str,
) -> Result<Option<holds::Model>, EngineError> {
    let holds = holds::Entity::find()
        .filter(holds::Column::RunId.is_in(lineage(run_id)))
        .all(db)
        .await
        .map_err(EngineError::database("read who holds the run"))?;
    // An id begins with those above it.
    Ok(holds.into_iter().max_by_key(|hold| hold.run_id.len()))
}

/// Runs that have ended are not held.
pub(crate) async fn forget_holds_of_ended_runs(db: &DatabaseConnection) -> Result<(), EngineError> {
    let ended = Query::select()
        .expr(Expr::val(1))
        .from(runs::Entity)
        .and_where(
            Expr::col((runs::Entity, runs::Column::Id))
                .equals((holds::Entity, holds::Column::RunId)),
        )
        .and_where(Expr::col((runs::Entity, runs::Column::EndedAtMs)).is_not_null())
        .to_owned();
    holds::Entity::delete_many()
        .filter(Expr::exists(ended))
        .exec(db)
        .await
        .map_err(EngineError::database("forget the holds of ended runs"))?;
    Ok(())
}

/// Holds runs that would diverge, with the reason. Whoever held one before still does.
///
/// A worker calls it at its start, and executes nothing of them: one that was cut off in the middle of a
/// step would never say itself that it is held.
pub(crate) async fn hold_all(
    db: &DatabaseConnection,
    runs: &[Divergence],
) -> Result<(), EngineError> {
    for run in runs {
        let by = Actor {
            who: WORKER.to_owned(),
            why: Some(format!("it would diverge: {}", run.difference)),
        };
        let cut_off = [RunStatus::Running];
        let is_new = flag(db, &run.run_id, &by, SILENT.into_iter().chain(cut_off)).await?;
        // Once, and not at every start of a worker.
        if is_new {
            audit::keep(db, &run.run_id, &Verb::Hold, &by, &Ok(Applied::Held)).await?;
        }
    }
    Ok(())
}

/// The flag that every attempt reads before it begins, and the status of a run that is in one of
/// `silent`: it does not say so itself. Whether nobody had held the run.
async fn flag(
    db: &DatabaseConnection,
    run_id: &str,
    by: &Actor,
    silent: impl IntoIterator<Item = RunStatus>,
) -> Result<bool, EngineError> {
    let row = holds::ActiveModel {
        run_id: Set(run_id.to_owned()),
        since_ms: Set(Timestamp::now().as_millisecond()),
        who: Set(storable(by.who.clone())),
        why: Set(by.why.clone().map(storable)),
    };
    let once = OnConflict::column(holds::Column::RunId)
        .do_nothing()
        .to_owned();
    let inserted = db
        .execute(Insert::one(row).on_conflict(once).as_query())
        .await
        .map_err(EngineError::database("hold the run"))?;
    let held = runs::ActiveModel {
        status: Set(RunStatus::Held),
        ..Default::default()
    };
    runs::Entity::update_many()
        .set(held)
        .filter(runs::Column::Id.eq(run_id))
        .filter(runs::Column::Status.is_in(silent))
        .exec(db)
        .await
        .map_err(EngineError::database("say that the run is held"))?;
    Ok(inserted.rows_affected() > 0)
}

impl Operations {
    /// Holds an open run, and those below it.
    pub(super) async fn hold(
        &self,
        run: &runs::Model,
        by: &Actor,
    ) -> Result<Applied, OperationError> {
        if !run.status.is_open() {
            return Err(OperationError::Ended {
                run_id: run.id.clone(),
                status: run.status,
            });
        }
        flag(&self.db, &run.id, by, SILENT).await?;
        Ok(Applied::Held)
    }
}
