//! `runs`: one row per run, queued to ended.

use sea_orm::entity::prelude::*;

/// Codes with which the reconciler closes rows; each has a page in `docs/errors/`.
pub(crate) mod codes {
    /// Restate no longer knows the run. That something is missing proves little, so what the run
    /// itself says later still counts.
    pub(crate) const RUN_GONE: &str = "run_gone";
    /// The run was killed in Restate.
    pub(crate) const RUN_KILLED: &str = "run_killed";
    /// Restate has the run's end (an output or a failure) and our tables do not.
    pub(crate) const RUN_UNRECORDED: &str = "run_unrecorded";
}

/// A run as it is kept. Instants are unix milliseconds, UTC.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, serde::Serialize)]
#[sea_orm(table_name = "runs")]
#[serde(rename_all = "camelCase")]
pub struct Model {
    /// `run_…`; a child's id is its parent's with `.1`, `.2`, … behind it.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// The workflow's name.
    pub workflow: String,
    /// What the run is about; unique for the workflow, so that nothing is started twice.
    pub key: Option<String>,
    /// The run that called this one.
    pub parent_id: Option<String>,
    /// See [`RunStatus`].
    pub status: RunStatus,
    /// JSON.
    #[sea_orm(column_type = "Text")]
    pub input: String,
    /// JSON, once completed.
    #[sea_orm(column_type = "Text", nullable)]
    pub output: Option<String>,
    /// Stable code of the failure.
    pub error_code: Option<String>,
    /// The step that failed.
    pub error_step: Option<String>,
    /// What happened.
    #[sea_orm(column_type = "Text", nullable)]
    pub error_message: Option<String>,
    /// For what it waits.
    pub waiting_reason: Option<String>,
    /// Until when.
    pub waiting_until_ms: Option<i64>,
    /// Restate's id of the run.
    pub invocation_id: Option<String>,
    /// The worker process that had it last.
    pub worker: Option<String>,
    /// Why Restate cannot go on with it, while that is so.
    #[sea_orm(column_type = "Text", nullable)]
    pub stuck_reason: Option<String>,
    /// When it was asked for.
    pub created_at_ms: i64,
    /// When a worker first had it.
    pub started_at_ms: Option<i64>,
    /// When it ended; missing exactly while its status is an open one.
    pub ended_at_ms: Option<i64>,
    /// When the reconciler last compared it with Restate.
    pub reconciled_at_ms: Option<i64>,
    /// The run that this one goes on from.
    pub rerun_of: Option<String>,
    /// From where and with what, JSON: see [`crate::operations::Rerun`].
    #[sea_orm(column_type = "Text", nullable)]
    pub rerun: Option<String>,
}

/// What a run is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, serde::Serialize)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "snake_case"
)]
#[serde(rename_all = "snake_case")]
pub enum RunStatus {
    /// Accepted; Restate has not confirmed it, or no worker has had it.
    Queued,
    /// A step is being executed, or about to be.
    Running,
    /// It waits: for an instant, an event, or its turn at a limit.
    Waiting,
    /// Somebody holds it: nothing is begun until it is released.
    Held,
    /// A step could not go on by itself: a person decides.
    Parked,
    /// It has its output.
    Completed,
    /// It ended with a failure.
    Failed,
    /// It was cancelled.
    Cancelled,
    /// It was killed, or is gone from Restate.
    Killed,
}

impl RunStatus {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Queued,
        Self::Running,
        Self::Waiting,
        Self::Held,
        Self::Parked,
        Self::Completed,
        Self::Failed,
        Self::Cancelled,
        Self::Killed,
    ];
    /// Those of a run that has not ended.
    pub const OPEN: [Self; 5] = [
        Self::Queued,
        Self::Running,
        Self::Waiting,
        Self::Held,
        Self::Parked,
    ];

    /// The word in rows, JSON and metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Waiting => "waiting",
            Self::Held => "held",
            Self::Parked => "parked",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Killed => "killed",
        }
    }

    /// Whether a run of this status has not ended.
    #[must_use]
    pub fn is_open(self) -> bool {
        Self::OPEN.contains(&self)
    }
}

/// No relations are queried through the ORM.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
