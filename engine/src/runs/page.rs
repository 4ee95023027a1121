//! Lists of runs, page by page: the newest first.

use sea_orm::{
    ColumnTrait as _, DatabaseConnection, EntityTrait as _, Order, QueryFilter as _,
    QueryOrder as _,
};

use super::Filter;
use super::search::Search;
use crate::error::EngineError;
use crate::tables::runs;

/// Longest page: what the databases take as a limit, and more than anybody reads.
const LONGEST: u64 = u32::MAX as u64;

/// Where a page ended: the next one begins behind this run, also when it has changed or is gone.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Cursor {
    /// When the run was asked for.
    pub created_at_ms: i64,
    /// The run.
    pub id: String,
}

impl Cursor {
    /// Behind the run of this id; nothing if there is none.
    ///
    /// # Errors
    /// [`EngineError::Database`].
    pub async fn behind(
        db: &DatabaseConnection,
        run_id: &str,
    ) -> Result<Option<Self>, EngineError> {
        let run = runs::Entity::find_by_id(run_id)
            .one(db)
            .await
            .map_err(EngineError::database("read the run where the page ended"))?;
        Ok(run.as_ref().map(Self::of))
    }

    fn of(run: &runs::Model) -> Self {
        Self {
            created_at_ms: run.created_at_ms,
            id: run.id.clone(),
        }
    }
}

/// Some of the runs that fit, in order.
#[derive(Debug, Clone, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Page {
    /// The runs, newest first.
    pub runs: Vec<runs::Model>,
    /// Where the next page begins; nothing on the last one.
    pub next: Option<Cursor>,
}

/// The newest runs that fit, `limit` at most.
///
/// # Errors
/// [`EngineError::Database`].
pub async fn list(
    db: &DatabaseConnection,
    filter: &Filter,
    limit: u64,
) -> Result<Vec<runs::Model>, EngineError> {
    newest(db, filter, None, limit).await
}

/// The newest runs that fit behind the cursor, or from the start; `limit` at most.
///
/// # Errors
/// [`EngineError::Database`].
pub async fn page(
    db: &DatabaseConnection,
    filter: &Filter,
    cursor: Option<&Cursor>,
    limit: u64,
) -> Result<Page, EngineError> {
    let mut runs = newest(db, filter, cursor, limit.saturating_add(1)).await?;
    let length = usize::try_from(limit).unwrap_or(usize::MAX);
    let has_more = runs.len() > length;
    runs.truncate(length);
    let last = runs.last().filter(|_| has_more);
    let next = last.map(Cursor::of);
    Ok(Page { runs, next })
}

/// In one statement, so that every run fits at the instant at which it is read.
async fn newest(
    db: &DatabaseConnection,
    filter: &Filter,
    cursor: Option<&Cursor>,
    limit: u64,
) -> Result<Vec<runs::Model>, EngineError> {
    let search = Search::of(db, filter).await?;
    let ids = search.newest(cursor, limit.min(LONGEST));
    runs::Entity::find()
        .filter(runs::Column::Id.in_subquery(ids))
        .order_by(runs::Column::CreatedAtMs, Order::Desc)
        .order_by(runs::Column::Id, Order::Desc)
        .all(db)
        .await
        .map_err(EngineError::database("list runs"))
}
