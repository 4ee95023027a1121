//! A hundred thousand runs that wait for six hours: what the memory of server and worker is while they
//! do, and how much disk each takes. Then ten thousand more whose timers are due in the same second:
//! how fast they are drained, each with one step behind its wait. No time and no memory is an error.
//! The worker is a process of its own. For Linux: memory is read in `/proc`. The last line of stdout is
//! JSON.

mod resources;

use std::env;
use std::fmt::Display;
use std::io;
use std::net::Ipv4Addr;
use std::process::Stdio;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use clap::Parser as _;
use engine::tables::{RunStatus, runs as run_rows};
use engine::testing::RestateServer;
use engine::{
    Client, Failure, Registry, RestateUrls, Step, StepContext, StepError, Worker, Workflow,
    WorkflowContext, runs,
};
use futures::StreamExt as _;
use jiff::{SignedDuration, Timestamp};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait as _, DatabaseConnection, EntityTrait as _, QueryFilter as _,
    QuerySelect as _,
};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::resources::{only_child, resident_kib, size_of_file, size_of_folder};

const HOURS: i64 = 6;
/// Runs that are started side by side.
const AT_ONCE: usize = 32;
/// A database that was busy for too long is asked again: the key keeps the run from starting twice.
const START_TRIES: u32 = 5;
const PAUSE: Duration = Duration::from_secs(1);
/// How long nothing may change before the bench gives up.
const PATIENCE: Duration = Duration::from_secs(180);
/// What Restate needs to put the last runs away, after it has heard nothing of them for a second.
const SETTLE: Duration = Duration::from_secs(15);
/// Between the last start of a timer and the instant at which all are due, at least.
const LEAD: Duration = Duration::from_secs(20);

/// How the worker is told that it is one, and where everything is.
const DATABASE: &str = "FLYWHEEL_BENCH_DATABASE_URL";
const INGRESS: &str = "FLYWHEEL_BENCH_INGRESS";
const ADMIN: &str = "FLYWHEEL_BENCH_ADMIN";
const READY: &str = "ready";

struct Tick;

impl Step for Tick {
    const NAME: &'static str = "tick";
    type Input = ();
    type Output = ();

    async fn run(&self, _cx: &StepContext, _: ()) -> Result<(), StepError> {
        Ok(())
    }
}

/// Waits until the instant that it is given, then does one step.
struct Wait(Arc<Tick>);

impl Workflow for Wait {
    const NAME: &'static str = "wait";
    type Input = Timestamp;
    type Output = ();

    async fn run(&self, cx: &WorkflowContext<'_>, until: Timestamp) -> Result<(), Failure> {
        cx.sleep("the instant", until).await?;
        cx.step(&self.0, ()).await
    }
}

/// The worker: until nobody holds the other end of its stdin.
async fn work(database: &str) -> anyhow::Result<()> {
    let db = schema::connect(database).await?;
    let registry = Registry::new().workflow(Wait(Arc::new(Tick)));
    let urls = RestateUrls {
        ingress: env::var(INGRESS)?.parse()?,
        admin: env::var(ADMIN)?.parse()?,
    };
    let address = (Ipv4Addr::LOCALHOST, 0).into();
    let worker = Worker::bind(registry, db, address, urls).await?;
    let stop = CancellationToken::new();
    let stopped = stop.clone();
    // A thread of its own: the runtime would wait for one of its threads that reads.
    thread::spawn(move || {
        // However it ended, nobody is there any more.
        let _ = io::copy(&mut io::stdin(), &mut io::sink());
        stopped.cancel();
    });
    Ok(worker.run(stop, || show(READY)).await?)
}

async fn start_worker(database: &str, restate: &RestateServer) -> anyhow::Result<Child> {
    let mut worker = Command::new(env::current_exe()?)
        .env(DATABASE, database)
        .env(INGRESS, restate.ingress().as_str())
        .env(ADMIN, restate.admin().as_str())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .context("start the worker")?;
    let said = worker
        .stdout
        .take()
        .context("a worker without its stdout")?;
    let first = BufReader::new(said).lines().next_line().await?;
    ensure!(
        first.as_deref() == Some(READY),
        "the worker did not get ready"
    );
    Ok(worker)
}

