//! The database: copied at one instant, and put back.

use std::cell::Cell;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use schema::DatabaseConnection;
use sea_orm::{ConnectionTrait as _, DbBackend, DbErr, Statement};

use super::manifest::Kind;
use super::postgres::{self, PG_DUMP, PG_RESTORE};
use super::{DUMP, name};
use crate::cli::NeedsPerson;
use crate::data_dir::Place;
use crate::setup::{Setup, migrate};

/// A copy that lies in a folder of ours.
pub(super) struct DatabaseCopy {
    pub(super) kind: Kind,
    pub(super) file: PathBuf,
    /// In the backup.
    pub(super) name: String,
    pub(super) engine_migrations: Vec<String>,
    pub(super) channel_migrations: Vec<String>,
}

/// Whether the database of this setup can be copied, before anything is frozen for it.
pub(super) fn check_copy(setup: &Setup) -> Result<(), NeedsPerson> {
    if setup.has_no_database_yet() {
        return Err(NeedsPerson(format!(
            "nothing was ever kept in {}; --data names another folder",
            setup.data.root().display()
        )));
    }
    if kind(setup) == Kind::Postgres {
        postgres::program(PG_DUMP)?;
    }
    Ok(())
}

/// Copies it into `folder`. Whoever writes meanwhile is not in the way, and not in the copy.
pub(super) async fn copy(setup: &Setup, folder: &Path) -> anyhow::Result<DatabaseCopy> {
    let db = setup.database().await?;
    let engine_migrations = applied(&db, "engine_migrations").await?;
    let channel_migrations = applied(&db, "schema_migrations").await?;
    let kind = kind(setup);
    let name = match kind {
        Kind::Sqlite => name(&setup.data, Place::Database),
        Kind::Postgres => DUMP.to_owned(),
    };
    let file = folder.join(&name);
    match (kind, setup.named_database()) {
        (Kind::Postgres, Some((url, _))) => postgres::dump(&url, &file).await?,
        _ => vacuum_into(&db, &file).await?,
    }
    db.close().await.context("close the database")?;
    Ok(DatabaseCopy {
        kind,
        file,
        name,
        engine_migrations,
        channel_migrations,
    })
}

fn kind(setup: &Setup) -> Kind {
    match setup.database_kind() {
        "SQLite" => Kind::Sqlite,
        _ => Kind::Postgres,
    }
}

/// SQLite's own copy: of one instant, in one file, without the log beside it.
async fn vacuum_into(db: &DatabaseConnection, file: &Path) -> anyhow::Result<()> {
    let Some(path) = file.to_str() else {
        bail!("the path {} is no UTF-8", file.display());
    };
    let copy = Statement::from_sql_and_values(DbBackend::Sqlite, "VACUUM INTO ?", [path.into()]);
    db.execute_raw(copy).await.context("copy the database")?;
    Ok(())
}

async fn applied(db: &DatabaseConnection, table: &str) -> anyhow::Result<Vec<String>> {
    let reading = "read which migrations the database has; `flywheel migrate` makes its tables";
    let query = format!("SELECT version FROM {table} ORDER BY version");
    let query = Statement::from_string(db.get_database_backend(), query);
    let rows = db.query_all_raw(query).await.context(reading)?;
    let versions = rows.iter().map(|row| row.try_get("", "version"));
    versions
        .collect::<Result<Vec<String>, DbErr>>()
        .context(reading)
}

/// Whether a database of this kind can be put back here.
///
/// # Errors
/// [`NeedsPerson`]: which setting has to change.
pub(super) fn check_restore(setup: &Setup, kept: Kind) -> Result<(), NeedsPerson> {
    match (kept, setup.named_database()) {
        (Kind::Sqlite, None) => Ok(()),
        (Kind::Sqlite, Some((_, named_by))) => Err(NeedsPerson(format!(
            "the backup has a SQLite database, which lies in the data folder, and {named_by} names \
             another one: unset it"
        ))),
        (Kind::Postgres, _) if kind(setup) == Kind::Postgres => {
            postgres::program(PG_RESTORE).map(drop)
        }
        (Kind::Postgres, _) => Err(NeedsPerson(
            "the backup has a Postgres database: name an empty one in FLYWHEEL_DATABASE_URL"
                .to_owned(),
        )),
    }
}

/// Opens the database whose copy lies in `folder`, as this program knows its tables. One on a server is
/// `filled` for it.
pub(super) async fn open(
    setup: &Setup,
    kept: Kind,
    folder: &Path,
    filled: &Cell<bool>,
) -> anyhow::Result<DatabaseConnection> {
    let db = match (kept, setup.named_database()) {
        (Kind::Postgres, Some((url, _))) => {
            let db = setup.database().await?;
            check_empty(&db).await?;
            let dump = folder.join(DUMP);
            // Before: who is stopped in the middle cannot know how far it came.
            filled.set(true);
            let loaded = postgres::load(&url, &dump).await;
            filled.set(loaded.is_ok());
            loaded?;
            std::fs::remove_file(&dump).context("remove what was read")?;
            db
        }
        _ => {
            let file = folder.join(name(&setup.data, Place::Database));
            if !file.is_file() {
                bail!("the backup has no database");
            }
            schema::connect(&schema::sqlite_url(&file)?).await?
        }
    };
    check_age(&db).await?;
    migrate(&db).await?;
    Ok(db)
}

async fn check_empty(db: &DatabaseConnection) -> anyhow::Result<()> {
    let query = "SELECT COUNT(*) AS tables FROM information_schema.tables \
                 WHERE table_schema = current_schema()";
    let query = Statement::from_string(DbBackend::Postgres, query);
    let row = db.query_one_raw(query).await?;
    let tables: i64 = match row {
        Some(row) => row.try_get("", "tables")?,
        None => 0,
    };
    if tables > 0 {
        return Err(NeedsPerson(format!(
            "the database that is named has {tables} tables; restore into an empty one"
        ))
        .into());
    }
    Ok(())
}

/// A database that has migrations which we do not know belongs to a newer program.
async fn check_age(db: &DatabaseConnection) -> anyhow::Result<()> {
    let newer = |error: anyhow::Error| {
        NeedsPerson(format!(
            "the tables in the backup are not of this program or an older one ({error:#}); restore it with the program that took it"
        ))
    };
    engine::pending_migrations(db)
        .await
        .map_err(|error| newer(error.into()))?;
    schema::pending_migrations(db)
        .await
        .map_err(|error| newer(error.into()))?;
    Ok(())
}
