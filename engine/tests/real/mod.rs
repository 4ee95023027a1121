//! A Restate server, a database and a worker of a test's own, on free ports in a temporary folder.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "helpers are test code, too, which clippy cannot see"
)]

use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::time::Duration;

use engine::reconciler::Reconciler;
use engine::runs::{self, Details};
use engine::tables::runs as run_rows;
use engine::{Client, Registry, Worker, Workflow};
use reqwest::Url;
use sea_orm::{
    ActiveModelTrait as _, ConnectOptions, ConnectionTrait as _, Database, DatabaseConnection, Set,
};
use tempfile::TempDir;
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Stage {
    pub(crate) client: Client,
    pub(crate) db: DatabaseConnection,
    folder: TempDir,
    ports: [u16; 3],
    restate: Child,
    worker: JoinHandle<()>,
    stop: CancellationToken,
}

impl Stage {
    pub(crate) async fn start(registry: Registry) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let ports = [free_port(), free_port(), free_port()];
        let restate = start_restate(&folder, ports).await;
        let options = ConnectOptions::new(format!(
            "sqlite://{}?mode=rwc",
            folder.path().join("runs.db").display()
        ));
        let db = Database::connect(options).await.unwrap();
        engine::migrate(&db).await.unwrap();
        let stop = CancellationToken::new();
        let address: SocketAddr = "127.0.0.1:0".parse().unwrap();
        let worker = Worker::bind(registry, db.clone(), address, url(ports[1]))
            .await
            .unwrap();
        let (ready, is_ready) = tokio::sync::oneshot::channel();
        let stopped = stop.clone();
        let worker = tokio::spawn(async move {
            worker
                .run(stopped, || ready.send(()).unwrap())
                .await
                .unwrap()
        });
        is_ready.await.unwrap();
        let client = Client::new(db.clone(), url(ports[0])).unwrap();
        Self {
            client,
            db,
            folder,
            ports,
            restate,
            worker,
            stop,
        }
    }

    pub(crate) async fn until(
        &self,
        run_id: &str,
        fits: impl Fn(&run_rows::Model) -> bool,
    ) -> run_rows::Model {
        let waiting = async {
            loop {
                if let Some(details) = runs::show(&self.db, run_id).await.unwrap()
                    && fits(&details.run)
                {
                    return details.run;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::time::timeout(PATIENCE, waiting)
            .await
            .expect("the run does not get there")
    }

    pub(crate) async fn ended(&self, run_id: &str) -> Details {
        self.until(run_id, |run| !run.status.is_open()).await;
        runs::show(&self.db, run_id).await.unwrap().unwrap()
    }

    pub(crate) async fn kill_and_restart_restate(&mut self) {
        self.restate.kill().await.unwrap();
        self.restate = start_restate(&self.folder, self.ports).await;
    }

    /// Ends an invocation from outside; `how` is Restate's word: kill or cancel.
    pub(crate) async fn end_invocation(&self, id: &str, how: &str) {
        let url = url(self.ports[1])
            .join(&format!("invocations/{id}/{how}"))
            .unwrap();
        let answer = reqwest::Client::new().patch(url).send().await.unwrap();
        assert!(answer.status().is_success(), "{answer:?}");
    }

    pub(crate) async fn queue_without_sending<W: Workflow>(
        &self,
        key: &str,
        input: &str,
    ) -> String {
        let row = run_rows::ActiveModel {
            id: Set(format!("run_{key}")),
            workflow: Set(W::NAME.to_owned()),
            key: Set(Some(key.to_owned())),
            status: Set(engine::tables::RunStatus::Queued),
            input: Set(input.to_owned()),
            created_at_ms: Set(0),
            ..Default::default()
        };
        row.insert(&self.db).await.unwrap().id
    }

    /// The reconciler leaves young rows alone.
    pub(crate) async fn age_rows(&self) {
        self.db
            .execute_unprepared("update runs set created_at_ms = 0")
            .await
            .unwrap();
    }

    pub(crate) fn reconciler(&self) -> Reconciler {
        Reconciler::new(self.db.clone(), url(self.ports[1]), self.client.clone()).unwrap()
    }

    pub(crate) async fn stop(mut self) {
        self.stop.cancel();
        self.worker.await.unwrap();
        self.restate.kill().await.unwrap();
    }
}

fn url(port: u16) -> Url {
    format!("http://127.0.0.1:{port}/").parse().unwrap()
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

fn server_binary() -> PathBuf {
    if let Some(path) = std::env::var_os("RESTATE_SERVER_BIN") {
        return path.into();
    }
    let modules =
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tools/restate/node_modules/@restatedev");
    let found = std::fs::read_dir(modules)
        .into_iter()
        .flatten()
        .flatten()
        .map(|e| e.path().join("bin/restate-server"))
        .find(|p| p.exists());
    found.expect(
        "no Restate server: run `cargo xtask test`, which installs it, or set RESTATE_SERVER_BIN",
    )
}

async fn start_restate(folder: &TempDir, [ingress, admin, node]: [u16; 3]) -> Child {
    let config = concat!(env!("CARGO_MANIFEST_DIR"), "/../restate.toml");
    let log = std::fs::File::options()
        .create(true)
        .append(true)
        .open(folder.path().join("restate.log"))
        .unwrap();
    let server = Command::new(server_binary())
        .args(["--config-file", config])
        .env("RESTATE_BASE_DIR", folder.path().join("restate"))
        .env("RESTATE_INGRESS__BIND_PORT", ingress.to_string())
        .env("RESTATE_ADMIN__BIND_PORT", admin.to_string())
        .env("RESTATE_BIND_PORT", node.to_string())
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    for (port, path) in [(admin, "health"), (ingress, "restate/health")] {
        let url = url(port).join(path).unwrap();
        let ready = async {
            while !reqwest::get(url.clone())
                .await
                .is_ok_and(|answer| answer.status().is_success())
            {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::time::timeout(PATIENCE, ready)
            .await
            .expect("Restate does not start; see restate.log");
    }
    server
}