/// The server, the worker and the database, and who asks them.
struct Place {
    client: Client,
    db: DatabaseConnection,
    admin: reqwest::Url,
    http: reqwest::Client,
    folder: tempfile::TempDir,
    server_id: u32,
    worker_id: u32,
}

impl Place {
    /// Starts `count` runs that wait until `until`. How often one had to be asked for again.
    async fn start(&self, name: &str, count: u32, until: Timestamp) -> anyhow::Result<u32> {
        let starts = futures::stream::iter(0..count).map(|n| async move {
            let key = format!("{name}_{n}");
            let mut tries = 1;
            loop {
                match self.client.start::<Wait>(&key, &until).await {
                    Ok(_) => return anyhow::Ok(tries - 1),
                    Err(_) if tries < START_TRIES => tries += 1,
                    Err(error) => return Err(error.into()),
                }
            }
        });
        let mut starts = starts.buffer_unordered(AT_ONCE);
        let mut again = 0;
        while let Some(tries) = starts.next().await {
            again += tries?;
        }
        Ok(again)
    }

    /// How many runs have this status in our tables.
    async fn count(&self, status: RunStatus) -> anyhow::Result<i64> {
        let counts = runs::counts(&self.db).await?;
        let of_status = counts.iter().filter(|count| count.status == status);
        Ok(of_status.map(|count| count.runs).sum())
    }

    /// Waits until so many runs have this status, or nothing has changed for long.
    async fn until(&self, status: RunStatus, wanted: u32) -> anyhow::Result<()> {
        let (mut last, mut changed) = (-1, Instant::now());
        loop {
            let count = self.count(status).await?;
            if count == i64::from(wanted) {
                return Ok(());
            }
            if count != last {
                (last, changed) = (count, Instant::now());
            }
            if changed.elapsed() > PATIENCE {
                bail!(
                    "{count} of {wanted} runs are {}, and no more come",
                    status.as_str()
                );
            }
            sleep(PAUSE).await;
        }
    }

    /// How many runs Restate has put away.
    async fn suspended(&self) -> anyhow::Result<i64> {
        let query = "select count(1) as n from sys_invocation where status = 'suspended'";
        let request = self.http.post(self.admin.join("query")?);
        let request = request.header("accept", "application/json");
        let answer = request.json(&json!({ "query": query })).send().await?;
        let answer: Value = answer.error_for_status()?.json().await?;
        let count = answer["rows"][0]["n"].as_i64();
        count.with_context(|| format!("an odd answer: {answer}"))
    }

    /// Bytes on disk: Restate's folder, and our database with its log.
    async fn disk(&self) -> anyhow::Result<[u64; 2]> {
        self.db
            .execute_unprepared("PRAGMA wal_checkpoint(TRUNCATE)")
            .await?;
        let folder = self.folder.path();
        let files = ["runs.db", "runs.db-wal"].map(|name| size_of_file(&folder.join(name)));
        Ok([size_of_folder(&folder.join("restate"))?, files.iter().sum()])
    }

    /// Resident memory of server and worker, KiB.
    fn memory(&self) -> anyhow::Result<[u64; 2]> {
        Ok([resident_kib(self.server_id)?, resident_kib(self.worker_id)?])
    }
}

/// All that wait for hours.
async fn wait_long(place: &Place, options: &Options) -> anyhow::Result<Value> {
    let runs = options.runs;
    let (memory_before, disk_before) = (place.memory()?, place.disk().await?);
    let began = Instant::now();
    let due = Timestamp::now() + SignedDuration::from_hours(HOURS);
    let again = place.start("long", runs, due).await?;
    let starting_s = began.elapsed().as_secs_f64();
    options.say(format_args!(
        "{runs} runs were started in {starting_s:.0} s"
    ));
    place.until(RunStatus::Waiting, runs).await?;
    let waiting_s = began.elapsed().as_secs_f64();
    sleep(SETTLE).await;
    // Before Restate is asked, which takes memory.
    let (memory, disk) = (place.memory()?, place.disk().await?);
    let suspended = place.suspended().await?;
    let per_run = |which: usize| disk[which].saturating_sub(disk_before[which]) / u64::from(runs);
    Ok(json!({
        "runs": runs,
        "hours": HOURS,
        "starts_per_s": f64::from(runs) / starting_s,
        "started_again": again,
        "all_waiting_after_s": waiting_s,
        "suspended": suspended,
        "server_mib_before": memory_before[0] / 1024,
        "server_mib": memory[0] / 1024,
        "worker_mib_before": memory_before[1] / 1024,
        "worker_mib": memory[1] / 1024,
        "restate_bytes_per_run": per_run(0),
        "database_bytes_per_run": per_run(1),
    }))
}

