//! The same where the database is on a server, when `FLYWHEEL_TEST_POSTGRES_URL` names one.

use std::path::Path;
use std::process::Output;

use engine::tables::RunStatus;
use reqwest::Url;
use sea_orm::ConnectionTrait as _;

use crate::stage::Stage;
use crate::{rows, said, text};

/// Does something on the server, beside every database of a test.
fn on_server(server: &str, statement: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let db = schema::connect(server).await.unwrap();
        db.execute_unprepared(statement).await.unwrap();
        db.close().await.unwrap();
    });
}

/// A new and empty database, and a stage that is on it.
fn on_a_new_database(server: &str, name: &str) -> (Stage, String) {
    on_server(server, &format!("CREATE DATABASE {name}"));
    let mut url: Url = server.parse().unwrap();
    url.set_path(name);
    let url = url.to_string();
    let stage = Stage::with("", vec![("FLYWHEEL_DATABASE_URL", url.clone())]);
    (stage, url)
}

#[test]
fn a_database_on_a_server_comes_back_into_an_empty_one_and_into_no_other() {
    let Ok(server) = std::env::var("FLYWHEEL_TEST_POSTGRES_URL") else {
        eprintln!("Postgres was left out: FLYWHEEL_TEST_POSTGRES_URL is not set");
        return;
    };
    let name = |what: &str| format!("backup_{what}_{}", uuid::Uuid::now_v7().simple());
    let (from, to) = (name("from"), name("to"));
    let (stage, url) = on_a_new_database(&server, &from);
    rows::write(&stage, Some(&url), |db| async move {
        rows::run(&db, "run_1", RunStatus::Waiting).await;
    });
    let file = stage.folder.path().join("backup.tar");
    let taken = stage.json(&["backup", text(&file)]);
    assert_eq!(taken["database"], "postgres");

    let elsewhere = Stage::new("").run(&["restore", text(&file)]);
    assert_eq!(elsewhere.status.code(), Some(2), "{}", said(&elsewhere));
    let (restored, _url) = on_a_new_database(&server, &to);
    restored.json(&["restore", text(&file)]);
    assert_eq!(restored.show("run_1")["held"]["who"], "restore");
    refused(&restore_into(&url, &file), "restore into an empty one");
    for database in [from, to] {
        on_server(&server, &format!("DROP DATABASE {database} WITH (FORCE)"));
    }
}

/// Restores into a new folder and the database of the URL.
fn restore_into(url: &str, file: &Path) -> Output {
    let environment = vec![("FLYWHEEL_DATABASE_URL", url.to_owned())];
    Stage::with("", environment).run(&["restore", text(file)])
}

fn refused(output: &Output, reason: &str) {
    assert_eq!(output.status.code(), Some(2), "{}", said(output));
    assert!(said(output).contains(reason), "{}", said(output));
}

#[test]
fn a_restore_that_fails_behind_the_database_says_what_is_in_it() {
    let Ok(server) = std::env::var("FLYWHEEL_TEST_POSTGRES_URL") else {
        eprintln!("Postgres was left out: FLYWHEEL_TEST_POSTGRES_URL is not set");
        return;
    };
    let name = |what: &str| format!("backup_{what}_{}", uuid::Uuid::now_v7().simple());
    let (from, to) = (name("newer"), name("filled"));
    let (stage, url) = on_a_new_database(&server, &from);
    rows::write(&stage, Some(&url), |db| async move {
        rows::run(&db, "run_1", RunStatus::Waiting).await;
        // As a newer program leaves it, which is seen when the tables are there.
        let newer =
            "INSERT INTO engine_migrations (version, applied_at) VALUES ('m99991231_000001_x', 0)";
        db.execute_unprepared(newer).await.unwrap();
    });
    let file = stage.folder.path().join("backup.tar");
    stage.json(&["backup", text(&file)]);

    let (_stage, url) = on_a_new_database(&server, &to);
    let output = restore_into(&url, &file);
    refused(&output, "restore it with the program that took it");
    refused(&output, "FLYWHEEL_DATABASE_URL has been filled");
    refused(&restore_into(&url, &file), "restore into an empty one");
    for database in [from, to] {
        on_server(&server, &format!("DROP DATABASE {database} WITH (FORCE)"));
    }
}
