//! A fresh database for each test: SQLite in a temporary folder always, and Postgres too when
//! `FLYWHEEL_TEST_POSTGRES_URL` names a server. It is removed afterwards, also when the test fails.

use std::time::Duration;

use sea_orm::{ConnectOptions, ConnectionTrait as _, Database, DatabaseConnection};

/// Opens the database as one more process would.
pub(crate) async fn connect(url: &str) -> DatabaseConnection {
    let mut options = ConnectOptions::new(url);
    options
        .sqlx_logging(false)
        .map_sqlx_sqlite_opts(|sqlite| sqlite.busy_timeout(Duration::from_secs(30)));
    Database::connect(options).await.unwrap()
}

/// Runs `check` on each kind of database, given the URL of a new and empty one.
pub(crate) async fn on_every_empty_database<F>(check: impl Fn(String) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("runs.db");
    check(format!("sqlite://{}?mode=rwc", file.display())).await;
    match std::env::var("FLYWHEEL_TEST_POSTGRES_URL") {
        Ok(server) => on_server(&server, check).await,
        Err(_) => say("Postgres was left out: FLYWHEEL_TEST_POSTGRES_URL is not set"),
    }
}

/// In a schema of its own: much faster to make than a database, and as far apart from the others.
async fn on_server<F>(server: &str, check: impl Fn(String) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    let name = format!("engine_test_{}", uuid::Uuid::now_v7().simple());
    let admin = connect(server).await;
    let create = format!("CREATE SCHEMA {name}");
    admin.execute_unprepared(&create).await.unwrap();
    let separator = if server.contains('?') { '&' } else { '?' };
    // A task of its own: a failed assertion must not skip the removal.
    let url = format!("{server}{separator}options[search_path]={name}");
    let outcome = tokio::spawn(check(url)).await;
    let drop = format!("DROP SCHEMA {name} CASCADE");
    admin.execute_unprepared(&drop).await.unwrap();
    admin.close().await.unwrap();
    if let Err(failure) = outcome {
        std::panic::resume_unwind(failure.into_panic());
    }
}

/// Runs `check` on each kind of database, migrated.
pub(crate) async fn on_every_database<F>(
    check: impl Fn(DatabaseConnection) -> F + Clone + Send + 'static,
) where
    F: Future<Output = ()> + Send + 'static,
{
    on_every_empty_database(move |url| {
        let check = check.clone();
        async move {
            let db = connect(&url).await;
            engine::migrate(&db).await.unwrap();
            check(db.clone()).await;
            db.close().await.unwrap();
        }
    })
    .await;
}

#[expect(
    clippy::print_stderr,
    reason = "a test run must say what it did not test"
)]
fn say(line: &str) {
    eprintln!("{line}");
}
