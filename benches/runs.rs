//! Lists and totals of a million runs with three tags each, on SQLite and, if
//! `FLYWHEEL_BENCH_POSTGRES` names a server, on Postgres: one page of fifty behind the other, and how
//! many there are. No time is an error. The last line of stdout is JSON.

use std::env;
use std::fmt::Display;
use std::time::Instant;

use anyhow::{Context as _, ensure};
use clap::Parser as _;
use engine::runs::{self, Filter};
use engine::tables::{RunStatus, run_tags, runs as run_rows};
use sea_orm::{
    ConnectionTrait as _, DatabaseConnection, DbBackend, Insert, QueryTrait as _, Set,
    TransactionTrait as _,
};
use serde_json::{Map, Value, json};

/// Rows of one statement: both databases limit its parameters.
const BATCH: u32 = 500;
/// Runs of one transaction. All in one would make SQLite's log as large as the database.
const COMMIT: u32 = 20 * BATCH;
const QUERIES: u32 = 200;
const PAGE: u64 = 50;
/// When the first run was asked for, unix seconds; one more every second.
const FIRST_S: u32 = 1_700_000_000;

/// Something that people look for. The filter of each query, by its number and the number of runs.
struct Kind {
    name: &'static str,
    filter: fn(u32, u32) -> Filter,
}

const KINDS: &[Kind] = &[
    Kind {
        name: "tag_and_status",
        filter: |_, _| with_status(RunStatus::Failed, tagged("platform", "tiktok")),
    },
    Kind {
        name: "tag_and_most_common_status",
        filter: |_, _| with_status(RunStatus::Completed, tagged("platform", "tiktok")),
    },
    Kind {
        // Only old runs have the tag, and only new ones wait.
        name: "tag_and_status_never_together",
        filter: |_, _| with_status(RunStatus::Waiting, tagged("account", "closed")),
    },
    Kind {
        name: "tag",
        filter: |_, _| tagged("platform", "tiktok"),
    },
    Kind {
        name: "rare_tag",
        filter: |query, runs| tagged("batch", &batch(scattered(query) % runs)),
    },
    Kind {
        name: "two_tags_and_status",
        filter: |query, _| {
            let mut filter = tagged("platform", "youtube");
            filter.tags.push(("account".to_owned(), account(query)));
            with_status(RunStatus::Failed, filter)
        },
    },
    Kind {
        name: "status",
        filter: |_, _| with_status(RunStatus::Failed, Filter::default()),
    },
    Kind {
        name: "workflow",
        filter: |_, _| Filter {
            workflow: Some("measure".to_owned()),
            ..Filter::default()
        },
    },
    Kind {
        name: "error_code",
        filter: |query, _| Filter {
            error_code: Some(error_code(query)),
            ..Filter::default()
        },
    },
    Kind {
        name: "all",
        filter: |_, _| Filter::default(),
    },
];

fn tagged(key: &str, value: &str) -> Filter {
    Filter {
        tags: vec![(key.to_owned(), value.to_owned())],
        ..Filter::default()
    }
}

fn with_status(status: RunStatus, filter: Filter) -> Filter {
    Filter {
        statuses: vec![status],
        ..filter
    }
}

/// Spreads neighbours over all numbers.
fn scattered(n: u32) -> u32 {
    n.wrapping_mul(2_654_435_769).rotate_left(16)
}

/// As `Client` makes them: time-ordered.
fn id(n: u32) -> String {
    format!("run_{:012x}7000{:016x}", created_at_ms(n), scattered(n))
}

fn created_at_ms(n: u32) -> i64 {
    (i64::from(FIRST_S) + i64::from(n)) * 1000
}

fn batch(n: u32) -> String {
    format!("batch_{}", n / 10)
}

fn account(n: u32) -> String {
    format!("account_{}", n % 20)
}

fn error_code(n: u32) -> String {
    format!("code_{}", n % 20)
}

