//! One chaos run from its beginning to its report.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use std::{env, io};

use anyhow::{Context as _, Result, bail};
use engine::reconciler::Reconciler;
use engine::testing::RestateServer;
use engine::{Client, Operations};
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use crate::check::{Check, Difference};
use crate::check_rows::too_many_at_once;
use crate::found::{Found, Happened};
use crate::generate::{Generator, Play};
use crate::interpreter::registry;
use crate::ledger::Ledger;
use crate::monkey::{Kills, Monkey};
use crate::say;
use crate::worker::{Posting, WorkerProcess};
use crate::world::{Role, TRIGGERS, World};

const PROGRAMS: usize = 100;
const SEED: u64 = 4;
const RECONCILED_EVERY: Duration = Duration::from_millis(200);
/// More differences than this are not shown.
const SHOWN: usize = 20;

/// How much chaos.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Options {
    pub(crate) programs: usize,
    pub(crate) seed: u64,
}

impl Options {
    /// What CI runs, unless the environment says something else.
    pub(crate) fn from_environment() -> Result<Self> {
        Ok(Self {
            programs: number("FLYWHEEL_CHAOS_PROGRAMS", PROGRAMS)?,
            seed: number("FLYWHEEL_CHAOS_SEED", SEED)?,
        })
    }
}

fn number<T>(variable: &str, default: T) -> Result<T>
where
    T: std::str::FromStr<Err = std::num::ParseIntError>,
{
    match env::var(variable) {
        Ok(text) => {
            let parsed = text.parse::<T>();
            parsed.with_context(|| format!("{variable} is `{text}`, and must be a number"))
        }
        Err(_) => Ok(default),
    }
}

/// What it came to: the line of JSON.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    programs: usize,
    seed: u64,
    runs: usize,
    attempts: usize,
    effects: u64,
    #[serde(flatten)]
    kills: Kills,
    #[serde(flatten)]
    happened: Happened,
    pub(crate) differences: usize,
    duration_s: f64,
}

/// The line of JSON of a run that came to no report.
#[derive(Debug, Serialize)]
pub(crate) struct Broken {
    programs: usize,
    seed: u64,
    /// With its causes.
    error: String,
}

impl Broken {
    pub(crate) fn new(Options { programs, seed }: Options, error: &anyhow::Error) -> Self {
        Self {
            programs,
            seed,
            error: format!("{error:#}"),
        }
    }
}

/// Everything is in a temporary folder, which stays if something was wrong.
pub(crate) async fn run(options: Options) -> Result<Report> {
    let folder = tempfile::tempdir().context("make a folder")?;
    let result = Box::pin(run_in(options, folder.path())).await;
    if !matches!(&result, Ok(report) if report.differences == 0) {
        let kept = folder.keep();
        say(io::stderr(), format!("see {}", kept.display()));
    }
    result
}

async fn run_in(options: Options, folder: &Path) -> Result<Report> {
    let began = Instant::now();
    let Options { programs, seed } = options;
    say(
        io::stderr(),
        format!("chaos: {programs} programs, seed {seed}"),
    );
    let mut generator = Generator::new(seed);
    let plays: Vec<Arc<Play>> = (0..programs)
        .map(|number| Arc::new(generator.play(number)))
        .collect();
    let database = schema::sqlite_url(&folder.join("runs.db"))?;
    let db = schema::connect(&database).await?;
    engine::migrate(&db).await?;
    let ledger_file = folder.join("effects.db");
    let ledger = Ledger::open(&ledger_file).await?;

    let restate = RestateServer::start(&server_binary()?, folder).await?;
    let (ingress, admin) = (restate.ingress().clone(), restate.admin().clone());
    let posting = Posting {
        address: free_address()?,
        database,
        ledger: ledger_file,
        ingress: ingress.to_string(),
        admin: admin.to_string(),
    };
    let worker = WorkerProcess::start(&posting, &folder.join("worker.log")).await?;
    let client = Client::new(db.clone(), ingress)?.with_triggers(&TRIGGERS);
    let operations = Operations::new(
        db.clone(),
        client.clone(),
        admin.clone(),
        registry(&ledger)?,
    )?;
    let reconciler = Reconciler::new(db.clone(), admin.clone(), client.clone())?;
    let world = World::new(db.clone(), client, operations, admin);

    let monkey = Monkey::new(seed, worker, restate);
    let (monkey, left) = Box::pin(play(&world, &reconciler, &plays, monkey)).await?;
    let kills = monkey.kills;
    monkey.worker.stop().await?;
    drop(monkey.restate);

    let found = Found::read(&db, &ledger).await?;
    let mut differences: Vec<String> = left;
    if !kills.prove_something() {
        let text = "not each of the two was killed and stopped (more programs take longer), so nothing is proven";
        differences.push(text.to_owned());
    }
    let happened = found.happened();
    if programs >= PROGRAMS && !happened.proves_something() {
        differences.push(format!("something never came about: {happened:?}"));
    }
    differences.extend(compare(&found, &world.roles(), &plays));
    show(&differences);
    Ok(Report {
        programs,
        seed,
        runs: found.runs.len(),
        attempts: found.all_attempts(),
        effects: found.all_effects(),
        kills,
        happened,
        differences: differences.len(),
        duration_s: (began.elapsed().as_secs_f64() * 10.0).round() / 10.0,
    })
}

