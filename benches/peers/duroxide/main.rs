//! duroxide on SQLite: the seven steps of `benches/engine.rs`, a millisecond of sleep each, many runs at
//! once and one at a time. The last line of stdout is JSON.
//!
//!     peer-duroxide RUNS AT_ONCE ALONE

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow, ensure};
use duroxide::providers::sqlite::SqliteProvider;
use duroxide::runtime::registry::ActivityRegistry;
use duroxide::runtime::{Runtime, RuntimeOptions};
use duroxide::{ActivityContext, Client, OrchestrationContext, OrchestrationRegistry};
use futures::StreamExt as _;
use serde_json::json;

const STEPS: u32 = 7;
/// How long a run may take.
const PATIENCE: Duration = Duration::from_secs(600);
/// How often its idle dispatchers look for work. The default of 100 ms would be most of what one run
/// alone takes.
const POLL: Duration = Duration::from_millis(10);

async fn tick(_cx: ActivityContext, n: u32) -> Result<u32, String> {
    tokio::time::sleep(Duration::from_millis(1)).await;
    Ok(n + 1)
}

async fn seven(cx: OrchestrationContext, mut n: u32) -> Result<u32, String> {
    for _ in 0..STEPS {
        n = cx.schedule_activity_typed::<u32, u32>("tick", &n).await?;
    }
    Ok(n)
}

/// Milliseconds of each run, sorted; and runs per second.
struct Round {
    latencies: Vec<f64>,
    rate: f64,
}

impl Round {
    fn percentile(&self, percent: usize) -> f64 {
        self.latencies[(self.latencies.len() - 1) * percent / 100]
    }
}

async fn round(client: &Client, name: &str, runs: u32, at_once: usize) -> anyhow::Result<Round> {
    let began = Instant::now();
    let calls = futures::stream::iter(0..runs).map(|n| async move {
        let began = Instant::now();
        let instance = format!("{name}-{n}");
        client
            .start_orchestration_typed(instance.as_str(), "seven", 0_u32)
            .await?;
        let output = client.wait_for_orchestration_typed::<u32>(&instance, PATIENCE);
        let output = output
            .await?
            .map_err(|reason| anyhow!("{instance} failed: {reason}"))?;
        ensure!(output == STEPS, "an odd output: {output}");
        anyhow::Ok(began.elapsed().as_secs_f64() * 1000.0)
    });
    let mut calls = calls.buffer_unordered(at_once);
    let mut latencies = Vec::new();
    while let Some(latency) = calls.next().await {
        latencies.push(latency?);
    }
    latencies.sort_by(f64::total_cmp);
    Ok(Round {
        rate: f64::from(runs) / began.elapsed().as_secs_f64(),
        latencies,
    })
}

/// As `Cargo.toml` pins it.
fn version() -> Option<&'static str> {
    let manifest = include_str!("Cargo.toml");
    let line = manifest
        .lines()
        .find(|line| line.starts_with("duroxide = "))?;
    line.split('"').nth(1)?.strip_prefix('=')
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let mut number = || {
        let word = arguments.next();
        let word = word.context("peer-duroxide RUNS AT_ONCE ALONE")?;
        anyhow::Ok(word.parse::<u32>()?)
    };
    let (runs, at_once, alone) = (number()?, number()?, number()?);
    ensure!(
        runs > 0 && at_once > 0 && alone > 0,
        "there is nothing to measure"
    );

    let folder = tempfile::tempdir()?;
    let file = folder.path().join("runs.db");
    std::fs::File::create(&file)?;
    let store = SqliteProvider::new(&format!("sqlite:{}", file.display()), None).await?;
    let store = Arc::new(store);
    let activities = ActivityRegistry::builder()
        .register_typed("tick", tick)
        .build();
    let orchestrations = OrchestrationRegistry::builder()
        .register_typed("seven", seven)
        .build();
    let options = RuntimeOptions {
        dispatcher_min_poll_interval: POLL,
        ..RuntimeOptions::default()
    };
    let workers = (
        options.orchestration_concurrency,
        options.worker_concurrency,
    );
    let runtime =
        Runtime::start_with_options(store.clone(), activities, orchestrations, options).await;
    let client = Client::new(store);

    let side_by_side = usize::try_from(at_once)?;
    round(&client, "warm", at_once, 8.min(side_by_side)).await?;
    let many = round(&client, "many", runs, side_by_side).await?;
    let one = round(&client, "one", alone, 1).await?;
    runtime.shutdown(None).await;
    println!(
        "{}",
        json!({
            "version": version(),
            "database": "SQLite in its own settings: write-ahead log, synchronous = normal",
            "workers": workers,
            "poll_interval_ms": POLL.as_millis(),
            "runs": runs,
            "at_once": at_once,
            "runs_per_s": many.rate,
            "p50_ms": many.percentile(50),
            "p99_ms": many.percentile(99),
            "alone": alone,
            "alone_p50_ms": one.percentile(50),
            "alone_p99_ms": one.percentile(99),
        })
    );
    Ok(())
}
