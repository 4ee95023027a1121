//! Two steps and a workflow that have nothing to do with video: look a name up, wait an hour, greet.
//!
//! `cargo run --example hello_steps` runs it in memory and skips the hour. The same types run on a
//! real Restate server with `engine::Worker` (see `engine/tests/real_server.rs`).

use std::sync::Arc;
use std::time::Duration;

use engine::testing::Lab;
use engine::{Failure, Policy, Registry, Step, StepContext, StepError, Workflow, WorkflowContext};
use jiff::{SignedDuration, Timestamp};

/// Finds out whom to greet.
struct LookUp;

impl Step for LookUp {
    const NAME: &'static str = "look_up";
    type Input = u32;
    type Output = String;

    async fn run(&self, cx: &StepContext, id: u32) -> Result<String, StepError> {
        match (id, cx.attempt()) {
            (0, _) => Err(StepError::terminal(
                "nobody",
                "there is nobody with the number 0",
            )),
            (_, 1) => Err(StepError::retry(
                "directory_busy",
                "the directory is always busy at first",
            )),
            _ => Ok(format!("number {id}")),
        }
    }

    fn policy() -> Policy {
        Policy {
            first_delay: Duration::from_millis(10),
            ..Policy::default()
        }
    }
}

/// Says hello.
struct Greet;

impl Step for Greet {
    const NAME: &'static str = "greet";
    type Input = String;
    type Output = String;

    async fn run(&self, _cx: &StepContext, name: String) -> Result<String, StepError> {
        Ok(format!("Hello, {name}!"))
    }
}

/// Looks up, waits, greets.
struct Hello {
    look_up: Arc<LookUp>,
    greet: Arc<Greet>,
}

impl Workflow for Hello {
    const NAME: &'static str = "hello";
    type Input = u32;
    type Output = String;

    async fn run(&self, cx: &WorkflowContext<'_>, id: u32) -> Result<String, Failure> {
        let name = cx.step(&self.look_up, id).await?;
        cx.tag("name", name.as_str());
        let later = cx.now().await? + SignedDuration::from_hours(1);
        cx.sleep("a polite pause", later).await?;
        cx.step(&self.greet, name).await
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let hello = Hello {
        look_up: Arc::new(LookUp),
        greet: Arc::new(Greet),
    };
    let lab = Lab::new(Registry::new().workflow(hello), Timestamp::UNIX_EPOCH);
    let greeting = lab.run::<Hello>("run_1", &7).await?;
    anyhow::ensure!(
        greeting == "Hello, number 7!",
        "an odd greeting: {greeting}"
    );
    for line in lab.history().story() {
        tracing::info!("{line}");
    }
    Ok(())
}
