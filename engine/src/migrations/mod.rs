//! The engine's migrations: one file each, in order. Old code survives each of them.

mod m20261122_000001_runs;
mod m20261123_000002_waits;
mod m20261123_000003_schedules;
mod m20261123_000004_events;
mod m20261123_000005_run_search;
mod m20261123_000006_prune;
mod m20261124_000008_permit_holder;
mod m20261124_000009_event_tries;

use sea_orm::{
    DatabaseConnection, DbBackend, SqliteTransactionMode, Statement, TransactionOptions,
    TransactionTrait as _,
};
use sea_orm_migration::prelude::*;

use crate::error::EngineError;

/// Key of the Postgres advisory lock that lets one process migrate at a time ("flyengin").
const MIGRATE_LOCK: i64 = 0x666c_7965_6e67_696e;

struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261122_000001_runs::Migration),
            Box::new(m20261123_000002_waits::Migration),
            Box::new(m20261123_000003_schedules::Migration),
            Box::new(m20261123_000004_events::Migration),
            Box::new(m20261123_000005_run_search::Migration),
            Box::new(m20261123_000006_prune::Migration),
            Box::new(m20261124_000008_permit_holder::Migration),
            Box::new(m20261124_000009_event_tries::Migration),
        ]
    }

    fn migration_table_name() -> DynIden {
        "engine_migrations".into_iden()
    }
}

/// Brings the engine's tables up to date. Safe to call again, and from several processes at once: all
/// of it is one transaction, which takes the lock before it looks at what is pending.
///
/// # Errors
/// [`EngineError::Database`] when a migration fails.
pub async fn migrate(db: &DatabaseConnection) -> Result<(), EngineError> {
    apply(db)
        .await
        .map_err(EngineError::database("migrate the engine's tables"))
}

async fn apply(db: &DatabaseConnection) -> Result<(), DbErr> {
    let locked = db
        .begin_with_options(TransactionOptions {
            // SQLite's own write lock, taken at once and waited for under the busy time-out.
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        })
        .await?;
    if db.get_database_backend() == DbBackend::Postgres {
        locked
            .execute_raw(Statement::from_sql_and_values(
                DbBackend::Postgres,
                "SELECT pg_advisory_xact_lock($1)",
                [MIGRATE_LOCK.into()],
            ))
            .await?;
    }
    Migrator::up(&locked, None).await?;
    locked.commit().await
}

/// How many migrations are to be applied. Changes nothing, not even in an empty database.
///
/// # Errors
/// [`EngineError::Database`]; also when the database has a migration that this program does not
/// know, so that it belongs to a newer one.
pub async fn pending_migrations(db: &DatabaseConnection) -> Result<usize, EngineError> {
    Migrator::get_pending_migrations_read_only(db)
        .await
        .map(|pending| pending.len())
        .map_err(EngineError::database("look for pending migrations"))
}
