//! `rerun`: a new run that takes over what lies before a point of another one.

use sea_orm::{
    ActiveModelTrait as _, Set, SqliteTransactionMode, TransactionOptions, TransactionTrait as _,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::reruns::open_beside;
use super::{Applied, OperationError, Operations, Rerun};
use crate::error::EngineError;
use crate::story::{self, Recorded};
use crate::tables::{EntryKind, RunStatus, runs};

/// From where a run goes on; kept in its row, and in the call that starts it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RerunPoint {
    /// The run before.
    pub(crate) of: String,
    /// The first step that is executed; nothing: all of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) from: Option<FromStep>,
    /// The input of that step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) input: Option<Value>,
    /// The output of that step, which is not executed then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) output: Option<Value>,
    /// Only the failed children of the last fan-out that has any.
    #[serde(default)]
    pub(crate) failed_children: bool,
}

/// A step by its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FromStep {
    pub(crate) seq: u32,
    /// `name`, or `name@occurrence`.
    pub(crate) step: String,
}

impl Operations {
    /// Works on every run that has ended, for as long as we keep its history; one rerun at a time.
    pub(super) async fn rerun(
        &self,
        run: &runs::Model,
        rerun: &Rerun,
    ) -> Result<Applied, OperationError> {
        if run.status.is_open() {
            return Err(OperationError::StillOpen {
                run_id: run.id.clone(),
                status: run.status,
            });
        }
        let point = self.point(run, rerun).await?;
        // Now, where somebody reads the error, and not in the new run.
        story::before(&self.db, &point).await?;
        let input = match (&rerun.input, &point.from) {
            (Some(input), None) => input.to_string(),
            _ => run.input.clone(),
        };
        let point = serde_json::to_string(&point).map_err(|source| EngineError::Encode {
            what: "the point of a rerun".to_owned(),
            source,
        })?;
        let row = runs::ActiveModel {
            id: Set(format!("run_{}", Uuid::now_v7().simple())),
            workflow: Set(run.workflow.clone()),
            status: Set(RunStatus::Queued),
            input: Set(input),
            created_at_ms: Set(jiff::Timestamp::now().as_millisecond()),
            rerun_of: Set(Some(run.id.clone())),
            rerun: Set(Some(point)),
            ..Default::default()
        };
        let row = self.queue(run, row).await?;
        if let Err(error) = self.client.send(&row).await {
            // It is queued: to say no now would make people ask for a second one.
            tracing::warn!(
                run.id = row.id,
                error = &error as &dyn std::error::Error,
                "Restate has not taken the rerun yet; the reconciler sends it again."
            );
        }
        Ok(Applied::Rerun { run_id: row.id })
    }

    /// Writes the new run's row, unless a run that goes on from the same one is open: of two who ask
    /// at the same time the second one is refused.
    ///
    /// A lock and not a unique index: a run that was closed as gone may speak again, and its rows must
    /// not be refused because another one has been started since.
    async fn queue(
        &self,
        run: &runs::Model,
        row: runs::ActiveModel,
    ) -> Result<runs::Model, OperationError> {
        let failed = || EngineError::database("queue the rerun");
        let locking = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        let transaction = self.db.begin_with_options(locking).await;
        let transaction = transaction.map_err(failed())?;
        if let Some((run_id, status)) = open_beside(&transaction, run).await? {
            return Err(OperationError::StillOpen { run_id, status });
        }
        let row = row.insert(&transaction).await.map_err(failed())?;
        transaction.commit().await.map_err(failed())?;
        Ok(row)
    }

    async fn point(&self, run: &runs::Model, rerun: &Rerun) -> Result<RerunPoint, OperationError> {
        let contradiction = match (&rerun.from, &rerun.input, &rerun.output) {
            (_, Some(_), Some(_)) => Some("give an input or an output, not both"),
            (None, _, Some(_)) => Some("an output belongs to a step: say which with --from"),
            (Some(_), _, _) if rerun.failed_children => {
                Some("failed child runs are found by themselves: leave --from away")
            }
            (None, Some(_), _) if rerun.failed_children => {
                Some("failed child runs get the input that they had: leave --input away")
            }
            _ => None,
        };
        if let Some(contradiction) = contradiction {
            return Err(OperationError::Contradiction(contradiction));
        }
        let recorded = story::read(&self.db, &run.id).await?;
        if rerun.failed_children && !recorded.iter().any(story::has_failed_children) {
            return Err(OperationError::NoFailedChildren {
                run_id: run.id.clone(),
            });
        }
        let from = match &rerun.from {
            Some(step) => Some(find(run, &recorded, step)?),
            None => None,
        };
        self.check_values(run, rerun, from.as_ref())?;
        Ok(RerunPoint {
            of: run.id.clone(),
            input: from.as_ref().and(rerun.input.clone()),
            output: rerun.output.clone(),
            failed_children: rerun.failed_children,
            from,
        })
    }

    fn check_values(
        &self,
        run: &runs::Model,
        rerun: &Rerun,
        from: Option<&FromStep>,
    ) -> Result<(), OperationError> {
        let does_not_fit = |what, of: &str| {
            let of = of.to_owned();
            move |problem| OperationError::DoesNotFit { what, of, problem }
        };
        let Some(from) = from else {
            return match &rerun.input {
                Some(input) => Ok(self.registry.check_input(&run.workflow, input)?),
                None => Ok(()),
            };
        };
        let step = bare(&from.step);
        if let Some(input) = &rerun.input {
            let checked = self.registry.check_step_input(step, input);
            checked.map_err(does_not_fit("input", step))?;
        }
        if let Some(output) = &rerun.output {
            let checked = self.registry.check_output(step, output);
            checked.map_err(does_not_fit("output", step))?;
        }
        Ok(())
    }
}

fn bare(step: &str) -> &str {
    step.split('@').next().unwrap_or(step)
}

/// The step as the run has it. Without a number it is the first time that the run came to it.
fn find(run: &runs::Model, recorded: &[Recorded], step: &str) -> Result<FromStep, OperationError> {
    let mut steps = recorded
        .iter()
        .filter(|entry| entry.kind == EntryKind::Step);
    let wanted = step.strip_suffix("@1").unwrap_or(step);
    match steps.clone().find(|entry| entry.name == wanted) {
        Some(entry) => Ok(FromStep {
            seq: entry.seq,
            step: entry.name.clone(),
        }),
        None => Err(OperationError::NoSuchStep {
            run_id: run.id.clone(),
            step: step.to_owned(),
            has: steps
                .by_ref()
                .map(|entry| entry.name.as_str())
                .collect::<Vec<_>>()
                .join(", "),
        }),
    }
}
