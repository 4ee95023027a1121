//! Which indexes SQLite takes for searches: at a million runs, every other plan is too slow.

use sea_orm::{ConnectionTrait as _, Database};

use super::Filter;
use super::search::Search;
use crate::tables::RunStatus;

/// Which indexes SQLite takes for the failed runs that fit: the one that is walked, then those in
/// which is looked up.
async fn check(filter: Filter, wanted: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("runs.db");
    let db = Database::connect(format!("sqlite://{}?mode=rwc", file.display()))
        .await
        .unwrap();
    crate::migrate(&db).await.unwrap();
    let filter = Filter {
        statuses: vec![RunStatus::Failed],
        ..filter
    };
    let search = Search::of(&db, &filter).await.unwrap();
    let backend = db.get_database_backend();
    let mut query = backend.build(&search.newest(None, 50));
    query.sql.insert_str(0, "EXPLAIN QUERY PLAN ");
    let rows = db.query_all_raw(query).await.unwrap();
    let plan: Vec<String> = rows
        .iter()
        .map(|row| row.try_get("", "detail").unwrap())
        .collect();
    let searches: Vec<&str> = plan
        .iter()
        .filter_map(|line| line.strip_prefix("SEARCH "))
        .collect();
    assert_eq!(searches, wanted, "{filter:?}");
    let reads_all = |line: &&String| line.starts_with("SCAN ") && *line != "SCAN walk";
    assert_eq!(plan.iter().find(reads_all), None, "{filter:?}");
}

fn tagged(tags: &[(&str, &str)]) -> Filter {
    let tags = tags.iter();
    Filter {
        tags: tags.map(|(k, v)| ((*k).into(), (*v).into())).collect(),
        ..Filter::default()
    }
}

#[tokio::test]
async fn one_thing_is_found_in_its_own_index() {
    check(
        Filter::default(),
        &["walked USING COVERING INDEX runs_status_created (status=?)"],
    )
    .await;
    check(
        tagged(&[("k", "v")]),
        &["walked USING COVERING INDEX run_tags_key_value_status \
           (key=? AND value=? AND run_status=?)"],
    )
    .await;
    let of_workflow = Filter {
        workflow: Some("w".to_owned()),
        ..Filter::default()
    };
    check(
        of_workflow,
        &["walked USING COVERING INDEX runs_workflow_status_created \
           (workflow=? AND status=?)"],
    )
    .await;
    let with_code = Filter {
        error_code: Some("no".to_owned()),
        ..Filter::default()
    };
    check(
        with_code,
        &["walked USING COVERING INDEX runs_error_status_created \
           (error_code=? AND status=?)"],
    )
    .await;
}

#[tokio::test]
async fn several_things_are_found_where_their_indexes_meet() {
    let filter = Filter {
        workflow: Some("w".to_owned()),
        top_level: true,
        ..tagged(&[("k", "v"), ("l", "w")])
    };
    check(
        filter,
        &[
            "walked USING COVERING INDEX run_tags_key_value_status \
             (key=? AND value=? AND run_status=?)",
            "probed USING COVERING INDEX run_tags_key_value_status \
             (key=? AND value=? AND run_status=? AND run_created_at_ms=? AND run_id>? AND run_id<?)",
            "probed USING COVERING INDEX runs_workflow_status_created \
             (workflow=? AND status=? AND created_at_ms=? AND id>? AND id<?)",
            "probed USING INDEX sqlite_autoindex_runs_1 (id=?)",
        ],
    )
    .await;
}

#[tokio::test]
async fn whether_a_run_is_held_is_looked_up_where_the_walk_is() {
    let held = Filter {
        held: true,
        ..Filter::default()
    };
    check(
        held,
        &[
            "walked USING COVERING INDEX runs_status_created (status=?)",
            "probed USING COVERING INDEX sqlite_autoindex_holds_1 (run_id=?)",
        ],
    )
    .await;
}

#[tokio::test]
async fn runs_that_are_named_are_found_by_their_ids_whatever_else_is_asked() {
    let named = Filter {
        ids: vec!["run_1".to_owned(), "run_2".to_owned()],
        top_level: true,
        ..tagged(&[("k", "v")])
    };
    check(
        named,
        &[
            "walked USING INDEX sqlite_autoindex_runs_1 (id=?)",
            "probed USING INDEX sqlite_autoindex_runs_1 (id=?)",
            "probed USING INDEX sqlite_autoindex_runs_1 (id=?)",
            "probed USING INDEX sqlite_autoindex_run_tags_1 (run_id=? AND key=?)",
        ],
    )
    .await;
}
