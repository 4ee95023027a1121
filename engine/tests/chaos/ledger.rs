//! The world outside of the engine: a file that counts what was really done.

use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use sea_orm::sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
use sea_orm::{
    ConnectOptions, ConnectionTrait as _, Database, DatabaseConnection, DbBackend, DbErr, Statement,
};

/// Rows are only ever added. One connection, so that nobody who asks overtakes somebody who acts.
#[derive(Clone)]
pub(crate) struct Ledger(DatabaseConnection);

impl Ledger {
    /// Opens the file, or makes it.
    pub(crate) async fn open(file: &Path) -> Result<Self, DbErr> {
        let mut options = ConnectOptions::new(format!("sqlite://{}?mode=rwc", file.display()));
        options
            .max_connections(1)
            .sqlx_logging(false)
            .map_sqlx_sqlite_opts(|sqlite| {
                sqlite
                    .journal_mode(SqliteJournalMode::Wal)
                    // Processes die here, the machine does not.
                    .synchronous(SqliteSynchronous::Normal)
                    .busy_timeout(Duration::from_secs(30))
            });
        let db = Database::connect(options).await?;
        db.execute_unprepared(
            "create table if not exists effects \
             (id integer primary key, act text not null, key text unique, attempt integer not null)",
        )
        .await?;
        Ok(Self(db))
    }

    /// Does it: once for a key, every time without one.
    pub(crate) async fn write(
        &self,
        act: &str,
        key: Option<String>,
        attempt: u32,
    ) -> Result<(), DbErr> {
        let insert = Statement::from_sql_and_values(
            DbBackend::Sqlite,
            "insert into effects (act, key, attempt) values (?, ?, ?) on conflict (key) do nothing",
            [act.into(), key.into(), i64::from(attempt).into()],
        );
        self.0.execute_raw(insert).await?;
        Ok(())
    }

    /// Whether it was done.
    pub(crate) async fn has(&self, act: &str) -> Result<bool, DbErr> {
        let select = Statement::from_sql_and_values(
            DbBackend::Sqlite,
            "select id from effects where act = ? limit 1",
            [act.into()],
        );
        Ok(self.0.query_one_raw(select).await?.is_some())
    }

    /// How often each was done.
    pub(crate) async fn counts(&self) -> Result<HashMap<String, u64>, DbErr> {
        let select = Statement::from_string(DbBackend::Sqlite, "select act from effects");
        let mut counts = HashMap::<String, u64>::new();
        for row in self.0.query_all_raw(select).await? {
            *counts.entry(row.try_get("", "act")?).or_default() += 1;
        }
        Ok(counts)
    }
}
