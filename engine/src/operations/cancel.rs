//! `cancel`: the run ends in good order.

use super::{Applied, OperationError, Operations};
use crate::error::EngineError;
use crate::tables::runs;

impl Operations {
    /// Restate tells the run at its next operation, and the runs below it. A run that Restate has not
    /// confirmed is sent first: there is one way to end it.
    pub(super) async fn cancel(&self, run: &runs::Model) -> Result<Applied, OperationError> {
        let invocation_id = self.invocation_of(run).await?;
        self.admin.cancel(&invocation_id).await?;
        Ok(Applied::Cancelling)
    }

    /// Restate's id of an open run.
    pub(super) async fn invocation_of(&self, run: &runs::Model) -> Result<String, OperationError> {
        if !run.status.is_open() {
            return Err(OperationError::Ended {
                run_id: run.id.clone(),
                status: run.status,
            });
        }
        match &run.invocation_id {
            Some(id) => Ok(id.clone()),
            // A child is sent by its parent, and says its id as soon as a worker has it.
            None if run.parent_id.is_some() => Err(EngineError::NotConfirmed {
                run_id: run.id.clone(),
            }
            .into()),
            None => Ok(self.client.send(run).await?),
        }
    }
}
