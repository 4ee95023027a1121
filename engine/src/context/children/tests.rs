//! Fan-outs of which something is known, and those that come back with other code.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use futures::FutureExt as _;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::*;
use crate::context::{Means, Mode};
use crate::controls::MemoryControls;
use crate::ending::FailureKind;
use crate::event::Event;
use crate::history::MemoryHistory;
use crate::journal::{MemoryJournals, Records};
use crate::registry::Registry;
use crate::replay::{Recording, check};
use crate::story::Recorded;

#[derive(Serialize, Deserialize, JsonSchema)]
struct Order {
    n: u32,
}

/// The same, some days later.
#[derive(Serialize, Deserialize, JsonSchema)]
struct NewOrder {
    n: u32,
    #[serde(default)]
    quickly: bool,
}

struct Count;

impl Workflow for Count {
    const NAME: &'static str = "count";
    type Input = Order;
    type Output = u32;

    async fn run(&self, _cx: &WorkflowContext<'_>, order: Order) -> Result<u32, Failure> {
        Ok(order.n)
    }
}

struct NewCount;

impl Workflow for NewCount {
    const NAME: &'static str = Count::NAME;
    type Input = NewOrder;
    type Output = u32;

    async fn run(&self, _cx: &WorkflowContext<'_>, order: NewOrder) -> Result<u32, Failure> {
        Ok(order.n)
    }
}

/// Has each of them counted.
struct CountAll;

impl Workflow for CountAll {
    const NAME: &'static str = "count_all";
    type Input = Vec<u32>;
    type Output = usize;

    async fn run(&self, cx: &WorkflowContext<'_>, numbers: Vec<u32>) -> Result<usize, Failure> {
        let results = cx.children::<Count>(orders(&numbers), 2).await?;
        Ok(results.len())
    }
}

fn orders(numbers: &[u32]) -> Vec<Order> {
    numbers.iter().map(|&n| Order { n }).collect()
}

fn exhausted() -> Failure {
    Failure {
        kind: FailureKind::Exhausted,
        code: "busy".to_owned(),
        step: None,
        error: "no".to_owned(),
    }
}

/// Ten times the number; of 0 there is none.
fn answer(call: &Call) -> CallResult {
    let head: RunHead = serde_json::from_slice(&call.body).unwrap();
    match head.input["n"].as_u64() {
        Some(0) => Err(exhausted()),
        n => Ok(Bytes::from((n.unwrap() * 10).to_string())),
    }
}

/// One run, executed as often as a test wants.
struct Run {
    journals: MemoryJournals,
    history: Arc<MemoryHistory>,
    calls: Arc<Mutex<Vec<Bytes>>>,
}

impl Run {
    fn new() -> Self {
        let calls = Arc::<Mutex<Vec<Bytes>>>::default();
        let made = calls.clone();
        let driver = move |call: Call| {
            made.lock().unwrap().push(call.body.clone());
            async move { answer(&call) }.boxed()
        };
        Self {
            journals: MemoryJournals::new(Timestamp::UNIX_EPOCH, Records::new(), driver),
            history: Arc::default(),
            calls,
        }
    }

    /// Goes on from a record, and does nothing but this fan-out.
    async fn execute<W: Workflow<Output = u32>>(
        &self,
        record: Vec<Recorded>,
        inputs: Vec<W::Input>,
    ) -> Result<Vec<Result<u32, Failure>>, String> {
        let head = RunHead {
            run_id: "run_1".to_owned(),
            workflow: CountAll::NAME.to_owned(),
            parent_id: None,
            rerun: None,
            services: BTreeSet::new(),
            input: Value::Null,
        };
        let means = Means {
            history: self.history.clone(),
            controls: Arc::new(MemoryControls::default()),
            settings: Arc::new(Registry::new().settings()),
            stop: CancellationToken::new(),
            under_way: TaskTracker::new(),
        };
        let journal = self.journals.of("run_1");
        let cx = WorkflowContext::new(head, &journal, means);
        cx.remember(record, Mode::GoOn);
        tokio::select! {
            results = cx.children::<W>(inputs, 2) => results.map_err(|failure| failure.to_string()),
            error = cx.given_up.wait() => Err(error.to_string()),
        }
    }

    /// What it entered into its story, in order.
    fn entered(&self) -> Vec<Value> {
        let events = self.history.events().into_iter();
        let values = events.filter_map(|event| match event {
            Event::RunEntered(entered) => entered.value,
            _ => None,
        });
        values
            .map(|value| serde_json::from_str(&value).unwrap())
            .collect()
    }
}