/// One of a hundred has failed, some were ended by people, the newest are still open.
fn status(n: u32, runs: u32) -> RunStatus {
    let is_new = n >= runs / 100 * 97;
    match scattered(n) % 1000 {
        0..10 => RunStatus::Failed,
        10..12 => RunStatus::Cancelled,
        12 => RunStatus::Killed,
        13..100 if is_new => RunStatus::Running,
        _ if is_new => RunStatus::Waiting,
        _ => RunStatus::Completed,
    }
}

fn run(n: u32, runs: u32) -> run_rows::ActiveModel {
    let status = status(n, runs);
    let ended_at_ms = (!status.is_open()).then(|| created_at_ms(n) + 60_000);
    let error_code = (status == RunStatus::Failed).then(|| error_code(scattered(n) / 1000));
    let workflow = ["video_loop", "measure"][usize::from(n.is_multiple_of(2))];
    let input = json!({ "videoId": format!("v_{n}"), "caption": "#".repeat(200) });
    run_rows::ActiveModel {
        id: Set(id(n)),
        workflow: Set(workflow.to_owned()),
        key: Set(Some(format!("key_{n}"))),
        status: Set(status),
        input: Set(input.to_string()),
        error_code: Set(error_code),
        created_at_ms: Set(created_at_ms(n)),
        ended_at_ms: Set(ended_at_ms),
        ..Default::default()
    }
}

fn tags(n: u32, runs: u32) -> [run_tags::ActiveModel; 3] {
    let platform = match n % 10 {
        0..3 => "tiktok",
        3..7 => "youtube",
        _ => "instagram",
    };
    let account = if n < runs / 5 {
        "closed".to_owned()
    } else {
        account(n)
    };
    let tags = [
        ("platform", platform.to_owned()),
        ("account", account),
        ("batch", batch(n)),
    ];
    tags.map(|(key, value)| run_tags::ActiveModel {
        run_id: Set(id(n)),
        key: Set(key.to_owned()),
        value: Set(value),
    })
}

async fn fill(db: &DatabaseConnection, runs: u32) -> anyhow::Result<()> {
    for first in (0..runs).step_by(COMMIT as usize) {
        let end = first.saturating_add(COMMIT).min(runs);
        let transaction = db.begin().await?;
        for first in (first..end).step_by(BATCH as usize) {
            let numbers = first..first.saturating_add(BATCH).min(end);
            let rows = Insert::many(numbers.clone().map(|n| run(n, runs)));
            transaction.execute(rows.as_query()).await?;
            let rows = Insert::many(numbers.flat_map(|n| tags(n, runs)));
            transaction.execute(rows.as_query()).await?;
        }
        transaction.commit().await?;
    }
    Ok(())
}

/// Milliseconds of many queries.
#[derive(Default)]
struct Times(Vec<f64>);

impl Times {
    fn add(&mut self, began: Instant) {
        self.0.push(began.elapsed().as_secs_f64() * 1000.0);
    }

    fn percentile(&mut self, percent: usize) -> f64 {
        self.0.sort_by(f64::total_cmp);
        let last = self.0.len().saturating_sub(1);
        self.0
            .get(last * percent / 100)
            .copied()
            .unwrap_or(f64::NAN)
    }
}

/// Pages one behind the other, from the start again where they end; and as many totals.
async fn time(db: &DatabaseConnection, kind: &Kind, runs: u32) -> anyhow::Result<Value> {
    let (mut pages, mut totals) = (Times::default(), Times::default());
    let mut cursor = None;
    let mut found = String::new();
    for query in 0..QUERIES {
        let filter = (kind.filter)(query, runs);
        let began = Instant::now();
        let page = runs::page(db, &filter, cursor.as_ref(), PAGE).await?;
        pages.add(began);
        cursor = page.next;
        let began = Instant::now();
        let total = runs::total(db, &filter).await?;
        totals.add(began);
        found = total.to_string();
    }
    Ok(json!({
        "p50_ms": pages.percentile(50),
        "p95_ms": pages.percentile(95),
        "total_p50_ms": totals.percentile(50),
        "total_p95_ms": totals.percentile(95),
        "found": found,
    }))
}

