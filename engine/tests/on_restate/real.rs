//! A [`Stage`] in a temporary folder, and what a test does to it from outside.

use std::path::PathBuf;

use engine::reconciler::Reconciler;
use engine::runs::Details;
use engine::tables::runs as run_rows;
use engine::testing::{RestateServer, Stage};
use engine::{Client, Registry, Workflow};
use sea_orm::{ActiveModelTrait as _, ConnectionTrait as _, Database, DatabaseConnection, Set};
use tempfile::TempDir;

pub(crate) struct Real {
    pub(crate) client: Client,
    pub(crate) db: DatabaseConnection,
    pub(crate) stage: Stage,
    _folder: TempDir,
}

impl Real {
    pub(crate) async fn start(registry: Registry) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("runs.db");
        let db = Database::connect(format!("sqlite://{}?mode=rwc", file.display()))
            .await
            .unwrap();
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

    pub(crate) fn reconciler(&self) -> Reconciler {
        let admin = self.stage.restate.admin().clone();
        Reconciler::new(self.db.clone(), admin, self.client.clone()).unwrap()
    }

    pub(crate) async fn stop(self) {
        self.stage.stop().await.unwrap();
    }
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
