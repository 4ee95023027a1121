//! The one workflow: it does what its program says.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use engine::limits::{LimitRule, Limits};
use engine::registry::StepInfo;
use engine::{EngineError, Failure, FailureKind, Registry, Workflow, WorkflowContext};
use jiff::SignedDuration;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::act::{AT_ONCE, Act, Kind};
use crate::ledger::Ledger;
use crate::program::{Event, Op, Program};
use crate::step::Acting;

/// Longer than any chaos: an event that is lost makes its run late, and that is seen.
const EVENT_COMES_WITHIN: Duration = Duration::from_secs(60 * 60);

/// What an operation gave, in the run's output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Said {
    /// A step's output.
    Done(String),
    /// A step's failure: see [`word`].
    Failed(String),
    /// An event's data; nothing if it did not come.
    Event(Option<String>),
    /// Unix milliseconds.
    Now(i64),
    Children(Vec<ChildSaid>),
    Nothing,
}

/// What a child run gave its parent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ChildSaid {
    Output(Vec<Said>),
    Failed(String),
}

/// What sort of failure it is, as the model says it.
fn word(kind: FailureKind) -> String {
    let word = match kind {
        FailureKind::Terminal => "terminal",
        FailureKind::Exhausted => "exhausted",
        FailureKind::Unknown => "unknown",
        FailureKind::Cancelled => "cancelled",
    };
    word.to_owned()
}

/// See the module.
pub(crate) struct Interpreter {
    plain: Arc<Acting<{ Kind::Plain as usize }>>,
    hasty: Arc<Acting<{ Kind::Hasty as usize }>>,
    failing: Arc<Acting<{ Kind::Failing as usize }>>,
    parking: Arc<Acting<{ Kind::Parking as usize }>>,
    narrow: Arc<Acting<{ Kind::Narrow as usize }>>,
    once: Arc<Acting<{ Kind::Once as usize }>>,
    blind: Arc<Acting<{ Kind::Blind as usize }>>,
    undo: Arc<Acting<{ Kind::Undo as usize }>>,
}

/// What a worker serves, and what the operations check answers against.
pub(crate) fn registry(ledger: &Ledger) -> Result<Registry, EngineError> {
    let two_at_once = LimitRule {
        pattern: "account:*".to_owned(),
        at_once: Some(AT_ONCE),
        rate: None,
    };
    let limits: Limits = [two_at_once].into_iter().collect();
    Registry::new()
        .steps([
            StepInfo::of::<Acting<{ Kind::Plain as usize }>>(),
            StepInfo::of::<Acting<{ Kind::Hasty as usize }>>(),
            StepInfo::of::<Acting<{ Kind::Failing as usize }>>(),
            StepInfo::of::<Acting<{ Kind::Parking as usize }>>(),
            StepInfo::of::<Acting<{ Kind::Narrow as usize }>>(),
            StepInfo::of::<Acting<{ Kind::Once as usize }>>(),
            StepInfo::of::<Acting<{ Kind::Blind as usize }>>(),
            StepInfo::of::<Acting<{ Kind::Undo as usize }>>(),
        ])
        .workflow(Interpreter::new(ledger))
        .configured(&BTreeMap::new(), limits)
}

impl Workflow for Interpreter {
    const NAME: &'static str = "interpret";
    type Input = Program;
    type Output = Vec<Said>;

    async fn run(&self, cx: &WorkflowContext<'_>, program: Program) -> Result<Vec<Said>, Failure> {
        let mut said = Vec::with_capacity(program.ops.len());
        for (at, op) in program.ops.into_iter().enumerate() {
            let result = self.follow(cx, op).await;
            said.push(result.map_err(|failure| happened_at(at, failure))?);
        }
        Ok(said)
    }
}

/// The same, and says at which operation the run ended.
fn happened_at(at: usize, failure: Failure) -> Failure {
    Failure {
        error: format!("op {at}: {}", failure.error),
        ..failure
    }
}

/// The operation at which a run ended, from its error.
pub(crate) fn place(error: &str) -> Option<usize> {
    error.strip_prefix("op ")?.split(':').next()?.parse().ok()
}

impl Interpreter {
    fn new(ledger: &Ledger) -> Self {
        Self {
            plain: Arc::new(Acting(ledger.clone())),
            hasty: Arc::new(Acting(ledger.clone())),
            failing: Arc::new(Acting(ledger.clone())),
            parking: Arc::new(Acting(ledger.clone())),
            narrow: Arc::new(Acting(ledger.clone())),
            once: Arc::new(Acting(ledger.clone())),
            blind: Arc::new(Acting(ledger.clone())),
            undo: Arc::new(Acting(ledger.clone())),
        }
    }

    async fn follow(&self, cx: &WorkflowContext<'_>, op: Op) -> Result<Said, Failure> {
        match op {
            Op::Step { act, or_end } => match self.step(cx, act).await {
                Ok(output) => Ok(Said::Done(output)),
                Err(failure) if or_end || failure.kind == FailureKind::Cancelled => Err(failure),
                Err(failure) => Ok(Said::Failed(word(failure.kind))),
            },
            Op::Children { programs, at_most } => {
                let results = cx.children::<Self>(programs, at_most).await?;
                let said = results.into_iter().map(|result| match result {
                    Ok(output) => ChildSaid::Output(output),
                    Err(failure) => ChildSaid::Failed(word(failure.kind)),
                });
                Ok(Said::Children(said.collect()))
            }
            Op::Event(event) => {
                let data = cx
                    .wait_for_event::<String>(Event::NAME, &event.key, EVENT_COMES_WITHIN)
                    .await?;
                Ok(Said::Event(data))
            }
            Op::Sleep { ms } => {
                let until = cx.now().await? + SignedDuration::from_millis(i64::from(ms));
                cx.sleep("a while", until).await?;
                Ok(Said::Nothing)
            }
            Op::Now => Ok(Said::Now(cx.now().await?.as_millisecond())),
            Op::Tag { key, value } => {
                cx.tag(&key, value);
                Ok(Said::Nothing)
            }
            Op::OnCancel(act) => {
                cx.on_cancel(&self.undo, act);
                Ok(Said::Nothing)
            }
        }
    }

    async fn step(&self, cx: &WorkflowContext<'_>, act: Act) -> Result<String, Failure> {
        match act.kind {
            Kind::Plain => cx.step(&self.plain, act).await,
            Kind::Hasty => cx.step(&self.hasty, act).await,
            Kind::Failing => cx.step(&self.failing, act).await,
            Kind::Parking => cx.step(&self.parking, act).await,
            Kind::Narrow => cx.step(&self.narrow, act).await,
            Kind::Once => cx.step(&self.once, act).await,
            Kind::Blind => cx.step(&self.blind, act).await,
            Kind::Undo => cx.step(&self.undo, act).await,
        }
    }
}
