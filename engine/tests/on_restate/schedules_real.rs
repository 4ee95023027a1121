//! Schedules on a real Restate server: two API servers' tickers, and a worker that is restarted.
//!
//! Needs the server's binary: `RESTATE_SERVER_BIN`, or `npm ci` in `tools/restate`.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::time::Duration;

use engine::schedules::{NewSchedule, Schedules, Ticker};
use engine::tables::{Missed, RunStatus, runs};
use engine::testing::RestateServer;
use engine::{
    Client, EngineError, Failure, Registry, RestateUrls, Worker, Workflow, WorkflowContext,
};
use jiff::{SignedDuration, Timestamp};
use sea_orm::{
    ColumnTrait as _, Database, DatabaseConnection, EntityTrait as _, PaginatorTrait as _,
    QueryFilter as _,
};
use serde_json::Value;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::real::server_binary;

/// How long all runs may take to end.
const PATIENCE: Duration = Duration::from_secs(60);

/// Sleeps for a moment, so that runs are open when the worker is restarted.
struct Moment;

impl Workflow for Moment {
    const NAME: &'static str = "moment";
    type Input = ();
    type Output = ();

    async fn run(&self, cx: &WorkflowContext<'_>, _: ()) -> Result<(), Failure> {
        let until = cx.now().await? + SignedDuration::from_millis(300);
        cx.sleep("a moment", until).await
    }
}

fn registry() -> Registry {
    Registry::new().workflow(Moment)
}

/// A worker that can be stopped and started again in the same place.
struct Served {
    stop: CancellationToken,
    worker: JoinHandle<Result<(), EngineError>>,
}

impl Served {
    async fn start(db: &DatabaseConnection, restate: &RestateServer, address: SocketAddr) -> Self {
        let urls = RestateUrls {
            ingress: restate.ingress().clone(),
            admin: restate.admin().clone(),
        };
        let worker = Worker::bind(registry(), db.clone(), address, urls)
            .await
            .unwrap();
        let stop = CancellationToken::new();
        let (ready, is_ready) = oneshot::channel();
        let stopped = stop.clone();
        let worker = tokio::spawn(async move {
            let say_so = || {
                // Whoever waited has given up.
                let _ = ready.send(());
            };
            worker.run(stopped, say_so).await
        });
        is_ready.await.unwrap();
        Self { stop, worker }
    }

    async fn stop(self) {
        self.stop.cancel();
        self.worker.await.unwrap().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_servers_and_three_restarts_of_the_worker_complete_sixty_ticks_once() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("runs.db");
    let url = format!("sqlite://{}?mode=rwc", file.display());
    let db = Database::connect(&url).await.unwrap();
    engine::migrate(&db).await.unwrap();
    let binary = server_binary();
    let mut restate = RestateServer::start(&binary, folder.path()).await.unwrap();
    let address = free_address();
    let mut worker = Served::start(&db, &restate, address).await;

    let begin: Timestamp = "2026-11-23T10:00:30Z".parse().unwrap();
    let every_minute = NewSchedule {
        name: "every_minute".to_owned(),
        workflow: Moment::NAME.to_owned(),
        input: Value::Null,
        cron: "* * * * *".to_owned(),
        time_zone: "Europe/Berlin".to_owned(),
        missed: Missed::Skip,
        catch_up_max: 0,
    };
    let schedules = Schedules::new(db.clone());
    schedules
        .create(&registry(), every_minute, begin)
        .await
        .unwrap();

    let one = server(&url, &restate).await;
    let other = server(&url, &restate).await;
    let mut now = begin;
    for minute in 1..=60 {
        now += SignedDuration::from_mins(1);
        let (one, other) = tokio::join!(one.pass(now), other.pass(now));
        assert_eq!((one.unwrap().failed, other.unwrap().failed), (0, 0));
        if [15, 30, 45].contains(&minute) {
            worker.stop().await;
            worker = Served::start(&db, &restate, address).await;
        }
    }

    let all_completed = async {
        while completed(&db).await < 60 {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let waited = tokio::time::timeout(PATIENCE, all_completed).await;
    let all = runs::Entity::find().count(&db).await.unwrap();
    assert_eq!((completed(&db).await, all), (60, 60));
    waited.unwrap();
    worker.stop().await;
    restate.kill().await.unwrap();
}

/// The ticker of one API server, with a connection of its own.
async fn server(url: &str, restate: &RestateServer) -> Ticker {
    let db = Database::connect(url).await.unwrap();
    let client = Client::new(db.clone(), restate.ingress().clone()).unwrap();
    Ticker::new(db, client)
}

async fn completed(db: &DatabaseConnection) -> u64 {
    runs::Entity::find()
        .filter(runs::Column::Status.eq(RunStatus::Completed))
        .count(db)
        .await
        .unwrap()
}

fn free_address() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.local_addr().unwrap()
}