/// Fills the database and asks everything of it.
async fn measure(db: &DatabaseConnection, options: &Options) -> anyhow::Result<Value> {
    let began = Instant::now();
    engine::migrate(db).await?;
    fill(db, options.runs).await?;
    if db.get_database_backend() == DbBackend::Postgres {
        // As the server itself does it within minutes.
        db.execute_unprepared("VACUUM (ANALYZE) runs, run_tags")
            .await?;
    }
    let mut results = Map::new();
    results.insert("fill_s".to_owned(), began.elapsed().as_secs_f64().into());
    let mut slowest = 0.0_f64;
    for kind in KINDS {
        let times = time(db, kind, options.runs).await?;
        options.say(format_args!("{}: {times}", kind.name));
        slowest = slowest.max(times["p95_ms"].as_f64().unwrap_or(f64::NAN));
        results.insert(kind.name.to_owned(), times);
    }
    results.insert("slowest_p95_ms".to_owned(), slowest.into());
    Ok(Value::Object(results))
}

async fn on_sqlite(options: &Options) -> anyhow::Result<Value> {
    let folder = tempfile::tempdir()?;
    let url = schema::sqlite_url(&folder.path().join("runs.db"))?;
    let db = schema::connect(&url).await?;
    let results = measure(&db, options).await;
    db.close().await?;
    results
}

/// In a schema of its own, which is removed again.
async fn on_postgres(server: &str, options: &Options) -> anyhow::Result<Value> {
    let name = format!("flywheel_bench_{}", uuid::Uuid::now_v7().simple());
    let admin = schema::connect(server).await?;
    admin
        .execute_unprepared(&format!("CREATE SCHEMA {name}"))
        .await?;
    let separator = if server.contains('?') { '&' } else { '?' };
    let url = format!("{server}{separator}options[search_path]={name}");
    let results = on_schema(&url, options).await;
    admin
        .execute_unprepared(&format!("DROP SCHEMA {name} CASCADE"))
        .await?;
    admin.close().await?;
    results
}

async fn on_schema(url: &str, options: &Options) -> anyhow::Result<Value> {
    let db = schema::connect(url).await?;
    let results = measure(&db, options).await;
    db.close().await?;
    results
}

#[derive(Debug, clap::Parser)]
struct Options {
    /// How many runs there are.
    #[arg(long, default_value_t = 1_000_000)]
    runs: u32,
    /// One line of JSON and nothing else.
    #[arg(long)]
    json: bool,
    /// Cargo passes this to every benchmark.
    #[arg(long, hide = true)]
    bench: bool,
}

impl Options {
    fn say(&self, line: impl Display) {
        if !self.json {
            show(line);
        }
    }
}

#[expect(clippy::print_stdout, reason = "the result is this program's output")]
fn show(line: impl Display) {
    println!("{line}");
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    ensure!(options.runs > 0, "there is nothing to measure without runs");
    options.say("SQLite");
    let sqlite = on_sqlite(&options).await.context("measure on SQLite")?;
    let postgres = match env::var("FLYWHEEL_BENCH_POSTGRES") {
        Ok(server) => {
            options.say("Postgres");
            let results = on_postgres(&server, &options).await;
            results.context("measure on Postgres")?
        }
        Err(_) => json!({ "left_out": "FLYWHEEL_BENCH_POSTGRES names no server" }),
    };
    show(json!({ "runs": {
        "n": options.runs, "tags": u64::from(options.runs) * 3, "queries": QUERIES, "page": PAGE,
        "sqlite": sqlite, "postgres": postgres,
    }}));
    Ok(())
}
