//! `kill`: the run ends at once.

use jiff::Timestamp;

use super::{Applied, OperationError, Operations};
use crate::limits;
use crate::reconciler;
use crate::tables::runs::codes::RUN_KILLED;
use crate::tables::{RunStatus, runs};

impl Operations {
    /// Restate drops the run and those below it. The run cannot say so itself, so its row is written
    /// here; the reconciler writes those below.
    pub(super) async fn kill(&self, run: &runs::Model) -> Result<Applied, OperationError> {
        let invocation_id = self.invocation_of(run).await?;
        self.admin.kill(&invocation_id).await?;
        let reason = "it was killed".to_owned();
        let end = (RunStatus::Killed, RUN_KILLED, reason);
        reconciler::close(&self.db, &run.id, Timestamp::now(), end).await?;
        limits::leave(&self.db, self.client.ingress(), &run.id, None).await?;
        Ok(Applied::Killed)
    }
}
