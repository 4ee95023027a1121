//! A workflow: the story of one run, told as plain async code over steps, waits and child runs.

use std::future::Future;

use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::context::WorkflowContext;
use crate::ending::Failure;

/// One kind of run. Its steps are fields (`Arc<MyStep>`).
///
/// `run` is replayed after every crash and long wait: it must do the same things in the same order
/// for the same journal. No I/O, no clock, no randomness, no spawning; those live in steps and in
/// what [`WorkflowContext`] offers.
pub trait Workflow: Send + Sync + 'static {
    /// Durable name, `snake_case`: the name of the service on Restate and in every row.
    const NAME: &'static str;
    /// What a run is given; kept as JSON.
    type Input: Serialize + DeserializeOwned + JsonSchema + Send + 'static;
    /// What a run gives back; kept as JSON.
    type Output: Serialize + DeserializeOwned + JsonSchema + Send + 'static;

    /// The story.
    ///
    /// # Errors
    /// The [`Failure`] that ends the run.
    fn run(
        &self,
        cx: &WorkflowContext<'_>,
        input: Self::Input,
    ) -> impl Future<Output = Result<Self::Output, Failure>> + Send;
}
