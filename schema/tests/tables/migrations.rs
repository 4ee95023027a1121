//! Opening and migrating, by several processes at once, is safe and happens once.

use schema::{connect, migrate};
use sea_orm::{ConnectionTrait, DbBackend, Statement};

use crate::database::{TestResult, on_every_database, on_every_empty_database};

#[tokio::test(flavor = "multi_thread")]
async fn migrating_twice_changes_nothing() -> TestResult {
    on_every_empty_database(|url| async move {
        let db = connect(&url).await?;
        migrate(&db).await?;
        let first = applied(&db).await?;
        migrate(&db).await?;
        assert_eq!(applied(&db).await?, first);
        insta::allow_duplicates! {
            insta::assert_json_snapshot!(first, @r#"
            [
              "m0001_videos",
              "m0002_posts",
              "m0003_measurements",
              "m0004_learning",
              "m0005_events",
              "m0006_uploads",
              "m0007_account_tokens",
              "m0008_reading_turns",
              "m0009_made_once"
            ]
        "#);
        }
        db.close().await?;
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn eight_processes_opening_and_migrating_a_new_database_at_once_all_succeed() -> TestResult {
    on_every_empty_database(|url| async move {
        let mut processes = tokio::task::JoinSet::new();
        for _ in 0..8 {
            let url = url.clone();
            processes.spawn(async move {
                let db = connect(&url).await?;
                let migrated = migrate(&db).await;
                let count = applied(&db).await.map(|names| names.len());
                db.close().await?;
                migrated?;
                count
            });
        }
        while let Some(process) = processes.join_next().await {
            assert_eq!(process??, 9);
        }
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_new_sqlite_file_gets_the_settings_that_several_processes_need() -> TestResult {
    on_every_database(|db| async move {
        if db.get_database_backend() != DbBackend::Sqlite {
            return Ok(());
        }
        let mut settings = Vec::new();
        for name in [
            "journal_mode",
            "foreign_keys",
            "busy_timeout",
            "synchronous",
        ] {
            let row = db
                .query_one_raw(Statement::from_string(
                    DbBackend::Sqlite,
                    format!("PRAGMA {name}"),
                ))
                .await?
                .ok_or("a pragma without an answer")?;
            let value = row.try_get_by_index::<String>(0).or_else(|_| {
                row.try_get_by_index::<i64>(0)
                    .map(|number| number.to_string())
            })?;
            settings.push(format!("{name} = {value}"));
        }
        insta::allow_duplicates! {
            insta::assert_json_snapshot!(settings, @r#"
            [
              "journal_mode = wal",
              "foreign_keys = 1",
              "busy_timeout = 10000",
              "synchronous = 2"
            ]
        "#);
        }
        Ok(())
    })
    .await
}

async fn applied(
    db: &schema::DatabaseConnection,
) -> Result<Vec<String>, Box<dyn std::error::Error + Send + Sync>> {
    let rows = db
        .query_all_raw(Statement::from_string(
            db.get_database_backend(),
            "SELECT version FROM schema_migrations ORDER BY version",
        ))
        .await?;
    let names: Result<Vec<String>, _> = rows.iter().map(|row| row.try_get("", "version")).collect();
    Ok(names?)
}
