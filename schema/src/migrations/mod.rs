//! The migrations of the channel's tables, in order, and the one way to apply them.
//!
//! A new migration is a new file here and one line in [`Migrator::migrations`]. One that has been
//! released is never edited. The engine's tables have their own list and their own table of
//! applied migrations.

mod m0001_videos;
mod m0002_posts;
mod m0003_measurements;
mod m0004_learning;
mod m0005_events;
mod m0006_uploads;
mod m0007_account_tokens;
mod m0008_reading_turns;
mod m0009_made_once;

use sea_orm::{
    ConnectionTrait, DatabaseConnection, DbBackend, DbErr, SqliteTransactionMode, Statement,
    TransactionOptions, TransactionTrait,
};
use sea_orm_migration::prelude::{
    DynIden, ForeignKey, ForeignKeyCreateStatement, Index, IndexCreateStatement, IntoIden,
    MigrationTrait, MigratorTrait, async_trait,
};

use crate::SchemaError;
use crate::error::failed;

/// Key of the Postgres advisory lock that lets one process migrate at a time ("flyschem").
const MIGRATE_LOCK: i64 = 0x666c_7973_6368_656d;

/// The list of migrations.
#[derive(Debug)]
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0001_videos::Migration),
            Box::new(m0002_posts::Migration),
            Box::new(m0003_measurements::Migration),
            Box::new(m0004_learning::Migration),
            Box::new(m0005_events::Migration),
            Box::new(m0006_uploads::Migration),
            Box::new(m0007_account_tokens::Migration),
            Box::new(m0008_reading_turns::Migration),
            Box::new(m0009_made_once::Migration),
        ]
    }

    fn migration_table_name() -> DynIden {
        "schema_migrations".into_iden()
    }
}

/// Applies what is pending. Safe to call twice and from several processes at once: all of it is
/// one transaction, which takes the lock before it looks at what is pending.
pub async fn migrate(db: &DatabaseConnection) -> Result<(), SchemaError> {
    apply(db)
        .await
        .map_err(failed("migrate the channel's tables"))
}

/// How many migrations are to be applied. Changes nothing, not even in an empty database. Also an
/// error: the database has a migration that this program does not know, so it belongs to a newer one.
pub async fn pending_migrations(db: &DatabaseConnection) -> Result<usize, SchemaError> {
    Migrator::get_pending_migrations_read_only(db)
        .await
        .map(|pending| pending.len())
        .map_err(failed("look for pending migrations"))
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

/// `column` of `table` points at the `id` of `parent`.
fn belongs_to(
    table: &'static str,
    column: &'static str,
    parent: &'static str,
) -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .name(format!("{table}_{column}_fk"))
        .from(table, column)
        .to(parent, "id")
        .to_owned()
}

/// A unique key, written inside its table's definition.
fn unique(name: &'static str, columns: &[&'static str]) -> IndexCreateStatement {
    let mut key = Index::create();
    key.unique().name(name);
    for column in columns {
        key.col(*column);
    }
    key
}

/// A plain index.
fn index(
    name: &'static str,
    table: &'static str,
    columns: &[&'static str],
) -> IndexCreateStatement {
    let mut index = Index::create();
    index.name(name).table(table);
    for column in columns {
        index.col(*column);
    }
    index
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn looking_for_pending_migrations_applies_none() {
        let folder = tempfile::tempdir().unwrap();
        let url = crate::sqlite_url(&folder.path().join("flywheel.db")).unwrap();
        let db = crate::connect(&url).await.unwrap();
        let all = Migrator::migrations().len();
        assert_eq!(pending_migrations(&db).await.unwrap(), all);
        assert_eq!(pending_migrations(&db).await.unwrap(), all);
        migrate(&db).await.unwrap();
        assert_eq!(pending_migrations(&db).await.unwrap(), 0);
    }
}
