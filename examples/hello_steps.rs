//! A workflow that has nothing to do with video: look a name up, wait an hour, greet. In memory the
//! hour is skipped; on Restate a worker runs it: see `engine/tests/on_restate/real_server.rs`.

use std::sync::Arc;

use engine::testing::Lab;
use engine::{Failure, Registry, Step, StepContext, StepError, Workflow, WorkflowContext};
use jiff::{SignedDuration, Timestamp};

struct LookUp;

impl Step for LookUp {
    const NAME: &'static str = "look_up";
    type Input = u32;
    type Output = String;

    async fn run(&self, cx: &StepContext, id: u32) -> Result<String, StepError> {
        match (id, cx.attempt()) {
            (0, _) => Err(StepError::terminal("nobody", "nobody has the number 0")),
            (_, 1) => Err(StepError::retry("busy", "the directory is busy at first")),
            _ => Ok(format!("number {id}")),
        }
    }
}

struct Greet;

impl Step for Greet {
    const NAME: &'static str = "greet";
    type Input = String;
    type Output = String;

    async fn run(&self, _cx: &StepContext, name: String) -> Result<String, StepError> {
        Ok(format!("Hello, {name}!"))
    }
}

struct Hello(Arc<LookUp>, Arc<Greet>);

impl Workflow for Hello {
    const NAME: &'static str = "hello";
    type Input = u32;
    type Output = String;

    async fn run(&self, cx: &WorkflowContext<'_>, id: u32) -> Result<String, Failure> {
        let name = cx.step(&self.0, id).await?;
        cx.tag("name", name.as_str());
        let later = cx.now().await? + SignedDuration::from_hours(1);
        cx.sleep("a polite pause", later).await?;
        cx.step(&self.1, name).await
    }
}

/// Runs the workflow and gives the story of the run, ending in the greeting.
async fn story(id: u32) -> anyhow::Result<Vec<String>> {
    let hello = Hello(Arc::new(LookUp), Arc::new(Greet));
    let lab = Lab::new(Registry::new().workflow(hello), Timestamp::UNIX_EPOCH);
    let greeting = lab.run::<Hello>("run_1", &id).await?;
    Ok([lab.history().story(), vec![greeting]].concat())
}

#[tokio::main]
#[expect(clippy::print_stdout, reason = "this is what the example is for")]
async fn main() -> anyhow::Result<()> {
    println!("{}", story(7).await?.join("\n"));
    Ok(())
}

#[tokio::test]
async fn a_busy_directory_is_asked_again_and_then_it_greets() {
    insta::assert_snapshot!(story(7).await.unwrap().join("\n"), @"
    look_up#1 retry (busy)
    wait: look_up: retry after busy
    look_up#2 done
    wait: a polite pause
    greet#1 done
    Hello, number 7!
    ");
}
