//! The reconciler's statements: which runs it looks at, and what it writes of them.

use jiff::Timestamp;
use sea_orm::sea_query::{
    Expr, ExprTrait as _, Func, LockType, NullOrdering, Query, WindowStatement,
};
use sea_orm::{
    ColumnTrait as _, DatabaseConnection, DbBackend, EntityTrait as _, Order, QueryFilter as _,
    QueryOrder as _, QuerySelect as _, QueryTrait as _, Select, Set, UpdateMany,
};

use crate::error::EngineError;
use crate::tables::{RunStatus, permits, runs, storable};

/// Open rows looked at in one pass, those first that were not looked at for longest.
pub(super) const PAGE: u64 = 500;
/// Younger rows are still being written by those who know better.
const SETTLED_MS: i64 = 5_000;

/// Whether it was written: only while the row is still open, for the run itself knows better.
pub(super) async fn write(
    db: &DatabaseConnection,
    run_id: &str,
    change: runs::ActiveModel,
) -> Result<bool, EngineError> {
    let written = runs::Entity::update_many()
        .set(change)
        .filter(runs::Column::Id.eq(run_id))
        .filter(runs::Column::EndedAtMs.is_null())
        .exec(db)
        .await
        .map_err(EngineError::database("write what Restate says of a run"))?;
    Ok(written.rows_affected > 0)
}

/// Writes the end of a run that cannot do it itself. Whether it was still open.
pub(crate) async fn close(
    db: &DatabaseConnection,
    run_id: &str,
    now: Timestamp,
    (status, code, reason): (RunStatus, &'static str, String),
) -> Result<bool, EngineError> {
    write(db, run_id, closed(now, status, code, reason)).await
}

/// That these runs get on. Their rows are locked in the order of bytes, as a batch of history locks
/// them: two transactions that took the same rows in different orders would wait for each other.
pub(super) fn get_on(
    going: &[String],
    now: Timestamp,
    backend: DbBackend,
) -> UpdateMany<runs::Entity> {
    let by_bytes = match backend {
        DbBackend::Postgres => "id COLLATE \"C\"",
        // It has one lock for all rows, and leaves the clause out.
        _ => "id",
    };
    let locked = runs::Entity::find()
        .select_only()
        .column(runs::Column::Id)
        .filter(runs::Column::Id.is_in(going.iter().map(String::as_str)))
        .filter(runs::Column::EndedAtMs.is_null())
        .order_by(Expr::cust(by_bytes), Order::Asc)
        .lock(LockType::NoKeyUpdate)
        .into_query();
    runs::Entity::update_many()
        .set(reconciled(now, None))
        .filter(runs::Column::Id.in_subquery(locked))
}

/// The open runs at the front of the lines: those that may act. However long a line is, a permit whose
/// run is dead is found in the next pass; if more than a page of runs may act, they take turns.
pub(super) fn with_permits() -> Select<runs::Entity> {
    let line = WindowStatement::partition_by(permits::Column::Key)
        .order_by(permits::Column::Ticket, Order::Asc)
        .take();
    let places = Query::select()
        .columns([permits::Column::RunId, permits::Column::AtOnce])
        .expr_window_as(Func::cust("ROW_NUMBER"), line, "place")
        .from(permits::Entity)
        .to_owned();
    let owners = Query::select()
        .column(permits::Column::RunId)
        .from_subquery(places, "places")
        .and_where(Expr::col("place").lte(Expr::col(permits::Column::AtOnce)))
        .to_owned();
    let open = runs::Entity::find()
        .filter(runs::Column::EndedAtMs.is_null())
        .filter(runs::Column::Id.in_subquery(owners));
    page(open)
}

/// The page of open runs for one pass.
pub(super) fn open_rows(now: Timestamp) -> Select<runs::Entity> {
    let settled = now.as_millisecond() - SETTLED_MS;
    let open = runs::Entity::find()
        .filter(runs::Column::EndedAtMs.is_null())
        .filter(runs::Column::CreatedAtMs.lt(settled));
    page(open)
}

/// Those first that were not looked at for longest.
fn page(open: Select<runs::Entity>) -> Select<runs::Entity> {
    open.order_by_with_nulls(
        runs::Column::ReconciledAtMs,
        Order::Asc,
        NullOrdering::First,
    )
    .limit(PAGE)
}

pub(super) fn reconciled(now: Timestamp, stuck_reason: Option<String>) -> runs::ActiveModel {
    runs::ActiveModel {
        reconciled_at_ms: Set(Some(now.as_millisecond())),
        stuck_reason: Set(stuck_reason.map(storable)),
        ..Default::default()
    }
}

fn closed(now: Timestamp, status: RunStatus, code: &str, reason: String) -> runs::ActiveModel {
    runs::ActiveModel {
        status: Set(status),
        error_code: Set(Some(code.to_owned())),
        error_message: Set(Some(storable(reason))),
        ended_at_ms: Set(Some(now.as_millisecond())),
        waiting_reason: Set(None),
        waiting_until_ms: Set(None),
        ..reconciled(now, None)
    }
}

#[cfg(test)]
mod tests {
    use sea_orm::{ConnectionTrait as _, Database};

    use super::*;

    #[tokio::test]
    async fn open_runs_are_found_in_order_without_looking_at_those_that_ended() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("runs.db");
        let db = Database::connect(format!("sqlite://{}?mode=rwc", file.display()))
            .await
            .unwrap();
        crate::migrate(&db).await.unwrap();
        let mut query = open_rows(Timestamp::now()).build(DbBackend::Sqlite);
        query.sql.insert_str(0, "EXPLAIN QUERY PLAN ");
        let rows = db.query_all_raw(query).await.unwrap();
        let plan: Vec<String> = rows
            .iter()
            .map(|row| row.try_get("", "detail").unwrap())
            .collect();
        assert_eq!(plan, ["SCAN runs USING INDEX runs_open"]);
    }

    #[test]
    fn rows_are_locked_in_the_order_in_which_history_locks_them() {
        let going = ["run_1".to_owned()];
        let update = get_on(&going, Timestamp::UNIX_EPOCH, DbBackend::Postgres);
        let sql = update.build(DbBackend::Postgres).sql;
        let in_order = "ORDER BY id COLLATE \"C\" ASC FOR NO KEY UPDATE";
        assert!(sql.contains(in_order), "{sql}");
    }
}
