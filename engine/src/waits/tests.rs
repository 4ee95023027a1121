//! Leaving word of a wait: what its row says, and what is found that came before. On SQLite, and on
//! Postgres when `FLYWHEEL_TEST_POSTGRES_URL` names a server.

use jiff::Timestamp;
use sea_orm::{
    ActiveModelTrait as _, ConnectionTrait as _, Database, DatabaseConnection, EntityTrait as _,
    Set,
};

use super::{has_had, register};
use crate::controls::NewWait;
use crate::tables::{RunStatus, WaitKind, engine_events, runs, waits};

async fn on_every_database<F: Future<Output = ()>>(check: impl Fn(DatabaseConnection) -> F) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("runs.db");
    let url = format!("sqlite://{}?mode=rwc", file.display());
    check(migrated(&url).await).await;
    let Ok(server) = std::env::var("FLYWHEEL_TEST_POSTGRES_URL") else {
        return;
    };
    let schema = format!("engine_test_{}", uuid::Uuid::now_v7().simple());
    let admin = Database::connect(&server).await.unwrap();
    let create = format!("CREATE SCHEMA {schema}");
    admin.execute_unprepared(&create).await.unwrap();
    let separator = if server.contains('?') { '&' } else { '?' };
    let url = format!("{server}{separator}options[search_path]={schema}");
    check(migrated(&url).await).await;
    let drop = format!("DROP SCHEMA {schema} CASCADE");
    admin.execute_unprepared(&drop).await.unwrap();
}

async fn migrated(url: &str) -> DatabaseConnection {
    let db = Database::connect(url).await.unwrap();
    crate::migrate(&db).await.unwrap();
    db
}

fn at(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(ms).unwrap()
}

/// The wait of that run for an approval of x.
fn approval(run_id: &str, had: &[&str], until: Option<i64>) -> NewWait {
    NewWait {
        id: format!("sign_{run_id}"),
        run_id: run_id.to_owned(),
        kind: WaitKind::Event,
        name: "approved".to_owned(),
        key: "x".to_owned(),
        detail: None,
        until: until.map(at),
        had: had.iter().map(|id| (*id).to_owned()).collect(),
    }
}

async fn row(db: &DatabaseConnection, run_id: &str) -> Option<waits::Model> {
    let found = waits::Entity::find_by_id(format!("sign_{run_id}"));
    found.one(db).await.unwrap()
}

/// Who waits, what it has had, until when, and what it is given.
type Case = (
    &'static str,
    &'static [&'static str],
    Option<i64>,
    Option<&'static str>,
);

#[tokio::test]
async fn a_wait_that_is_registered_again_lasts_as_long_as_was_said_last() {
    on_every_database(|db| async move {
        for until in [5_000, 7_000] {
            let wait = approval("run_1", &[], Some(until));
            assert_eq!(register(&db, wait).await.unwrap(), None);
            let row = row(&db, "run_1").await.unwrap();
            assert_eq!(row.until_ms, Some(until));
        }
    })
    .await;
}

#[tokio::test]
async fn a_wait_says_which_events_its_run_has_had() {
    on_every_database(|db| async move {
        let cases: [(&str, &[&str]); 2] = [("run_1", &[]), ("run_2", &["e1", "e2"])];
        for (run_id, had) in cases {
            let wait = approval(run_id, had, None);
            register(&db, wait).await.unwrap();
            let row = row(&db, run_id).await.unwrap();
            for id in ["e1", "e2", "e3"] {
                assert_eq!(has_had(&row, id), had.contains(&id), "{run_id} {id}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_run_sees_what_came_since_the_first_was_asked_for_that_it_goes_on_from() {
    on_every_database(|db| async move {
        for (id, created_at_ms, rerun_of) in [
            ("run_1", 10, None),
            ("run_1.1", 15, None),
            ("run_2", 20, Some("run_1.1")),
            ("run_3", 30, Some("run_2")),
            ("run_4", 30, None),
        ] {
            let run = runs::ActiveModel {
                id: Set(id.to_owned()),
                workflow: Set("w".to_owned()),
                status: Set(RunStatus::Waiting),
                input: Set("1".to_owned()),
                created_at_ms: Set(created_at_ms),
                rerun_of: Set(rerun_of.map(str::to_owned)),
                ..Default::default()
            };
            run.insert(&db).await.unwrap();
        }
        for (id, accepted_at_ms) in [("e0", 5), ("e1", 12), ("e2", 22), ("e3", 32)] {
            let event = engine_events::ActiveModel {
                id: Set(id.to_owned()),
                name: Set("approved".to_owned()),
                key: Set("x".to_owned()),
                data: Set("7".to_owned()),
                accepted_at_ms: Set(accepted_at_ms),
                ..Default::default()
            };
            event.insert(&db).await.unwrap();
        }
        let cases: [Case; 7] = [
            ("run_1", &[], None, Some("e1")),
            ("run_1.1", &["e1"], None, Some("e2")),
            ("run_3", &[], None, Some("e1")),
            // A child whose row is not written yet.
            ("run_3.1", &["e1"], None, Some("e2")),
            ("run_4", &[], None, Some("e3")),
            ("run_3", &["e1", "e2"], Some(31), None),
            ("run_3", &["e1", "e2"], Some(32), Some("e3")),
        ];
        for (run_id, had, until, expected) in cases {
            let found = register(&db, approval(run_id, had, until)).await.unwrap();
            let found = found.map(|answer| answer.by);
            assert_eq!(found.as_deref(), expected, "{run_id} {had:?}");
            // Only a wait that goes on has a row.
            let is_open = row(&db, run_id).await.is_some();
            assert_eq!(is_open, expected.is_none(), "{run_id} {had:?}");
        }
    })
    .await;
}
