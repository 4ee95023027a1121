//! An attempt whose work is done by a service of its own, `steps.NAME`, on whichever worker and in
//! whichever language. Rows, delays, limits and history stay here: the service is given the input, and
//! answers with one of the five endings.

use bytes::Bytes;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, value::RawValue};

use super::attempt::Attempt;
use super::instant;
use crate::context::{WorkflowContext, encode};
use crate::ending::{Ending, ErrorNote, Failure, StepError, StepErrorKind, When, codes};
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

/// What the journal keeps of an attempt's beginning: what follows from it, to the last byte. Restate
/// compares each call with the one in its journal, so a replay under another policy, or with other
/// types, must not make another one.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Begun {
    /// Nobody is called: the ending.
    Ended(Box<RawValue>),
    /// The service is.
    Called(Called),
}

#[derive(Debug, Serialize, Deserialize)]
struct Called {
    started_at_ms: i64,
    executions: u32,
    /// When the answer is given up, unix milliseconds.
    until_ms: i64,
    /// An [`Order`], as it is sent.
    order: Box<RawValue>,
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
        let called = match cx.decode::<Begun>(&name, &bytes).await {
            Begun::Ended(ending) => return Ok(bytes_of(&ending)),
            Begun::Called(called) => called,
        };
        let step_context = self.step_context(instant(called.started_at_ms), called.executions);
        let call = StepCall {
            service: format!("{SERVICE}{}", S::NAME),
            key: format!("{}#{}", step_context.key(), step_context.attempt),
            body: bytes_of(&called.order),
            until: instant(called.until_ms),
        };
        let answer = cx.call_step(call).await?;
        let end = async move {
            let ending = self.read(&step_context, answer);
            self.end(step_context, ending).await
        };
        cx.entry(name, Box::pin(end)).await
    }

    async fn begin(self) -> Result<Bytes, EngineError> {
        let what = "the beginning of an attempt";
        if let Some(why) = self.admit().await? {
            let ending = encode(S::NAME, &Ending::<S::Output>::Halted { why })?;
            return encode(what, &Begun::Ended(raw(&ending)?));
        }
        let started_at = self.clock.now();
        let executions = self.start(started_at, true).await?;
        let cx = self.step_context(started_at, executions);
        if let Some(ending) = self.cannot_act(&cx) {
            let ending = self.end(cx, ending).await?;
            return encode(what, &Begun::Ended(raw(&ending)?));
        }
        let called = Called {
            started_at_ms: started_at.as_millisecond(),
            executions,
            until_ms: cx.deadline().as_millisecond(),
            order: self.order(&cx)?,
        };
        encode(what, &Begun::Called(called))
    }

    fn order(&self, cx: &StepContext) -> Result<Box<RawValue>, EngineError> {
        let order = Order {
            run_id: cx.run_id.clone(),
            step: S::NAME.to_owned(),
            occurrence: cx.occurrence,
            attempt: cx.attempt,
            key: cx.key(),
            deadline_ms: cx.deadline().as_millisecond(),
            input: raw(&self.input)?,
        };
        serde_json::value::to_raw_value(&order).map_err(not_encoded)
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

fn raw(json: &[u8]) -> Result<Box<RawValue>, EngineError> {
    serde_json::from_slice(json).map_err(not_encoded)
}

fn bytes_of(json: &RawValue) -> Bytes {
    Bytes::copy_from_slice(json.get().as_bytes())
}

fn not_encoded(source: serde_json::Error) -> EngineError {
    EngineError::Encode {
        what: "the order for a step's service".to_owned(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(begun: &Begun, expected: &str) {
        let journaled = encode("a test", begun).unwrap();
        let json = match serde_json::from_slice::<Begun>(&journaled).unwrap() {
            Begun::Ended(ending) => ending,
            Begun::Called(called) => called.order,
        };
        assert_eq!(bytes_of(&json), expected);
    }

    #[test]
    fn what_was_journaled_is_sent_byte_for_byte() {
        // No type of today would write it so.
        let json = r#"{"b": 1.50, "a":null}"#;
        let called = Called {
            started_at_ms: 1,
            executions: 1,
            until_ms: 2,
            order: raw(json.as_bytes()).unwrap(),
        };
        check(&Begun::Called(called), json);
        check(&Begun::Ended(raw(json.as_bytes()).unwrap()), json);
    }
}
