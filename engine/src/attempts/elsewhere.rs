//! An attempt whose work is done by a service of its own, `steps.NAME`, on whichever worker and in
//! whichever language. Rows, delays, limits and history stay here: the service is given the input, and
//! answers with one of the five endings.

use bytes::Bytes;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, value::RawValue};

use super::attempt::Attempt;
use crate::context::{WorkflowContext, encode};
use crate::ending::{Ending, ErrorNote, Failure, Halt, StepError, StepErrorKind, When, add, codes};
use crate::error::EngineError;
use crate::journal::StepCall;
use crate::step::{Step, StepContext};

/// What the name of a step's service begins with.
pub(crate) const SERVICE: &str = "steps.";

/// What a service is asked: the body of the call.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Order {
    pub(crate) run_id: String,
    pub(crate) step: String,
    pub(crate) occurrence: u32,
    pub(crate) attempt: u32,
    /// See [`StepContext::key`].
    pub(crate) key: String,
    pub(crate) deadline_ms: i64,
    pub(crate) input: Box<RawValue>,
}

/// What a service answers.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Report {
    #[serde(flatten)]
    pub(crate) ending: Reported,
    /// Millionths of a US dollar.
    #[serde(default)]
    pub(crate) cost_micro_usd: i64,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(
    tag = "ending",
    rename_all = "snake_case",
    rename_all_fields = "camelCase"
)]
pub(crate) enum Reported {
    Done { output: Value },
    Retry { error: ErrorNote },
    Later { error: ErrorNote, until_ms: i64 },
    Terminal { error: ErrorNote },
    Unknown { error: ErrorNote },
}

/// What the journal keeps of an attempt's beginning.
#[derive(Debug, Serialize, Deserialize)]
struct Begun {
    halt: Option<Halt>,
    started_at_ms: i64,
    executions: u32,
}

impl<S: Step> Attempt<S> {
    /// Three entries: leave and the start row, the call, what follows and the end row.
    pub(super) async fn execute_elsewhere(
        self,
        cx: &WorkflowContext<'_>,
    ) -> Result<Bytes, Failure> {
        let name = self.key.entry_name();
        let begin = Box::pin(self.clone().begin());
        let bytes = cx.entry(format!("{name} begins"), begin).await?;
        let begun: Begun = cx.decode(&name, &bytes).await;
        if let Some(why) = begun.halt {
            return match encode(S::NAME, &Ending::<S::Output>::Halted { why }) {
                Ok(bytes) => Ok(bytes),
                Err(error) => cx.give_up(error).await,
            };
        }
        let started_at = Timestamp::from_millisecond(begun.started_at_ms).unwrap_or_default();
        let step_context = self.step_context(started_at, begun.executions);
        if let Some(ending) = self.cannot_act(&step_context) {
            let end = Box::pin(self.end(step_context, ending));
            return cx.entry(name, end).await;
        }
        let call = match self.call(&step_context) {
            Ok(call) => call,
            Err(error) => cx.give_up(error).await,
        };
        let answer = cx.call_step(call).await?;
        let end = async move {
            let ending = self.read(&step_context, answer);
            self.end(step_context, ending).await
        };
        cx.entry(name, Box::pin(end)).await
    }

    async fn begin(self) -> Result<Bytes, EngineError> {
        let halt = self.admit().await?;
        let started_at = self.clock.now();
        let executions = match halt {
            Some(_) => 0,
            None => self.start(started_at).await?,
        };
        let begun = Begun {
            halt,
            started_at_ms: started_at.as_millisecond(),
            executions,
        };
        encode("the beginning of an attempt", &begun)
    }

    fn call(&self, cx: &StepContext) -> Result<StepCall, EngineError> {
        let what = "the order for a step's service";
        let decode_error = |source| EngineError::Encode {
            what: what.to_owned(),
            source,
        };
        let order = Order {
            run_id: cx.run_id.clone(),
            step: S::NAME.to_owned(),
            occurrence: cx.occurrence,
            attempt: cx.attempt,
            key: cx.key(),
            deadline_ms: cx.deadline().as_millisecond(),
            input: serde_json::from_slice(&self.input).map_err(decode_error)?,
        };
        Ok(StepCall {
            service: format!("{SERVICE}{}", S::NAME),
            key: format!("{}#{}", cx.key(), cx.attempt),
            body: encode(what, &order)?,
            until: add(cx.started_at, self.policy.time_limit),
        })
    }

    /// What the answer is for the attempt; nothing came in time is an answer, too.
    fn read(&self, cx: &StepContext, answer: Option<Result<Bytes, Failure>>) -> Ending<S::Output> {
        let report = match answer {
            None => return self.timed_out(cx),
            Some(Err(failure)) => {
                let error = ErrorNote::text(codes::STEP_UNMAPPED, failure.to_string());
                return self.unmapped(cx, error);
            }
            Some(Ok(bytes)) => serde_json::from_slice::<Report>(&bytes),
        };
        let report = match report {
            Ok(report) => report,
            Err(error) => {
                let error = ErrorNote::new(codes::OUTPUT_INVALID, &error);
                return Ending::Terminal { error };
            }
        };
        cx.add_cost(report.cost_micro_usd);
        let error = |kind, note| self.ending_of(cx, StepError { kind, note }, false);
        match report.ending {
            Reported::Done { output } => match serde_json::from_value(output) {
                Ok(output) => Ending::Done { output },
                Err(error) => Ending::Terminal {
                    error: ErrorNote::new(codes::OUTPUT_INVALID, &error),
                },
            },
            Reported::Retry { error: note } => error(StepErrorKind::Retry, note),
            Reported::Later {
                error: note,
                until_ms,
            } => {
                let at = Timestamp::from_millisecond(until_ms).unwrap_or(Timestamp::MAX);
                error(StepErrorKind::Later(When::At(at)), note)
            }
            Reported::Terminal { error: note } => error(StepErrorKind::Terminal, note),
            Reported::Unknown { error: note } => error(StepErrorKind::Unknown, note),
        }
    }
}
