//! Child runs.

use bytes::Bytes;
use serde_json::value::{RawValue, to_raw_value};

use super::story::describe_children;
use super::{RunHead, WorkflowContext, encode};
use crate::ending::Failure;
use crate::error::EngineError;
use crate::journal::{Call, CallResult, StepCall};
use crate::story::{self, ChildResult, Gave, given};
use crate::tables::EntryKind;
use crate::workflow::Workflow;

/// A child run that is to be called.
struct Start {
    run_id: String,
    /// Its [`RunHead`].
    body: Box<RawValue>,
}

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
        let mut results = self.taken_children(seq, W::NAME, inputs.len())?;
        let starts = match self.starts_of::<W>(inputs, &results) {
            Ok(starts) => starts,
            Err(error) => self.give_up(error).await,
        };
        if starts.iter().any(Option::is_some) {
            self.call_missing(seq, W::NAME, starts, at_most, &mut results)
                .await?;
        }
        // As this run has it: the rows of the children do not say which sort of failure each was, and
        // of no children at all there are none.
        let all = given(&Gave::Children(results.clone()));
        self.enter(seq, EntryKind::Children, W::NAME, Some(all));
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

    /// Calls the children that have no result yet, and fills in what each one gave.
    async fn call_missing(
        &self,
        seq: u32,
        workflow: &'static str,
        starts: Vec<Option<Start>>,
        at_most: usize,
        results: &mut [ChildResult],
    ) -> Result<(), Failure> {
        let run_ids: Vec<Option<String>> = starts
            .iter()
            .map(|start| Some(start.as_ref()?.run_id.clone()))
            .collect();
        let under_way = story::called(&run_ids, results);
        self.enter(seq, EntryKind::Children, workflow, Some(under_way));
        let starts = starts.into_iter().flatten().collect();
        let calls = self.as_first_made(seq, workflow, starts).await?;
        let mut called = self.call(calls, at_most).await?.into_iter();
        for result in results.iter_mut().filter(|result| result.is_none()) {
            *result = match called.next() {
                Some(Ok(bytes)) => Some(Ok(self.decode("a child's output", &bytes).await)),
                Some(Err(failure)) => Some(Err(failure)),
                None => None,
            };
        }
        Ok(())
    }

    /// The calls with the bodies that they had when they were first made: Restate compares them byte by
    /// byte at a replay, and the code of today may give a child something else, or a field more.
    async fn as_first_made(
        &self,
        seq: u32,
        workflow: &'static str,
        starts: Vec<Start>,
    ) -> Result<Vec<Call>, Failure> {
        let what = "the starts of child runs";
        let (run_ids, bodies): (Vec<String>, Vec<Box<RawValue>>) = starts
            .into_iter()
            .map(|start| (start.run_id, start.body))
            .unzip();
        let closure = Box::pin(async move { encode(what, &bodies) });
        let bytes = self.entry(format!("children {workflow}"), closure).await?;
        let bodies: Vec<Box<RawValue>> = self.decode(what, &bytes).await;
        if bodies.len() != run_ids.len() {
            let diverged = EngineError::Diverged {
                index: seq as usize,
                recorded: describe_children(workflow, bodies.len()),
                now: describe_children(workflow, run_ids.len()),
            };
            return self.give_up(diverged).await;
        }
        let call = |(run_id, body): (String, Box<RawValue>)| Call {
            workflow,
            run_id,
            body: Bytes::from(body.get().to_owned()),
        };
        Ok(run_ids.into_iter().zip(bodies).map(call).collect())
    }

    pub(crate) async fn call_step(&self, call: StepCall) -> Result<Option<CallResult>, Failure> {
        self.check_cancelled()?;
        let _busy = self.only_this().await;
        self.latch(self.wait_settled(self.journal.call_step(call)).await)
    }

    async fn call(&self, calls: Vec<Call>, at_most: usize) -> Result<Vec<CallResult>, Failure> {
        let _busy = self.only_this().await;
        let results = self.journal.call(calls, at_most.max(1));
        self.latch(self.wait_settled(results).await)
    }

    /// One for each input whose result is not known.
    fn starts_of<W: Workflow>(
        &self,
        inputs: Vec<W::Input>,
        results: &[ChildResult],
    ) -> Result<Vec<Option<Start>>, EngineError> {
        let mut starts = Vec::with_capacity(inputs.len());
        for (input, result) in inputs.iter().zip(results) {
            // Numbered all of them, so that a child's id says which it is.
            let run_id = self.next_child();
            starts.push(match result {
                None => Some(self.start_of::<W>(run_id, input)?),
                Some(_) => None,
            });
        }
        Ok(starts)
    }

    fn start_of<W: Workflow>(
        &self,
        run_id: String,
        input: &W::Input,
    ) -> Result<Start, EngineError> {
        let what = format!("the input of {run_id}");
        let encode_error = |source| EngineError::Encode { what, source };
        let input = serde_json::to_value(input).map_err(encode_error)?;
        let head = RunHead {
            run_id: run_id.clone(),
            workflow: W::NAME.to_owned(),
            parent_id: Some(self.run.run_id.clone()),
            rerun: None,
            services: self.run.services.clone(),
            input,
        };
        let body = to_raw_value(&head).map_err(|source| EngineError::Encode {
            what: "a child run's start".to_owned(),
            source,
        })?;
        Ok(Start { run_id, body })
    }

    fn next_child(&self) -> String {
        let mut state = self.state();
        state.children += 1;
        format!("{}.{}", self.run.run_id, state.children)
    }
}

#[cfg(test)]
mod tests;
