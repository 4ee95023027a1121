//! A step in TypeScript: `remote_step/translate.ts`, served by Node.js, in a run of a workflow in Rust.
//!
//! A step with the placement `service` is called as the Restate service `steps.NAME`, wherever that is.
//! It answers with one of the five endings; attempts, delays, history and limits stay with the engine,
//! and the workflow does not see the difference. Needs a Restate server (`RESTATE_SERVER_BIN`) and the
//! compiled step (`FLYWHEEL_REMOTE_STEP`); `cargo xtask test` installs and makes both.

mod stage;

use std::collections::BTreeMap;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use engine::limits::Limits;
use engine::policy::{Placement, PolicyOverride};
use engine::registry::StepInfo;
use engine::testing::RestateServer;
use engine::{Failure, Policy, Registry, Step, StepContext, StepError, Workflow, WorkflowContext};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

/// What the engine has to know of a step that is elsewhere: its name, its types, its policy.
struct Translate;

/// What a customer is told, and in which language.
#[derive(Serialize, Deserialize, JsonSchema)]
struct Message {
    text: String,
    language: String,
}

impl Step for Translate {
    const NAME: &'static str = "translate";
    type Input = Message;
    type Output = String;

    fn policy() -> Policy {
        Policy {
            first_delay: Duration::from_millis(50),
            ..Policy::default()
        }
    }

    /// Only executed where the placement is `inline`.
    async fn run(&self, _cx: &StepContext, _message: Message) -> Result<String, StepError> {
        let problem = "this step is served by Node.js";
        Err(StepError::terminal("step_elsewhere", problem))
    }
}

/// Tells a customer something.
struct Tell(Arc<Translate>);

impl Workflow for Tell {
    const NAME: &'static str = "tell";
    type Input = Message;
    type Output = String;

    async fn run(&self, cx: &WorkflowContext<'_>, message: Message) -> Result<String, Failure> {
        cx.step(&self.0, message).await
    }
}

/// Tells two customers something, and what became of it.
///
/// # Errors
/// If there is no server or no Node.js, or a run does not come to its end.
pub async fn run() -> anyhow::Result<Vec<String>> {
    let folder = tempfile::tempdir()?;
    // In `flywheel.toml` this is `placement = "service"` under `[steps.translate]`.
    let elsewhere = PolicyOverride {
        placement: Some(Placement::Service),
        ..PolicyOverride::default()
    };
    let overrides = BTreeMap::from([(Translate::NAME.to_owned(), elsewhere)]);
    let registry = Registry::new()
        .steps([StepInfo::of::<Translate>()])
        .workflow(Tell(Arc::new(Translate)))
        .configured(&overrides, Limits::default())?;
    let stage = stage::open(registry, folder.path()).await?;
    let _node = serve(&stage.restate).await?;

    let mut told = Vec::new();
    for language in ["de", "xx"] {
        let message = Message {
            text: "your order is on its way".to_owned(),
            language: language.to_owned(),
        };
        let started = stage.client.start::<Tell>(language, &message).await?;
        told.extend(stage::story(&stage.ended(&started.run_id).await?));
    }
    stage.stop().await?;
    Ok(told)
}

/// Starts the step, and tells Restate where it is. It ends with what this gives.
async fn serve(restate: &RestateServer) -> anyhow::Result<Child> {
    let program = std::env::var_os("FLYWHEEL_REMOTE_STEP").context(
        "FLYWHEEL_REMOTE_STEP does not name the compiled step; `cargo xtask test` makes it in \
         target/remote-step",
    )?;
    let mut node = Command::new("node")
        .arg(program)
        .env("PORT", "0")
        // The rest of its log goes to stdout, where nobody reads on.
        .env("RESTATE_LOGGING", "WARN")
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .context("start `node`")?;
    let stdout = node.stdout.take().context("node has no stdout")?;
    let line = BufReader::new(stdout).lines().next_line().await?;
    let line = line.context("node ended before it was ready")?;
    let address = line.strip_prefix("ready ").context(line.clone())?;
    let client = reqwest::Client::builder().no_proxy().build()?;
    let registered = client
        .post(restate.admin().join("deployments")?)
        .json(&json!({ "uri": address }))
        .send()
        .await?;
    registered.error_for_status()?;
    Ok(node)
}

#[tokio::main]
#[expect(clippy::print_stdout, reason = "this is what the example is for")]
async fn main() -> anyhow::Result<()> {
    println!("{}", run().await?.join("\n"));
    Ok(())
}
