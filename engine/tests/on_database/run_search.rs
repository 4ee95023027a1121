//! Lists and totals of runs on every database: what the SQL finds is what a plain look at each run
//! finds, whatever was written in which order.

use std::time::Duration;

use crate::database::on_every_database;
use engine::runs::{self, Cursor, Filter, Total};
use engine::tables::{RunStatus, holds, run_tags, runs as run_rows};
use jiff::Timestamp;
use sea_orm::{
    ActiveModelTrait as _, ConnectionTrait, DatabaseConnection, Insert, QueryTrait as _, Set,
    TransactionTrait as _,
};

const RUNS: i64 = 90;
/// No divisor of the number of runs, so that the last page is not full.
const PAGE: u64 = 7;

/// A run as the filters see it.
#[derive(Debug, Clone)]
struct Run {
    id: String,
    workflow: &'static str,
    status: RunStatus,
    error_code: Option<&'static str>,
    parent_id: Option<&'static str>,
    tags: Vec<(&'static str, &'static str)>,
    is_held: bool,
    created_at_ms: i64,
}

/// Runs that differ in everything; three at a time were created together.
fn some_runs() -> Vec<Run> {
    (0..RUNS).map(some_run).collect()
}

fn in_turn<T: Copy>(all: &[T], n: i64) -> T {
    all[usize::try_from(n).unwrap() % all.len()]
}

fn some_run(n: i64) -> Run {
    let status = in_turn(&RunStatus::ALL, n);
    let has_failed = status == RunStatus::Failed;
    let mut tags = vec![("platform", in_turn(&["tiktok", "youtube"], n / 2))];
    if n % 5 == 0 {
        tags.push(("account", in_turn(&["main", "second"], n / 10)));
    }
    Run {
        // Ids are not in the order of creation: a child is created long after its parent.
        id: format!("run_{:03}", n * 37 % 1000),
        workflow: in_turn(&["loop", "measure", "measure", "retrain"], n),
        status,
        error_code: has_failed.then(|| in_turn(&["quota", "timeout"], n / 9)),
        parent_id: (n % 4 == 0).then_some("run_parent"),
        tags,
        is_held: n % 7 == 1,
        created_at_ms: n / 3,
    }
}

fn row(run: &Run, status: RunStatus) -> run_rows::ActiveModel {
    run_rows::ActiveModel {
        id: Set(run.id.clone()),
        workflow: Set(run.workflow.to_owned()),
        key: Set(Some(run.id.clone())),
        parent_id: Set(run.parent_id.map(str::to_owned)),
        status: Set(status),
        input: Set("1".to_owned()),
        error_code: Set(run.error_code.map(str::to_owned)),
        created_at_ms: Set(run.created_at_ms),
        ..Default::default()
    }
}

/// Each run queued, its tags beside or before it, and then the status that it is to have.
async fn write(db: &DatabaseConnection, runs: &[Run]) {
    for (n, run) in runs.iter().enumerate() {
        let tags_come_first = n.is_multiple_of(2);
        if tags_come_first {
            tag(db, run).await;
        }
        row(run, RunStatus::Queued).insert(db).await.unwrap();
        if !tags_come_first {
            tag(db, run).await;
        }
        row(run, run.status).update(db).await.unwrap();
        if run.is_held {
            hold(db, run).await;
        }
    }
}

async fn hold(db: &DatabaseConnection, run: &Run) {
    let hold = holds::ActiveModel {
        run_id: Set(run.id.clone()),
        since_ms: Set(0),
        who: Set("ann".to_owned()),
        why: Set(None),
    };
    hold.insert(db).await.unwrap();
}

async fn tag(db: &impl ConnectionTrait, run: &Run) {
    let tags = run.tags.iter().map(|(key, value)| run_tags::ActiveModel {
        run_id: Set(run.id.clone()),
        key: Set((*key).to_owned()),
        value: Set((*value).to_owned()),
    });
    let tags = Insert::many(tags);
    db.execute(tags.as_query()).await.unwrap();
}

/// As plain as can be: what the SQL is compared with.
fn fits(run: &Run, filter: &Filter) -> bool {
    let created = Timestamp::from_millisecond(run.created_at_ms).unwrap();
    let has_tag = |(key, value): &(String, String)| {
        let wanted = (key.as_str(), value.as_str());
        run.tags.contains(&wanted)
    };
    (filter.ids.is_empty() || filter.ids.contains(&run.id))
        && (filter.statuses.is_empty() || filter.statuses.contains(&run.status))
        && filter
            .workflow
            .as_deref()
            .is_none_or(|it| it == run.workflow)
        && filter.tags.iter().all(has_tag)
        && (filter.error_code.is_none() || filter.error_code.as_deref() == run.error_code)
        && (filter.parent_id.is_none() || filter.parent_id.as_deref() == run.parent_id)
        && filter.created_after.is_none_or(|after| created >= after)
        && filter.created_before.is_none_or(|before| created < before)
        && (!filter.top_level || run.parent_id.is_none())
        && (!filter.held || run.is_held)
}

fn tags(tags: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
    tags.iter().map(owned).collect()
}

fn at(ms: i64) -> Option<Timestamp> {
    Some(Timestamp::from_millisecond(ms).unwrap())
}

