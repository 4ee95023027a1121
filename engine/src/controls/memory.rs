//! The controls in memory, for tests: nothing is limited, and answers are given before they are asked
//! for.

use std::sync::{Mutex, PoisonError};

use futures::FutureExt as _;
use futures::future::BoxFuture;
use serde_json::{Value, json};

use super::{Answer, Ask, Controls, NewWait};
use crate::ending::Halt;
use crate::error::EngineError;
use crate::operations::{RerunPoint, Resolution};
use crate::story::Recorded;
use crate::tables::WaitKind;

/// Answers that wait for their question.
#[derive(Debug, Default)]
pub struct MemoryControls(Mutex<Vec<Prepared>>);

#[derive(Debug)]
struct Prepared {
    /// The step that is parked, or the event's name.
    name: String,
    /// The event's key.
    key: Option<String>,
    answer: Answer,
}

impl MemoryControls {
    /// The next time that this step is parked, or ends unknown, this is decided.
    pub fn resolve(&self, step: &str, resolution: &Resolution) {
        let value = serde_json::to_value(resolution).unwrap_or_default();
        self.prepare(step, None, "a test", value);
    }

    /// An event that is there before anybody waits for it.
    pub fn event(&self, id: &str, name: &str, key: &str, data: Value) {
        self.prepare(name, Some(key.to_owned()), id, json!({ "data": data }));
    }

    fn prepare(&self, name: &str, key: Option<String>, by: &str, value: Value) {
        let answer = Answer {
            by: by.to_owned(),
            value,
        };
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(Prepared {
                name: name.to_owned(),
                key,
                answer,
            });
    }

    fn take(&self, wait: &NewWait) -> Option<Answer> {
        let key = (wait.kind == WaitKind::Event).then_some(&wait.key);
        let mut prepared = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let index = prepared.iter().position(|prepared| {
            prepared.name == wait.name
                && prepared.key.as_ref() == key
                && !wait.had.contains(&prepared.answer.by)
        })?;
        Some(prepared.remove(index).answer)
    }
}

impl Controls for MemoryControls {
    fn admit(&self, _ask: Ask) -> BoxFuture<'static, Result<Option<Halt>, EngineError>> {
        async { Ok(None) }.boxed()
    }

    fn leave(&self, _run_id: String, _holder: String) -> BoxFuture<'static, ()> {
        async {}.boxed()
    }

    fn register(&self, wait: NewWait) -> BoxFuture<'static, Result<Option<Answer>, EngineError>> {
        let answer = self.take(&wait);
        async move { Ok(answer) }.boxed()
    }

    fn recorded(
        &self,
        rerun: RerunPoint,
    ) -> BoxFuture<'static, Result<Vec<Recorded>, EngineError>> {
        async move { Err(EngineError::UnknownRun { run_id: rerun.of }) }.boxed()
    }
}
