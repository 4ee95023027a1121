//! `release`: a held run goes on, and with it those below it.

use sea_orm::sea_query::{Expr, ExprTrait as _, LikeExpr};
use sea_orm::{ColumnTrait as _, Condition, EntityTrait as _, QueryFilter as _, Set};
use serde_json::Value;

use super::{Applied, OperationError, Operations, is_held};
use crate::controls::Answer;
use crate::error::EngineError;
use crate::tables::{RunStatus, WaitKind, holds, runs, waits};
use crate::waits::answer;

impl Operations {
    pub(super) async fn release(&self, run: &runs::Model) -> Result<Applied, OperationError> {
        holds::Entity::delete_by_id(&run.id)
            .exec(&self.db)
            .await
            .map_err(EngineError::database("release the run"))?;
        let released = Answer {
            by: "release".to_owned(),
            value: Value::Null,
        };
        for wait in self.held_below(&run.id).await? {
            if !is_held(&self.db, &wait.run_id).await? {
                answer(&self.db, self.client.ingress(), &wait, &released).await?;
            }
        }
        if is_held(&self.db, &run.id).await? {
            return Err(OperationError::HeldAbove {
                run_id: run.id.clone(),
            });
        }
        self.say_what_it_does(run).await?;
        Ok(Applied::Released)
    }

    /// The waits of the run and of those below it that a release ends.
    async fn held_below(&self, run_id: &str) -> Result<Vec<waits::Model>, EngineError> {
        // Ids have no `%` or `_` but the one behind `run`.
        let below = LikeExpr::new(format!("{}.%", run_id.replace('_', "\\_"))).escape('\\');
        let of_these = Condition::any()
            .add(waits::Column::RunId.eq(run_id))
            .add(Expr::col(waits::Column::RunId).like(below));
        waits::Entity::find()
            .filter(waits::Column::Kind.eq(WaitKind::Hold))
            .filter(waits::Column::AnsweredAtMs.is_null())
            .filter(of_these)
            .all(&self.db)
            .await
            .map_err(EngineError::database("read which runs wait for a release"))
    }

    /// A run that slept while it was held has not noticed, and says nothing.
    async fn say_what_it_does(&self, run: &runs::Model) -> Result<(), EngineError> {
        let status = match (&run.invocation_id, run.waiting_until_ms) {
            (None, _) => RunStatus::Queued,
            (Some(_), Some(_)) => RunStatus::Waiting,
            (Some(_), None) => RunStatus::Running,
        };
        let row = runs::ActiveModel {
            status: Set(status),
            ..Default::default()
        };
        runs::Entity::update_many()
            .set(row)
            .filter(runs::Column::Id.eq(&run.id))
            .filter(runs::Column::Status.eq(RunStatus::Held))
            .exec(&self.db)
            .await
            .map_err(EngineError::database("say that the run goes on"))?;
        Ok(())
    }
}