/// Timers that are due together.
async fn drain(place: &Place, options: &Options, starts_per_s: f64) -> anyhow::Result<Value> {
    let timers = options.timers;
    let starting = Duration::try_from_secs_f64(2.0 * f64::from(timers) / starts_per_s)?;
    let due = Timestamp::now() + SignedDuration::try_from(starting + LEAD)?;
    place.start("timer", timers, due).await?;
    let waiting = options.runs + timers;
    place.until(RunStatus::Waiting, waiting).await?;
    let left = due.duration_since(Timestamp::now());
    options.say(format_args!("{timers} timers are due in {left:#}"));
    let left = Duration::try_from(left).context("the timers were due before all of them waited")?;
    sleep(left).await;
    place.until(RunStatus::Completed, timers).await?;
    let [first, last] = ends(&place.db).await?;
    let after_s = |end: i64| {
        let late = SignedDuration::from_millis(end - due.as_millisecond());
        late.as_secs_f64()
    };
    Ok(json!({
        "n": timers,
        "drained_per_s": f64::from(timers) / after_s(last),
        "first_ended_after_s": after_s(first),
        "last_ended_after_s": after_s(last),
    }))
}

/// When the first and the last run ended, unix milliseconds.
async fn ends(db: &DatabaseConnection) -> anyhow::Result<[i64; 2]> {
    let ended = run_rows::Column::EndedAtMs;
    let row: Option<(Option<i64>, Option<i64>)> = run_rows::Entity::find()
        .select_only()
        .column_as(ended.min(), "first")
        .column_as(ended.max(), "last")
        .filter(run_rows::Column::Status.eq(RunStatus::Completed))
        .into_tuple()
        .one(db)
        .await?;
    match row {
        Some((Some(first), Some(last))) => Ok([first, last]),
        _ => bail!("no run has ended"),
    }
}

#[derive(Debug, clap::Parser)]
struct Options {
    /// How many runs wait for six hours.
    #[arg(long, default_value_t = 100_000)]
    runs: u32,
    /// How many are due in the same second.
    #[arg(long, default_value_t = 10_000)]
    timers: u32,
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

async fn measure(options: &Options) -> anyhow::Result<Value> {
    let folder = tempfile::tempdir()?;
    let binary = env::var("RESTATE_SERVER_BIN")
        .context("RESTATE_SERVER_BIN is not set; `cargo xtask bench` sets it")?;
    let url = schema::sqlite_url(&folder.path().join("runs.db"))?;
    let db = schema::connect(&url).await?;
    engine::migrate(&db).await?;
    let mut restate = RestateServer::start(binary.as_ref(), folder.path()).await?;
    let server_id = only_child()?;
    let mut worker = start_worker(&url, &restate).await?;
    let place = Place {
        client: Client::new(db.clone(), restate.ingress().clone())?,
        db,
        admin: restate.admin().clone(),
        http: reqwest::Client::new(),
        folder,
        server_id,
        worker_id: worker.id().context("the worker has ended")?,
    };
    let mut result = wait_long(&place, options).await?;
    options.say(format_args!("waiting: {result}"));
    let starts_per_s = result["starts_per_s"].as_f64().unwrap_or(1.0);
    result["timers"] = drain(&place, options, starts_per_s).await?;
    drop(worker.stdin.take());
    worker.wait().await?;
    restate.kill().await?;
    Ok(json!({ "waiting": result }))
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    if let Ok(database) = env::var(DATABASE) {
        return work(&database).await;
    }
    let options = Options::parse();
    ensure!(
        options.runs > 0 && options.timers > 0,
        "there is nothing to measure without runs and timers"
    );
    show(measure(&options).await?);
    Ok(())
}