/// A record of one fan-out.
fn fan_out(results: Vec<ChildResult>) -> Vec<Recorded> {
    vec![Recorded {
        seq: 1,
        kind: EntryKind::Children,
        name: Count::NAME.to_owned(),
        gave: Gave::Children(results),
    }]
}

async fn check_entered(
    record: Vec<Recorded>,
    numbers: &[u32],
    results: &[Result<u32, Failure>],
    entered: &[Value],
) {
    let run = Run::new();
    let given = run.execute::<Count>(record, orders(numbers)).await;
    assert_eq!(given.unwrap(), results, "{numbers:?}");
    assert_eq!(run.entered(), entered, "{numbers:?}");
}

#[tokio::test]
async fn the_story_says_of_each_input_who_runs_it_and_what_it_gave() {
    let failed = json!({ "Err": exhausted() });
    check_entered(
        vec![],
        &[1, 0],
        &[Ok(10), Err(exhausted())],
        &[
            json!({ "runIds": ["run_1.1", "run_1.2"], "known": [null, null] }),
            json!({ "gave": { "children": [{ "Ok": 10 }, failed] } }),
        ],
    )
    .await;
    // Of the first one the result is taken over.
    check_entered(
        fan_out(vec![Some(Ok(json!(7))), None, None]),
        &[1, 2, 0],
        &[Ok(7), Ok(20), Err(exhausted())],
        &[
            json!({ "gave": { "children": [{ "Ok": 7 }, null, null] } }),
            json!({
                "runIds": [null, "run_1.2", "run_1.3"],
                "known": [{ "Ok": 7 }, null, null],
            }),
            json!({ "gave": { "children": [{ "Ok": 7 }, { "Ok": 20 }, failed] } }),
        ],
    )
    .await;
    // Without it the story would have a gap.
    let nobody = json!({ "gave": { "children": [] } });
    check_entered(vec![], &[], &[], &[nobody]).await;
}

#[tokio::test]
async fn a_call_is_made_again_as_it_was_first_made() {
    let run = Run::new();
    let first = run.execute::<Count>(vec![], orders(&[1, 2])).await;
    let inputs = [1, 2].map(|n| NewOrder { n, quickly: true });
    let again = run.execute::<NewCount>(vec![], inputs.into()).await;
    assert_eq!(again, first);
    let calls = run.calls.lock().unwrap();
    assert_eq!(calls.len(), 4);
    assert_eq!(calls[..2], calls[2..]);
    let head: RunHead = serde_json::from_slice(&calls[1]).unwrap();
    assert_eq!(head.run_id, "run_1.2");
    assert_eq!(head.input, json!({ "n": 2 }));
}

#[tokio::test]
async fn a_fan_out_of_another_size_is_not_gone_on_with() {
    let run = Run::new();
    run.execute::<Count>(vec![], orders(&[1, 2])).await.unwrap();
    let more = run.execute::<Count>(vec![], orders(&[1, 2, 3])).await;
    assert_eq!(
        more.unwrap_err(),
        "the run diverges at place 1: recorded children `count`, 2 of them, now children `count`, 3 of them"
    );

    let record = fan_out(vec![Some(Ok(json!(10))), None]);
    let taken = Run::new().execute::<Count>(record, orders(&[1])).await;
    assert_eq!(
        taken.unwrap_err(),
        "rerun_diverged: at place 1 the record has children `count`, 2 of them, and the workflow of today comes to children `count`, 1 of them"
    );
}

#[tokio::test]
async fn a_replay_compares_how_many_children_there_are_and_not_what_they_are_given() {
    let ended = [Some(Ok(json!(10))), Some(Err(exhausted()))];
    let under_way = [Some(Ok(json!(10))), None];
    let other = |now: u32| {
        format!(
            "the run diverges at place 1: recorded children `count`, 2 of them, now children `count`, {now} of them"
        )
    };
    let cases: [(&[u32], Option<String>); 4] = [
        (&[1, 0], None),
        (&[5, 6], None),
        (&[1], Some(other(1))),
        (&[1, 0, 3], Some(other(3))),
    ];
    for results in [ended, under_way] {
        for (numbers, expected) in &cases {
            let recording: Recording = serde_json::from_value(json!({
                "runId": "run_1",
                "workflow": CountAll::NAME,
                "status": "running",
                "input": numbers,
                "story": fan_out(results.to_vec()),
            }))
            .unwrap();
            let checked = check(&Registry::new().workflow(CountAll), recording).await;
            let told = checked.err().map(|found| found.difference);
            assert_eq!(told, *expected, "{numbers:?}");
        }
    }
}
