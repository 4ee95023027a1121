//! Child runs.

use serde_json::Value;

use super::{RunHead, WorkflowContext, encode};
use crate::ending::Failure;
use crate::error::EngineError;
use crate::journal::{Call, CallResult, StepCall};
use crate::story::{Gave, children as run_ids, given};
use crate::tables::EntryKind;
use crate::workflow::Workflow;

impl WorkflowContext<'_> {
    /// Runs one child workflow and waits for its end.
    ///
    /// # Errors
    /// The child's failure, or this run's cancellation.
    pub async fn child<W: Workflow>(&self, input: W::Input) -> Result<W::Output, Failure> {
        match self.children::<W>(vec![input], 1).await?.pop() {
            Some(result) => result,
            None => {
                let workflow = W::NAME;
                self.give_up(EngineError::NoResult { workflow }).await
            }
        }
    }

    /// Runs child workflows, at most `at_most` at once, and gives each one's result in the order of
    /// the inputs.
    ///
    /// # Errors
    /// This run's cancellation; a child's failure is in its own result.
    pub async fn children<W: Workflow>(
        &self,
        inputs: Vec<W::Input>,
        at_most: usize,
    ) -> Result<Vec<Result<W::Output, Failure>>, Failure> {
        let seq = self.next_seq();
        let known = match self.taken(seq, EntryKind::Children, W::NAME)? {
            Some(Gave::Children(results)) => results,
            _ => Vec::new(),
        };
        let mut results: Vec<Option<Result<Value, Failure>>> = known;
        results.resize_with(inputs.len(), || None);
        let mut calls = Vec::new();
        for (input, result) in inputs.into_iter().zip(&results) {
            // Numbered all of them, so that a child's id says which it is.
            match self.call_of::<W>(&input) {
                Ok(call) if result.is_none() => calls.push(call),
                Ok(_) => {}
                Err(error) => self.give_up(error).await,
            }
        }
        if !calls.is_empty() {
            let ids: Vec<String> = calls.iter().map(|call| call.run_id.clone()).collect();
            let is_partial = ids.len() < results.len();
            self.enter(seq, EntryKind::Children, W::NAME, Some(run_ids(&ids)));
            let called = self.call(calls, at_most).await?;
            let mut called = called.into_iter();
            for result in results.iter_mut().filter(|result| result.is_none()) {
                *result = match called.next() {
                    Some(Ok(bytes)) => Some(Ok(self.decode("a child's output", &bytes).await)),
                    Some(Err(failure)) => Some(Err(failure)),
                    None => None,
                };
            }
            if is_partial {
                // Not all of them are children of this run, so their rows do not say it.
                let all = given(&Gave::Children(results.clone()));
                self.enter(seq, EntryKind::Children, W::NAME, Some(all));
            }
        }
        let mut outputs = Vec::with_capacity(results.len());
        for result in results {
            let gave = match result {
                Some(Ok(value)) => Ok(Gave::Value(value)),
                Some(Err(failure)) => Err(failure),
                None => {
                    let workflow = W::NAME;
                    self.give_up(EngineError::NoResult { workflow }).await
                }
            };
            outputs.push(match gave {
                Ok(gave) => self.decode_given("a child's output", gave).await,
                Err(failure) => Err(failure),
            });
        }
        Ok(outputs)
    }

    pub(crate) async fn call_step(&self, call: StepCall) -> Result<Option<CallResult>, Failure> {
        self.check_cancelled()?;
        let _busy = self.only_this().await;
        self.latch(self.journal.call_step(call).await)
    }

    async fn call(&self, calls: Vec<Call>, at_most: usize) -> Result<Vec<CallResult>, Failure> {
        let _busy = self.only_this().await;
        self.latch(self.journal.call(calls, at_most.max(1)).await)
    }

    fn call_of<W: Workflow>(&self, input: &W::Input) -> Result<Call, EngineError> {
        let number = {
            let mut state = self.state();
            state.children += 1;
            state.children
        };
        let run_id = format!("{}.{number}", self.run.run_id);
        let encode_error = |source| EngineError::Encode {
            what: format!("the input of {run_id}"),
            source,
        };
        let head = RunHead {
            run_id: run_id.clone(),
            workflow: W::NAME.to_owned(),
            parent_id: Some(self.run.run_id.clone()),
            rerun: None,
            services: self.run.services.clone(),
            input: serde_json::to_value(input).map_err(encode_error)?,
        };
        let body = encode("a child run's start", &head)?;
        Ok(Call {
            workflow: W::NAME,
            run_id,
            body,
        })
    }
}
