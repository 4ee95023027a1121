//! `step_attempts`: one row per attempt of a step.

use sea_orm::entity::prelude::*;

/// An attempt as it is kept. Instants are unix milliseconds, UTC.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, serde::Serialize)]
#[sea_orm(table_name = "step_attempts")]
#[serde(rename_all = "camelCase")]
pub struct Model {
    /// The run.
    #[sea_orm(primary_key, auto_increment = false)]
    pub run_id: String,
    /// The step's name.
    #[sea_orm(primary_key, auto_increment = false)]
    pub step: String,
    /// How often the run had come to this step, from 1.
    #[sea_orm(primary_key, auto_increment = false)]
    pub occurrence: i32,
    /// The attempt's number, from 1.
    #[sea_orm(primary_key, auto_increment = false)]
    pub attempt: i32,
    /// When its last execution began.
    pub started_at_ms: Option<i64>,
    /// When it ended; missing while it is being executed, and for ever if that was interrupted.
    pub ended_at_ms: Option<i64>,
    /// The worker process.
    pub worker: Option<String>,
    /// done, retry, later, terminal or unknown.
    pub ending: Option<String>,
    /// Stable code.
    pub error_code: Option<String>,
    /// JSON list of causes, outermost first.
    #[sea_orm(column_type = "Text", nullable)]
    pub error_chain: Option<String>,
    /// The step's input, JSON.
    #[sea_orm(column_type = "Text", nullable)]
    pub input: Option<String>,
    /// The step's output, JSON.
    #[sea_orm(column_type = "Text", nullable)]
    pub output: Option<String>,
    /// When a `later` ends.
    pub later_until_ms: Option<i64>,
    /// Millionths of a US dollar, over all executions whose end was recorded.
    pub cost_micro_usd: i64,
    /// How often it was begun; more than once after a crash in the middle.
    pub executions: i32,
    /// The place of its step in the run's story, from 1; shared with `run_entries.seq`.
    pub seq: Option<i32>,
    /// What the step came to with this attempt, if there is no next one by itself: done, terminal,
    /// unknown, exhausted or parked.
    pub outcome: Option<String>,
}

/// No relations are queried through the ORM.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
