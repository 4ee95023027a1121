//! Which difference is told of a workflow that makes something of failures, and so of differences, too.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{Recording, check};
use crate::ending::{Failure, StepError};
use crate::registry::Registry;
use crate::step::{Step, StepContext};
use crate::{Workflow, WorkflowContext};

/// A step that is in records only.
struct Named<const N: usize>;

const NAMES: [&str; 3] = ["open", "send", "mark"];

impl<const N: usize> Step for Named<N> {
    const NAME: &'static str = NAMES[N];
    type Input = u32;
    type Output = u32;

    async fn run(&self, _cx: &StepContext, _n: u32) -> Result<u32, StepError> {
        panic!("a replay executes nothing")
    }
}

/// Opens and sends; what could not be sent is marked.
struct Sends;

impl Workflow for Sends {
    const NAME: &'static str = "sends";
    type Input = u32;
    type Output = u32;

    async fn run(&self, cx: &WorkflowContext<'_>, n: u32) -> Result<u32, Failure> {
        let n = cx.step(&Arc::new(Named::<0>), n).await?;
        match cx.step(&Arc::new(Named::<1>), n).await {
            Ok(n) => Ok(n),
            Err(_) => cx.step(&Arc::new(Named::<2>), n).await,
        }
    }
}

/// What is told of a run that did these steps, each of which gave this.
async fn difference(workflow: &str, steps: &[&str], gave: &Value) -> Option<String> {
    let story: Vec<Value> = steps
        .iter()
        .zip(1_u32..)
        .map(|(name, seq)| json!({ "seq": seq, "kind": "step", "name": name, "gave": gave }))
        .collect();
    let recording: Recording = serde_json::from_value(json!({
        "runId": "run_1",
        "workflow": workflow,
        "status": "completed",
        "input": 1,
        "story": story,
    }))
    .unwrap();
    let checked = check(&Registry::new().workflow(Sends), recording).await;
    checked.err().map(|found| found.difference)
}

#[tokio::test]
async fn the_first_difference_is_told_whatever_the_workflow_makes_of_it() {
    let cases: [(&[&str], Option<&str>); 7] = [
        (&["open", "send"], None),
        // As far as they go.
        (&["open"], None),
        (&[], None),
        (
            &["shut", "send"],
            Some("the run diverges at place 1: recorded step `shut`, now step `open`"),
        ),
        // The workflow goes on to `mark`, and there is no record of that.
        (
            &["open", "give"],
            Some("the run diverges at place 2: recorded step `give`, now step `send`"),
        ),
        // The same, and the record has something else there.
        (
            &["open", "give", "take"],
            Some("the run diverges at place 2: recorded step `give`, now step `send`"),
        ),
        (
            &["open", "send", "mark"],
            Some("the run diverges at place 3: recorded step `mark`, now the end of the run"),
        ),
    ];
    for (steps, expected) in cases {
        let told = difference("sends", steps, &json!({ "value": 1 })).await;
        assert_eq!(told.as_deref(), expected, "{steps:?}");
    }
}

#[tokio::test]
async fn what_no_longer_reads_is_told_with_its_step() {
    let told = difference("sends", &["open"], &json!({ "value": "one" })).await;
    let told = told.unwrap();
    assert!(told.starts_with("failed to read open as u32"), "{told}");
    assert!(told.contains("invalid type: string"), "{told}");
    let told = difference("receives", &[], &json!("open")).await.unwrap();
    assert!(told.contains("there is no workflow `receives`"), "{told}");
}
