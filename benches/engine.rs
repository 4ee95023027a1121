//! Seven steps that really await, through the engine with all its rows, and the same seven
//! `ctx.run` straight on Restate's SDK behind the same accept loop; alternating in one run, on one
//! server. Compare the ratios: machines are shared and noisy. The last line of stdout is JSON.

#![expect(missing_docs, reason = "the SDK's attribute makes methods without any")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use clap::Parser as _;
use engine::testing::{RestateServer, Stage};
use engine::{Failure, Registry, Step, StepContext, StepError, Workflow, WorkflowContext};
use futures::StreamExt as _;
use restate_sdk::prelude::{
    Context, ContextSideEffects as _, Endpoint, HandlerResult, Json, RunFuture as _,
};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

const STEPS: u32 = 7;
const ROUNDS: usize = 4;
const AT_ONCE: usize = 64;
const RUNS: usize = 400;
const ALONE: usize = 60;

async fn work() {
    tokio::time::sleep(Duration::from_millis(1)).await;
}

struct Tick;

impl Step for Tick {
    const NAME: &'static str = "tick";
    type Input = u32;
    type Output = u32;

    async fn run(&self, _cx: &StepContext, n: u32) -> Result<u32, StepError> {
        work().await;
        Ok(n + 1)
    }
}

struct Seven(Arc<Tick>);

impl Workflow for Seven {
    const NAME: &'static str = "seven";
    type Input = u32;
    type Output = u32;

    async fn run(&self, cx: &WorkflowContext<'_>, mut n: u32) -> Result<u32, Failure> {
        for _ in 0..STEPS {
            n = cx.step(&self.0, n).await?;
        }
        Ok(n)
    }
}

struct Straight;

#[restate_sdk::service]
impl Straight {
    #[handler]
    async fn run(&self, cx: Context<'_>, Json(mut n): Json<u32>) -> HandlerResult<Json<u32>> {
        for _ in 0..STEPS {
            let tick = move || async move {
                work().await;
                Ok(Json(n + 1))
            };
            Json(n) = cx.run(tick).name("tick").await?;
        }
        Ok(Json(n))
    }
}

/// Latencies of one round, milliseconds, sorted; and runs per second.
struct Round {
    latencies: Vec<f64>,
    rate: f64,
}

impl Round {
    fn percentile(&self, share: f64) -> f64 {
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "an index into a few hundred"
        )]
        let index = (share * (self.latencies.len() - 1) as f64).round() as usize;
        self.latencies[index]
    }
}

async fn round(ingress: &str, service: &str, runs: usize, at_once: usize) -> anyhow::Result<Round> {
    let http = reqwest::Client::builder().no_proxy().build()?;
    let url = format!("{ingress}/{service}/run");
    let began = Instant::now();
    let calls = futures::stream::iter(0..runs).map(|_| {
        let body = match service {
            "seven" => json!({ "runId": format!("run_{}", uuid::Uuid::now_v7().simple()), "workflow": "seven", "input": 0 }),
            _ => json!(0),
        };
        let request = http.post(&url).json(&body);
        async move {
            let began = Instant::now();
            let answer = request.send().await?.error_for_status()?.json::<u32>().await?;
            ensure!(answer == STEPS, "an odd answer: {answer}");
            Ok(began.elapsed().as_secs_f64() * 1000.0)
        }
    });
    let mut latencies = calls
        .buffer_unordered(at_once)
        .collect::<Vec<anyhow::Result<f64>>>()
        .await
        .into_iter()
        .collect::<Result<Vec<_>, _>>()?;
    let took = began.elapsed().as_secs_f64();
    latencies.sort_by(f64::total_cmp);
    #[expect(clippy::cast_precision_loss, reason = "a few hundred")]
    Ok(Round {
        rate: runs as f64 / took,
        latencies,
    })
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

async fn measure(ingress: &str) -> anyhow::Result<Value> {
    let services = ["Straight", "seven"];
    for service in services {
        round(ingress, service, AT_ONCE, 8)
            .await
            .context("warming up")?;
    }
    let (mut many, mut alone) = ([vec![], vec![]], [vec![], vec![]]);
    for _ in 0..ROUNDS {
        for (side, service) in services.iter().enumerate() {
            many[side].push(round(ingress, service, RUNS, AT_ONCE).await?);
            alone[side].push(round(ingress, service, ALONE, 1).await?);
        }
    }
    let side = |many: &[Round], alone: &[Round]| {
        let of = |rounds: &[Round], value: &dyn Fn(&Round) -> f64| {
            median(rounds.iter().map(value).collect())
        };
        json!({
            "runs_per_s": of(many, &|r| r.rate),
            "p50_ms": of(many, &|r| r.percentile(0.5)),
            "p99_ms": of(many, &|r| r.percentile(0.99)),
            "alone_p50_ms": of(alone, &|r| r.percentile(0.5)),
            "alone_p99_ms": of(alone, &|r| r.percentile(0.99)),
        })
    };
    let (sdk, engine) = (side(&many[0], &alone[0]), side(&many[1], &alone[1]));
    let ratio = |key: &str| {
        engine[key].as_f64().unwrap_or(f64::NAN) / sdk[key].as_f64().unwrap_or(f64::NAN)
    };
    Ok(json!({ "engine": {
        "ratio_to_sdk": ratio("runs_per_s"),
        "alone_p50_ratio_to_sdk": ratio("alone_p50_ms"),
        "engine": engine,
        "sdk": sdk,
        "steps": STEPS, "at_once": AT_ONCE, "runs": RUNS * ROUNDS,
    }}))
}

/// What is shown besides the result: nothing.
#[derive(Debug, clap::Parser)]
struct Options {
    /// One line of JSON and nothing else, which is so in any case.
    #[arg(long)]
    json: bool,
    /// Cargo passes this to every benchmark.
    #[arg(long, hide = true)]
    bench: bool,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    Options::parse();
    let folder = tempfile::tempdir()?;
    let binary = std::env::var("RESTATE_SERVER_BIN")
        .context("RESTATE_SERVER_BIN is not set; `cargo xtask bench` sets it")?;
    let restate = RestateServer::start(binary.as_ref(), folder.path()).await?;
    let db = schema::connect(&schema::sqlite_url(&folder.path().join("runs.db"))?).await?;
    let registry = Registry::new().workflow(Seven(Arc::new(Tick)));
    let stage = Stage::start(registry, db, restate).await?;

    let stop = CancellationToken::new();
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let straight = format!("http://{}/", listener.local_addr()?);
    let endpoint = Endpoint::builder().bind(Straight).build();
    let serving = tokio::spawn(engine::worker::serve(
        endpoint,
        listener,
        stop.clone(),
        TaskTracker::new(),
        Duration::from_secs(5),
    ));
    reqwest::Client::new()
        .post(stage.restate.admin().join("deployments")?)
        .json(&json!({ "uri": straight }))
        .send()
        .await?
        .error_for_status()?;

    let result = measure(stage.restate.ingress().as_str().trim_end_matches('/')).await;
    stop.cancel();
    serving.await?;
    stage.stop().await?;
    #[expect(clippy::print_stdout, reason = "the result is this program's output")]
    {
        println!("{}", result?);
    }
    Ok(())
}
