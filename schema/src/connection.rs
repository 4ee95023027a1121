//! Opening the database.
//!
//! Everything that makes several processes on one SQLite file safe is set here: write-ahead log, a
//! busy time-out, foreign keys. It must not create tables; that is [`crate::migrate`]. The same
//! connection serves the engine's tables.

use std::path::Path;
use std::time::{Duration, Instant};

use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sea_orm::{ConnectOptions, Database, DatabaseConnection, DbErr};

use crate::SchemaError;
use crate::error::failed;

/// Readers beside the one writer that SQLite allows.
const SQLITE_CONNECTIONS: u32 = 8;
/// Per process; a Postgres server allows 100 in all by default.
const POSTGRES_CONNECTIONS: u32 = 16;
/// How long a writer waits for another process's write.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a caller waits for a free connection of the pool.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(30);

/// Opens `sqlite:…` (file and folder are created when missing) or `postgres://…`.
pub async fn connect(url: &str) -> Result<DatabaseConnection, SchemaError> {
    // SeaORM would repeat an unreadable URL, password included, in its error.
    let parsed = url::Url::parse(url).map_err(|_| SchemaError::Url {
        reason: "it does not parse",
    })?;
    match parsed.scheme() {
        "sqlite" => connect_sqlite(url).await,
        "postgres" | "postgresql" => connect_postgres(url).await,
        _ => Err(SchemaError::Url {
            reason: "it must start with sqlite: or postgres:",
        }),
    }
}

/// The URL for a SQLite file, with what needs it percent-encoded.
pub fn sqlite_url(file: &Path) -> Result<String, SchemaError> {
    let unusable = SchemaError::Url {
        reason: "the path of the database file cannot be written as a URL",
    };
    let Ok(absolute) = std::path::absolute(file) else {
        return Err(unusable);
    };
    match url::Url::from_file_path(absolute) {
        Ok(url) => Ok(format!("sqlite://{}", url.path())),
        Err(()) => Err(unusable),
    }
}

async fn connect_postgres(url: &str) -> Result<DatabaseConnection, SchemaError> {
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(POSTGRES_CONNECTIONS)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .sqlx_logging(false);
    Database::connect(options)
        .await
        .map_err(failed("connect to Postgres"))
}

async fn connect_sqlite(url: &str) -> Result<DatabaseConnection, SchemaError> {
    let parsed: SqliteConnectOptions = url.parse().map_err(|_| SchemaError::Url {
        reason: "SQLite does not know an option in it",
    })?;
    let file = parsed.get_filename().to_owned();
    if url.contains(":memory:") || url.contains("mode=memory") {
        return Err(SchemaError::Url {
            reason: "a database in memory cannot be shared between processes",
        });
    }
    if let Some(folder) = file.parent() {
        tokio::fs::create_dir_all(folder)
            .await
            .map_err(|source| SchemaError::CreateFolder {
                path: folder.to_owned(),
                source,
            })?;
    }
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(SQLITE_CONNECTIONS)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        // A file does not hang up; asking first would double the cost of a short query.
        .test_before_acquire(false)
        .sqlx_logging(false)
        .map_sqlx_sqlite_opts(|sqlite| {
            sqlite
                .create_if_missing(true)
                .foreign_keys(true)
                .journal_mode(SqliteJournalMode::Wal)
                // A row says whether bytes may have left, also after the power was gone.
                .synchronous(SqliteSynchronous::Full)
                .busy_timeout(BUSY_TIMEOUT)
        });
    open_when_free(options).await
}

/// The switch of a new file to write-ahead logging needs the file alone, and SQLite answers "busy"
/// at once instead of waiting when two processes try it together.
async fn open_when_free(options: ConnectOptions) -> Result<DatabaseConnection, SchemaError> {
    let started = Instant::now();
    loop {
        match Database::connect(options.clone()).await {
            Err(error) if is_busy(&error) && started.elapsed() < BUSY_TIMEOUT => {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            opened => return opened.map_err(failed("open the SQLite database")),
        }
    }
}

/// SQLite's primary result codes: 5 is `SQLITE_BUSY`, 6 is `SQLITE_LOCKED`; extended codes keep
/// them in the low byte.
fn is_busy(error: &DbErr) -> bool {
    let (DbErr::Conn(sea_orm::RuntimeErr::SqlxError(source))
    | DbErr::Exec(sea_orm::RuntimeErr::SqlxError(source))
    | DbErr::Query(sea_orm::RuntimeErr::SqlxError(source))) = error
    else {
        return false;
    };
    source
        .as_database_error()
        .and_then(|answer| answer.code())
        .and_then(|code| code.parse::<u32>().ok())
        .is_some_and(|code| matches!(code & 0xff, 5 | 6))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_with_spaces_and_percent_signs_comes_back_from_its_url() -> Result<(), SchemaError> {
        let path = Path::new("/data/my channel/50%?.db");
        let url = sqlite_url(path)?;
        let parsed: Result<SqliteConnectOptions, _> = url.parse();
        assert_eq!(
            parsed.map(|options| options.get_filename().to_owned()).ok(),
            Some(path.to_owned())
        );
        Ok(())
    }

    #[tokio::test]
    async fn a_bad_url_is_refused_without_repeating_its_password() {
        for url in [
            "postgres://me:hunter2@:::/x",
            "mysql://me:hunter2@host/x",
            "sqlite::memory:",
        ] {
            let Err(error) = connect(url).await else {
                panic!("{url} was opened");
            };
            assert!(matches!(error, SchemaError::Url { .. }), "{error:?}");
            assert!(!format!("{error:?}").contains("hunter2"));
        }
    }
}
