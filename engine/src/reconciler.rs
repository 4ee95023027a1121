//! Compares open rows with what Restate says is running, every few seconds, and writes what a dead
//! run could not write itself: that it was killed, that it is stuck, or that it was never sent.
//!
//! It never ends a run that Restate still has.

use std::collections::HashMap;
use std::time::Duration;

use jiff::Timestamp;
use reqwest::Url;
use sea_orm::sea_query::NullOrdering;
use sea_orm::{
    ColumnTrait as _, DatabaseConnection, EntityTrait as _, Order, QueryFilter as _,
    QueryOrder as _, QuerySelect as _, Set,
};
use tokio_util::sync::CancellationToken;

use crate::client::Client;
use crate::error::EngineError;
use crate::metrics;
use crate::restate::admin::{Admin, Invocation};
use crate::runs as queries;
use crate::tables::{RunStatus, runs};

/// Open rows looked at in one pass, those first that were not looked at for longest.
const PAGE: u64 = 500;
/// Younger rows are still being written by those who know better.
const SETTLED_MS: i64 = 5_000;
/// Restate has tried this often without getting on.
const STUCK_AFTER: u64 = 20;

/// The reconciler of one Restate server and one database. Several may run at once.
pub struct Reconciler {
    db: DatabaseConnection,
    admin: Admin,
    client: Client,
}

/// What one pass did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pass {
    /// Queued runs that were sent to Restate again.
    pub sent: usize,
    /// Runs that are over in Restate and had not said so.
    pub closed: usize,
    /// Open runs that Restate cannot go on with.
    pub stuck: usize,
}

impl Reconciler {
    /// `admin` is the base URL of Restate's admin API.
    ///
    /// # Errors
    /// [`EngineError::Http`] if no HTTP client can be set up.
    pub fn new(db: DatabaseConnection, admin: Url, client: Client) -> Result<Self, EngineError> {
        Ok(Self {
            db,
            admin: Admin::new(admin)?,
            client,
        })
    }

    /// Passes every `interval` until `stop`.
    pub async fn run(&self, interval: Duration, stop: CancellationToken) {
        while stop
            .run_until_cancelled(tokio::time::sleep(interval))
            .await
            .is_some()
        {
            if let Err(error) = self.pass().await {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "Runs could not be compared with Restate."
                );
            }
        }
    }

    /// One comparison.
    ///
    /// # Errors
    /// [`EngineError`] when our tables or Restate cannot be reached; what was done stays done.
    pub async fn pass(&self) -> Result<Pass, EngineError> {
        let now = Timestamp::now();
        let open = self.open_rows(now).await?;
        let mut pass = Pass::default();
        for run in open.iter().filter(|run| run.invocation_id.is_none()) {
            self.client.send(run).await?;
            pass.sent += 1;
        }
        let ids: Vec<String> = open
            .iter()
            .filter_map(|run| run.invocation_id.clone())
            .collect();
        let known: HashMap<String, Invocation> = self
            .admin
            .invocations(&ids)
            .await?
            .into_iter()
            .map(|invocation| (invocation.id.clone(), invocation))
            .collect();
        for run in &open {
            let Some(id) = &run.invocation_id else {
                continue;
            };
            match judge(known.get(id)) {
                Judgement::Going => self.write(run, reconciled(now, None)).await?,
                Judgement::Stuck(reason) => {
                    pass.stuck += 1;
                    tracing::error!(run.id = run.id, reason, "Run is stuck.");
                    self.write(run, reconciled(now, Some(reason))).await?;
                }
                Judgement::Over(status, code, reason) => {
                    pass.closed += 1;
                    tracing::warn!(
                        run.id = run.id,
                        code,
                        reason,
                        "Run is over and had not said so."
                    );
                    self.write(run, closed(now, status, code, reason)).await?;
                }
            }
        }
        self.measure(now).await?;
        Ok(pass)
    }

    async fn open_rows(&self, now: Timestamp) -> Result<Vec<runs::Model>, EngineError> {
        runs::Entity::find()
            .filter(runs::Column::Status.is_in(RunStatus::OPEN))
            .filter(runs::Column::CreatedAtMs.lt(now.as_millisecond() - SETTLED_MS))
            .order_by_with_nulls(
                runs::Column::ReconciledAtMs,
                Order::Asc,
                NullOrdering::First,
            )
            .limit(PAGE)
            .all(&self.db)
            .await
            .map_err(EngineError::database("read open runs"))
    }

    /// Only while the row is still open: the run itself knows better.
    async fn write(&self, run: &runs::Model, change: runs::ActiveModel) -> Result<(), EngineError> {
        runs::Entity::update_many()
            .set(change)
            .filter(runs::Column::Id.eq(&run.id))
            .filter(runs::Column::Status.is_in(RunStatus::OPEN))
            .exec(&self.db)
            .await
            .map_err(EngineError::database("write what Restate says of a run"))?;
        Ok(())
    }

    async fn measure(&self, now: Timestamp) -> Result<(), EngineError> {
        for count in queries::counts(&self.db).await? {
            metrics::runs_now(&count.workflow, count.status.as_str(), count.runs);
        }
        let stuck = queries::stuck(&self.db).await?;
        metrics::reconciled(now, stuck);
        Ok(())
    }
}

enum Judgement {
    Going,
    Stuck(String),
    Over(RunStatus, &'static str, String),
}

/// What Restate's word means for an open row. A run writes its end before Restate has it, so a
/// completed invocation with an open row did not come to its end by itself.
fn judge(invocation: Option<&Invocation>) -> Judgement {
    let Some(invocation) = invocation else {
        return Judgement::Over(
            RunStatus::Killed,
            "run_gone",
            "Restate no longer knows the run".to_owned(),
        );
    };
    let last_failure = || {
        invocation
            .last_failure
            .clone()
            .unwrap_or_else(|| "no failure is recorded".to_owned())
    };
    match invocation.status.as_str() {
        "completed" => {
            let failure = invocation.completion_failure.clone().unwrap_or_default();
            match invocation.completion_result.as_deref() {
                Some("success") => Judgement::Over(
                    RunStatus::Completed,
                    "run_unrecorded",
                    "Restate has the output".to_owned(),
                ),
                _ if failure.contains("cancel") => {
                    Judgement::Over(RunStatus::Cancelled, "run_cancelled", failure)
                }
                _ => Judgement::Over(RunStatus::Killed, "run_killed", failure),
            }
        }
        "paused" => Judgement::Stuck(format!("paused by Restate: {}", last_failure())),
        "backing-off" if invocation.retry_count.unwrap_or(0) >= STUCK_AFTER => {
            Judgement::Stuck(format!(
                "tried {} times: {}",
                invocation.retry_count.unwrap_or(0),
                last_failure()
            ))
        }
        _ => Judgement::Going,
    }
}

fn reconciled(now: Timestamp, stuck_reason: Option<String>) -> runs::ActiveModel {
    runs::ActiveModel {
        reconciled_at_ms: Set(Some(now.as_millisecond())),
        stuck_reason: Set(stuck_reason),
        ..Default::default()
    }
}

fn closed(now: Timestamp, status: RunStatus, code: &str, reason: String) -> runs::ActiveModel {
    runs::ActiveModel {
        status: Set(status),
        error_code: Set(Some(code.to_owned())),
        error_message: Set(Some(reason)),
        ended_at_ms: Set(Some(now.as_millisecond())),
        waiting_reason: Set(None),
        waiting_until_ms: Set(None),
        ..reconciled(now, None)
    }
}