/// Plays everything while the monkey is at work, then lets it settle. Gives what is left of the work.
async fn play(
    world: &World,
    reconciler: &Reconciler,
    plays: &[Arc<Play>],
    monkey: Monkey,
) -> Result<(Monkey, Vec<String>)> {
    let enough = CancellationToken::new();
    let mut monkey = tokio::spawn(monkey.run(enough.clone()));
    let for_ever = CancellationToken::new();
    let others = async {
        tokio::join!(
            reconciler.run(RECONCILED_EVERY, for_ever),
            world.decide_all()
        )
    };
    tokio::pin!(others);
    tokio::select! {
        () = world.play_all(plays) => {}
        () = world.stands_still() => say(io::stderr(), "nothing has moved for a long time"),
        _ = &mut others => bail!("people and reconciler went home"),
        ended = &mut monkey => {
            ended??;
            bail!("the monkey had enough before everything was over");
        }
    }
    enough.cancel();
    let monkey = tokio::select! {
        monkey = monkey => monkey??,
        _ = &mut others => bail!("people and reconciler went home"),
    };
    let left = tokio::select! {
        left = world.settled() => left?,
        _ = &mut others => bail!("people and reconciler went home"),
    };
    Ok((monkey, left))
}

/// Everything that is not as the model says, with the program that it is about.
fn compare(found: &Found, roles: &BTreeMap<String, Role>, plays: &[Arc<Play>]) -> Vec<String> {
    let mut texts = Vec::new();
    let mut seen = BTreeSet::new();
    for (run_id, role) in roles {
        let program = &role.play.program;
        let (of_it, differences) = Check::of(found, run_id, program, role.cancels);
        seen.extend(of_it);
        let shown = serde_json::to_string(role.play.as_ref()).unwrap_or_default();
        for (index, Difference { run_id, text }) in differences.into_iter().enumerate() {
            // The program once, and not with each of its differences.
            let play = if index == 0 {
                shown.as_str()
            } else {
                "as above"
            };
            texts.push(format!("{run_id}: {text}; {play}"));
        }
    }
    let unseen = found.runs.keys().filter(|run_id| !seen.contains(*run_id));
    texts.extend(unseen.map(|run_id| format!("{run_id} belongs to no program")));
    texts.extend(too_many_at_once(found));
    if roles.len() != plays.len() {
        let text = format!("{} of {} programs were started", roles.len(), plays.len());
        texts.push(text);
    }
    texts
}

fn show(differences: &[String]) {
    for difference in differences.iter().take(SHOWN) {
        say(io::stderr(), difference);
    }
    if differences.len() > SHOWN {
        let more = differences.len() - SHOWN;
        say(io::stderr(), format!("… and {more} more"));
    }
}

fn free_address() -> Result<SocketAddr> {
    let held = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("find a free port")?;
    held.local_addr().context("find a free port")
}

fn server_binary() -> Result<PathBuf> {
    if let Some(path) = env::var_os("RESTATE_SERVER_BIN") {
        return Ok(path.into());
    }
    let modules =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../tools/restate/node_modules/@restatedev");
    let packages = std::fs::read_dir(modules).into_iter().flatten().flatten();
    let mut binaries = packages.map(|package| package.path().join("bin/restate-server"));
    binaries.find(|binary| binary.exists()).context(
        "no Restate server: run `cargo xtask chaos`, which installs it, or set RESTATE_SERVER_BIN",
    )
}
