//! A step where workflows run.

use std::sync::Arc;

use crate::context::WorkflowContext;
use crate::ending::Failure;
use crate::step::Step;
use crate::workflow::Workflow;

/// The workflow that is one step and nothing else, under the step's name: for running a step with
/// all its attempts in a [`Lab`](super::Lab) or on a [`Stage`](super::Stage).
pub struct Alone<S>(pub Arc<S>);

impl<S: Step> Workflow for Alone<S> {
    const NAME: &'static str = S::NAME;
    type Input = S::Input;
    type Output = S::Output;

    async fn run(&self, cx: &WorkflowContext<'_>, input: S::Input) -> Result<S::Output, Failure> {
        cx.step(&self.0, input).await
    }
}
