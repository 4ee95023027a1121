//! A fresh database per test and per kind, removed afterwards also when the test fails. A run
//! without Postgres says so. Each test is one function of a connection, so it cannot tell which
//! database it is on, and its inline snapshots hold on both.

use std::error::Error;
use std::future::Future;

use schema::{DatabaseConnection, connect, migrate, sqlite_url};
use sea_orm::ConnectionTrait;
use tempfile::TempDir;

/// What a test returns.
pub(crate) type TestResult = Result<(), Box<dyn Error + Send + Sync>>;

/// A database of its own.
pub(crate) struct TestDatabase {
    /// Where it is: a second process would connect to the same.
    pub(crate) url: String,
    home: Home,
}

enum Home {
    Folder(TempDir),
    Schema { server: String, name: String },
}

/// Every kind of database that this run can reach, each new and empty.
pub(crate) async fn databases() -> Result<Vec<TestDatabase>, Box<dyn Error + Send + Sync>> {
    let mut all = vec![in_folder()?];
    match std::env::var("FLYWHEEL_TEST_POSTGRES_URL") {
        Ok(server) => all.push(on_server(&server).await?),
        Err(_) => say("Postgres was left out: FLYWHEEL_TEST_POSTGRES_URL is not set"),
    }
    Ok(all)
}

#[expect(
    clippy::print_stderr,
    reason = "a test run must say what it did not test"
)]
fn say(line: &str) {
    eprintln!("{line}");
}

fn in_folder() -> Result<TestDatabase, Box<dyn Error + Send + Sync>> {
    let folder = tempfile::tempdir()?;
    // Neither the folder nor the file exists yet.
    let url = sqlite_url(&folder.path().join("data of a channel/flywheel.db"))?;
    Ok(TestDatabase {
        url,
        home: Home::Folder(folder),
    })
}

/// A schema of its own: much faster to make than a database, and as far apart from the others.
async fn on_server(server: &str) -> Result<TestDatabase, Box<dyn Error + Send + Sync>> {
    let name = format!("flywheel_test_{}", uuid::Uuid::now_v7().simple());
    let admin = connect(server).await?;
    admin
        .execute_unprepared(&format!("CREATE SCHEMA {name}"))
        .await?;
    admin.close().await?;
    let separator = if server.contains('?') { '&' } else { '?' };
    Ok(TestDatabase {
        url: format!("{server}{separator}options[search_path]={name}"),
        home: Home::Schema {
            server: server.to_owned(),
            name,
        },
    })
}

impl TestDatabase {
    async fn remove(self) -> TestResult {
        match self.home {
            Home::Folder(folder) => folder.close()?,
            Home::Schema { server, name } => {
                let admin = connect(&server).await?;
                admin
                    .execute_unprepared(&format!("DROP SCHEMA {name} CASCADE"))
                    .await?;
                admin.close().await?;
            }
        }
        Ok(())
    }
}

/// Runs `check` on each kind of database, given the URL of a new and empty one.
pub(crate) async fn on_every_empty_database<C, F>(check: C) -> TestResult
where
    C: Fn(String) -> F,
    F: Future<Output = TestResult> + Send + 'static,
{
    for database in databases().await? {
        // A task of its own: a failed assertion must not skip the removal.
        let outcome = tokio::spawn(check(database.url.clone())).await;
        database.remove().await?;
        match outcome {
            Ok(result) => result?,
            Err(failure) => std::panic::resume_unwind(failure.into_panic()),
        }
    }
    Ok(())
}

/// Runs `check` on each kind of database, migrated.
pub(crate) async fn on_every_database<C, F>(check: C) -> TestResult
where
    C: Fn(DatabaseConnection) -> F + Clone + Send + 'static,
    F: Future<Output = TestResult> + Send + 'static,
{
    on_every_empty_database(move |url| {
        let check = check.clone();
        async move {
            let db = connect(&url).await?;
            migrate(&db).await?;
            let outcome = check(db.clone()).await;
            db.close().await?;
            outcome
        }
    })
    .await
}
