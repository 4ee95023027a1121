//! A [`Stage`] in a temporary folder, and what a test does to it from outside.

use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;

use engine::reconciler::Reconciler;
use engine::runs::Details;
use engine::tables::runs as run_rows;
use engine::testing::{RestateServer, Stage};
use engine::{Client, EngineError, Registry, RestateUrls, Worker, Workflow};
use sea_orm::{ActiveModelTrait as _, ConnectionTrait as _, Database, DatabaseConnection, Set};
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub(crate) struct Real {
    pub(crate) client: Client,
    pub(crate) db: DatabaseConnection,
    pub(crate) stage: Stage,
    _folder: TempDir,
}

impl Real {
    /// With a SQLite database of its own.
    pub(crate) async fn start(registry: Registry) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("runs.db");
        let db = Database::connect(format!("sqlite://{}?mode=rwc", file.display()))
            .await
            .unwrap();
        Self::in_folder(folder, db, registry).await
    }

    /// With this database.
    pub(crate) async fn on(db: DatabaseConnection, registry: Registry) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self::in_folder(folder, db, registry).await
    }

    async fn in_folder(folder: TempDir, db: DatabaseConnection, registry: Registry) -> Self {
        let restate = RestateServer::start(&server_binary(), folder.path())
            .await
            .unwrap();
        let stage = Stage::start(registry, db.clone(), restate).await.unwrap();
        Self {
            client: stage.client.clone(),
            db,
            stage,
            _folder: folder,
        }
    }

    pub(crate) async fn until(
        &self,
        run_id: &str,
        is_wanted: impl Fn(&run_rows::Model) -> bool,
    ) -> run_rows::Model {
        self.stage.until(run_id, is_wanted).await.unwrap().run
    }

    pub(crate) async fn ended(&self, run_id: &str) -> Details {
        self.stage.ended(run_id).await.unwrap()
    }

    /// Ends an invocation from outside; `how` is Restate's word: kill or cancel.
    pub(crate) async fn end_invocation(&self, id: &str, how: &str) {
        let path = format!("invocations/{id}/{how}");
        let url = self.stage.restate.admin().join(&path).unwrap();
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

    /// Starts one more worker, at this address.
    pub(crate) async fn another_worker(&self, registry: Registry, address: SocketAddr) -> Another {
        let urls = RestateUrls {
            ingress: self.stage.restate.ingress().clone(),
            admin: self.stage.restate.admin().clone(),
        };
        let bound = Worker::bind(registry, self.db.clone(), address, urls).await;
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        let (ready, is_ready) = oneshot::channel();
        let running = bound.unwrap().run(stopped, || ready.send(()).unwrap());
        let serving = tokio::spawn(running);
        is_ready.await.unwrap();
        Another { stop, serving }
    }

    pub(crate) fn reconciler(&self) -> Reconciler {
        let admin = self.stage.restate.admin().clone();
        Reconciler::new(self.db.clone(), admin, self.client.clone()).unwrap()
    }

    pub(crate) async fn stop(self) {
        self.stage.stop().await.unwrap();
    }
}

/// A worker beside that of the stage.
pub(crate) struct Another {
    stop: CancellationToken,
    serving: JoinHandle<Result<(), EngineError>>,
}

impl Another {
    /// As a signal would.
    pub(crate) async fn stop(self) {
        self.stop.cancel();
        self.serving.await.unwrap().unwrap();
    }
}

/// Where a worker can listen, and another one after it.
pub(crate) fn free_address() -> SocketAddr {
    let held = TcpListener::bind("127.0.0.1:0").unwrap();
    held.local_addr().unwrap()
}

pub(crate) fn server_binary() -> PathBuf {
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
