//! `resolve`: a person decides about a parked step.

use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _};

use super::{Actor, Applied, OperationError, Operations, Resolution};
use crate::controls::Answer;
use crate::error::EngineError;
use crate::tables::{WaitKind, runs, waits};
use crate::waits::{Given, answer};

impl Operations {
    pub(super) async fn resolve(
        &self,
        run: &runs::Model,
        resolution: &Resolution,
        by: &Actor,
    ) -> Result<Applied, OperationError> {
        // A run that was cancelled while it was parked has left its question behind.
        if !run.status.is_open() {
            return Err(OperationError::Ended {
                run_id: run.id.clone(),
                status: run.status,
            });
        }
        let Some(wait) = self.parked_at(&run.id).await? else {
            return Err(OperationError::NotParked {
                run_id: run.id.clone(),
                status: run.status,
            });
        };
        if let Resolution::Skip { output } = resolution {
            self.registry
                .check_output(&wait.name, output)
                .map_err(|problem| OperationError::DoesNotFit {
                    what: "output",
                    of: wait.name.clone(),
                    problem,
                })?;
        }
        let decision = Answer {
            by: by.who.clone(),
            value: serde_json::to_value(resolution).map_err(|source| EngineError::Encode {
                what: "the decision".to_owned(),
                source,
            })?,
        };
        match answer(&self.db, self.client.ingress(), &wait, &decision).await? {
            Given::Late => Err(OperationError::Decided {
                run_id: run.id.clone(),
            }),
            Given::Delivered | Given::Kept => Ok(Applied::Resolved { step: wait.name }),
        }
    }

    async fn parked_at(&self, run_id: &str) -> Result<Option<waits::Model>, EngineError> {
        waits::Entity::find()
            .filter(waits::Column::RunId.eq(run_id))
            .filter(waits::Column::Kind.is_in([WaitKind::Park, WaitKind::Unknown]))
            .filter(waits::Column::AnsweredAtMs.is_null())
            .order_by_desc(waits::Column::SinceMs)
            .one(&self.db)
            .await
            .map_err(EngineError::database("read where the run is parked"))
    }
}
