//! The engine's migrations: one file each, in order. Old code survives each of them.

mod m20261122_000001_runs;

use sea_orm::DatabaseConnection;
use sea_orm_migration::prelude::*;

use crate::error::EngineError;

struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(m20261122_000001_runs::Migration)]
    }

    fn migration_table_name() -> DynIden {
        "engine_migrations".into_iden()
    }
}

/// Brings the engine's tables up to date. Safe to call again.
///
/// # Errors
/// [`EngineError::Database`] when a migration fails.
pub async fn migrate(db: &DatabaseConnection) -> Result<(), EngineError> {
    Migrator::up(db, None)
        .await
        .map_err(EngineError::database("migrate the engine's tables"))
}
