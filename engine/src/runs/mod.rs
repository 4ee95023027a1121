//! Reading runs: lists by whatever they are found by, one run with its attempts, counts.

mod filter;
mod page;
mod search;
mod terms;
mod total;

use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait as _, DatabaseConnection, EntityTrait as _, FromQueryResult, Order,
    PaginatorTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
};

use crate::error::EngineError;
use crate::tables::{RunStatus, run_tags, runs, step_attempts};

pub use filter::Filter;
pub use page::{Cursor, Page, list, page};
pub use total::{Total, total};

/// A run with everything we keep of it.
#[derive(Debug, Clone, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Details {
    /// Its row.
    pub run: runs::Model,
    /// Its attempts, in order of their start.
    pub attempts: Vec<step_attempts::Model>,
    /// Its tags, sorted by key.
    pub tags: Vec<run_tags::Model>,
    /// Its child runs, oldest first.
    pub children: Vec<runs::Model>,
}

/// Runs of one workflow in one status.
#[derive(Debug, Clone, FromQueryResult)]
pub struct Count {
    /// The workflow.
    pub workflow: String,
    /// The status.
    pub status: RunStatus,
    /// How many.
    pub runs: i64,
}

/// One run with its attempts, tags and children.
///
/// # Errors
/// [`EngineError::Database`].
pub async fn show(db: &DatabaseConnection, run_id: &str) -> Result<Option<Details>, EngineError> {
    let Some(run) = runs::Entity::find_by_id(run_id)
        .one(db)
        .await
        .map_err(EngineError::database("read the run"))?
    else {
        return Ok(None);
    };
    let attempts = step_attempts::Entity::find()
        .filter(step_attempts::Column::RunId.eq(run_id))
        .order_by(step_attempts::Column::StartedAtMs, Order::Asc)
        .order_by(step_attempts::Column::Attempt, Order::Asc)
        .all(db)
        .await
        .map_err(EngineError::database("read the run's attempts"))?;
    let tags = run_tags::Entity::find()
        .filter(run_tags::Column::RunId.eq(run_id))
        .order_by(run_tags::Column::Key, Order::Asc)
        .all(db)
        .await
        .map_err(EngineError::database("read the run's tags"))?;
    let children = runs::Entity::find()
        .filter(runs::Column::ParentId.eq(run_id))
        .order_by(runs::Column::CreatedAtMs, Order::Asc)
        .all(db)
        .await
        .map_err(EngineError::database("read the run's children"))?;
    Ok(Some(Details {
        run,
        attempts,
        tags,
        children,
    }))
}

/// How many runs there are of each workflow and status.
///
/// # Errors
/// [`EngineError::Database`].
pub async fn counts(db: &DatabaseConnection) -> Result<Vec<Count>, EngineError> {
    runs::Entity::find()
        .select_only()
        .column(runs::Column::Workflow)
        .column(runs::Column::Status)
        // Of rows, not of a column: then the index is enough.
        .column_as(Expr::cust("COUNT(*)"), "runs")
        .group_by(runs::Column::Workflow)
        .group_by(runs::Column::Status)
        .into_model::<Count>()
        .all(db)
        .await
        .map_err(EngineError::database("count runs"))
}

/// How many runs have not ended.
///
/// # Errors
/// [`EngineError::Database`].
pub async fn open(db: &DatabaseConnection) -> Result<u64, EngineError> {
    runs::Entity::find()
        .filter(runs::Column::EndedAtMs.is_null())
        .count(db)
        .await
        .map_err(EngineError::database("count open runs"))
}

/// How many open runs Restate cannot go on with.
///
/// # Errors
/// [`EngineError::Database`].
pub async fn stuck(db: &DatabaseConnection) -> Result<u64, EngineError> {
    runs::Entity::find()
        .filter(runs::Column::EndedAtMs.is_null())
        .filter(runs::Column::StuckReason.is_not_null())
        .count(db)
        .await
        .map_err(EngineError::database("count stuck runs"))
}

#[cfg(test)]
mod tests;
