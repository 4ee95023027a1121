//! Workflows whose types are behind JSON.

use bytes::Bytes;
use futures::FutureExt as _;
use futures::future::BoxFuture;

use super::WorkflowInfo;
use crate::context::{WorkflowContext, encode_and_decode};
use crate::ending::{Failure, codes};
use crate::error::EngineError;
use crate::workflow::Workflow;

/// A workflow whose types are behind JSON.
pub(crate) trait ErasedWorkflow: Send + Sync {
    /// The catalogue's entry.
    fn info(&self) -> WorkflowInfo;
    /// See [`WorkflowInfo::check_input`].
    fn check_input(&self, input: &serde_json::Value) -> Result<(), String>;
    fn run<'a>(&'a self, cx: &'a WorkflowContext<'a>) -> BoxFuture<'a, Result<Bytes, Failure>>;
}

impl<W: Workflow> ErasedWorkflow for W {
    fn info(&self) -> WorkflowInfo {
        WorkflowInfo::of::<W>()
    }

    fn check_input(&self, input: &serde_json::Value) -> Result<(), String> {
        WorkflowInfo::check_input::<W>(input)
    }

    fn run<'a>(&'a self, cx: &'a WorkflowContext<'a>) -> BoxFuture<'a, Result<Bytes, Failure>> {
        async move {
            let input = match serde_json::from_value::<W::Input>(cx.run.input.clone()) {
                Ok(input) => input,
                // The type changed under an open run. That is the code's fault, so the run is not
                // failed: it goes on when the code is mended.
                Err(source) => {
                    let what = format!("the input of {}", W::NAME);
                    let as_type = std::any::type_name::<W::Input>();
                    cx.give_up(EngineError::Decode {
                        what,
                        as_type,
                        source,
                    })
                    .await
                }
            };
            cx.load_story().await?;
            let output = match Workflow::run(self, cx, input).await {
                Ok(output) => output,
                Err(failure) => return Err(cx.end_with(failure).await),
            };
            encode_and_decode(&output).map_err(|error| {
                Failure::terminal(
                    codes::OUTPUT_INVALID,
                    format!(
                        "the output of {} does not come back from JSON: {error}",
                        W::NAME
                    ),
                )
            })
        }
        .boxed()
    }
}