/// One of each kind, and some of several kinds together.
fn filters() -> Vec<Filter> {
    let every = Filter::default;
    let tiktok = Filter {
        tags: tags(&[("platform", "tiktok")]),
        ..every()
    };
    let ended_badly = vec![RunStatus::Failed, RunStatus::Killed, RunStatus::Failed];
    vec![
        every(),
        tiktok.clone(),
        Filter {
            statuses: vec![RunStatus::Waiting],
            ..every()
        },
        Filter {
            statuses: ended_badly.clone(),
            ..tiktok.clone()
        },
        Filter {
            tags: tags(&[("platform", "tiktok"), ("account", "main")]),
            ..every()
        },
        Filter {
            workflow: Some("measure".to_owned()),
            top_level: true,
            ..tiktok.clone()
        },
        Filter {
            workflow: Some("retrain".to_owned()),
            created_after: at(5),
            created_before: at(20),
            ..every()
        },
        Filter {
            error_code: Some("quota".to_owned()),
            ..tiktok.clone()
        },
        Filter {
            ids: vec!["run_000".to_owned(), "run_037".to_owned(), "no".to_owned()],
            ..every()
        },
        Filter {
            ids: some_runs().into_iter().map(|run| run.id).collect(),
            workflow: Some("measure".to_owned()),
            top_level: true,
            ..tiktok.clone()
        },
        Filter {
            parent_id: Some("run_parent".to_owned()),
            statuses: ended_badly,
            created_before: at(25),
            ..every()
        },
        Filter {
            tags: tags(&[("platform", "none")]),
            ..every()
        },
        Filter {
            held: true,
            ..every()
        },
        Filter {
            held: true,
            statuses: RunStatus::OPEN.to_vec(),
            ..tiktok.clone()
        },
        Filter {
            held: true,
            parent_id: Some("run_parent".to_owned()),
            ..every()
        },
    ]
}

/// Reads a list to its end, and compares it with the runs that fit.
async fn check(db: &DatabaseConnection, all: &[Run], filter: &Filter) {
    let mut wanted: Vec<&Run> = all.iter().filter(|run| fits(run, filter)).collect();
    wanted.sort_by(|a, b| (b.created_at_ms, &b.id).cmp(&(a.created_at_ms, &a.id)));
    let wanted: Vec<&str> = wanted.into_iter().map(|run| run.id.as_str()).collect();

    let mut found = Vec::new();
    let mut cursor: Option<Cursor> = None;
    loop {
        let page = runs::page(db, filter, cursor.as_ref(), PAGE).await.unwrap();
        let is_full = page.runs.len() == usize::try_from(PAGE).unwrap();
        assert!(is_full || page.next.is_none(), "{filter:?}");
        found.extend(page.runs.into_iter().map(|run| run.id));
        match page.next {
            Some(next) => cursor = Some(next),
            None => break,
        }
    }
    assert_eq!(found, wanted, "{filter:?}");

    let first = runs::list(db, filter, 3).await.unwrap();
    let first: Vec<&str> = first.iter().map(|run| run.id.as_str()).collect();
    assert_eq!(first, wanted[..wanted.len().min(3)], "{filter:?}");
    let total = runs::total(db, filter).await.unwrap();
    let count = u64::try_from(wanted.len()).unwrap();
    assert_eq!(total, Total { count, exact: true }, "{filter:?}");
}

#[tokio::test]
async fn every_filter_finds_what_fits_page_by_page() {
    on_every_database(|db| async move {
        let all = some_runs();
        write(&db, &all).await;
        for filter in filters() {
            check(&db, &all, &filter).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_page_goes_on_behind_a_run_that_is_named() {
    on_every_database(|db| async move {
        write(&db, &some_runs()).await;
        let filter = Filter::default();
        let all = runs::list(&db, &filter, 10).await.unwrap();
        let cursor = Cursor::behind(&db, &all[3].id).await.unwrap();
        let page = runs::page(&db, &filter, cursor.as_ref(), 6).await.unwrap();
        assert_eq!(page.runs, all[4..]);
        assert_eq!(Cursor::behind(&db, "nobody").await.unwrap(), None);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tag_that_is_written_while_its_run_changes_is_found_under_the_new_status() {
    on_every_database(|db| async move {
        let run = some_run(0);
        row(&run, RunStatus::Running).insert(&db).await.unwrap();
        let tagging = db.begin().await.unwrap();
        tag(&tagging, &run).await;
        let (other, failed) = (db.clone(), row(&run, RunStatus::Failed));
        let failing = tokio::spawn(async move { failed.update(&other).await });
        tokio::time::sleep(Duration::from_millis(200)).await;
        tagging.commit().await.unwrap();
        failing.await.unwrap().unwrap();
        let filter = Filter {
            statuses: vec![RunStatus::Failed],
            tags: tags(&[("platform", "tiktok")]),
            ..Filter::default()
        };
        let found = runs::list(&db, &filter, 2).await.unwrap();
        assert_eq!(found.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_total_is_exact_to_ten_thousand() {
    on_every_database(|db| async move {
        let numbers: Vec<u32> = (0..10_000).collect();
        for part in numbers.chunks(500) {
            let rows = part.iter().map(|n| {
                let id = format!("run_{n:05}");
                row(&Run { id, ..some_run(1) }, RunStatus::Queued)
            });
            let rows = Insert::many(rows);
            db.execute(rows.as_query()).await.unwrap();
        }
        assert_eq!(shown_total(&db).await, "10,000");
        row(&some_run(0), RunStatus::Queued)
            .insert(&db)
            .await
            .unwrap();
        assert_eq!(shown_total(&db).await, "10,000+");
    })
    .await;
}

async fn shown_total(db: &DatabaseConnection) -> String {
    let total = runs::total(db, &Filter::default()).await.unwrap();
    total.to_string()
}
