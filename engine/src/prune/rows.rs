//! Rows of one table: counted, or removed.

use std::time::Instant;

use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, DatabaseConnection, DbErr, EntityTrait,
    PaginatorTrait as _, QueryFilter as _, QuerySelect as _,
};

use super::let_others_in;

/// Ids in one statement, well below what SQLite and Postgres take.
pub(super) const AT_ONCE: usize = 1_000;

/// What is done to old rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Doing {
    Count,
    Remove,
}

/// The rows that have one of these ids in this column.
pub(super) async fn about<E>(
    db: &impl ConnectionTrait,
    doing: Doing,
    column: E::Column,
    ids: &[String],
) -> Result<u64, DbErr>
where
    E: EntityTrait,
    E::Model: Send + Sync,
{
    let mut rows = 0;
    for some in ids.chunks(AT_ONCE) {
        let about = column.is_in(some.iter().map(String::as_str));
        rows += match doing {
            Doing::Count => E::find().filter(about).count(db).await?,
            Doing::Remove => {
                let removed = E::delete_many().filter(about).exec(db).await?;
                removed.rows_affected
            }
        };
    }
    Ok(rows)
}

/// The rows for which this is so, removed `batch` at a time. Each statement is a transaction.
pub(super) async fn aged<E>(
    db: &DatabaseConnection,
    doing: Doing,
    id: E::Column,
    old: &Condition,
    batch: u64,
) -> Result<u64, DbErr>
where
    E: EntityTrait,
    E::Model: Send + Sync,
{
    if doing == Doing::Count {
        return E::find().filter(old.clone()).count(db).await;
    }
    let mut rows = 0;
    loop {
        let began = Instant::now();
        let ids: Vec<String> = E::find()
            .select_only()
            .column(id)
            .filter(old.clone())
            .limit(batch.max(1))
            .into_tuple()
            .all(db)
            .await?;
        if ids.is_empty() {
            return Ok(rows);
        }
        rows += about::<E>(db, doing, id, &ids).await?;
        let_others_in(began.elapsed()).await;
    }
}
