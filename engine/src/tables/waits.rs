//! `waits`: what runs wait for outside of their steps, and how it was answered.

use sea_orm::entity::prelude::*;

/// One wait of one run. Instants are unix milliseconds, UTC.
///
/// It is open while there is no answer, `until_ms` is not over and the run has not ended. Those of holds
/// and permits are removed once they are answered.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, serde::Serialize)]
#[sea_orm(table_name = "waits")]
#[serde(rename_all = "camelCase")]
pub struct Model {
    /// Restate's awakeable: who has it can let the run go on.
    #[sea_orm(primary_key, auto_increment = false)]
    #[serde(skip)]
    pub id: String,
    /// The run.
    pub run_id: String,
    /// See [`WaitKind`].
    pub kind: WaitKind,
    /// Of a park or unknown the step, of an event its name, of a permit its key.
    pub name: String,
    /// Of an event its key, of a step its occurrence.
    pub key: String,
    /// What people should know of it, JSON; of an open wait for an event the ids of those that the run
    /// has had (`{"had":["event_1"]}`).
    #[sea_orm(column_type = "Text", nullable)]
    pub detail: Option<String>,
    /// Since when.
    pub since_ms: i64,
    /// Until when at most.
    pub until_ms: Option<i64>,
    /// The answer, JSON; the first one counts.
    #[sea_orm(column_type = "Text", nullable)]
    pub answer: Option<String>,
    /// Who or what gave it: a person, or an event's id.
    pub answered_by: Option<String>,
    /// When it was given.
    pub answered_at_ms: Option<i64>,
    /// When Restate took it.
    pub delivered_at_ms: Option<i64>,
}

/// For what a run waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, serde::Serialize)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "snake_case"
)]
#[serde(rename_all = "snake_case")]
pub enum WaitKind {
    /// For somebody to release it.
    Hold,
    /// A step's policy is used up: for somebody to decide.
    Park,
    /// A step acted, perhaps: for somebody to decide.
    Unknown,
    /// For an event.
    Event,
    /// For its turn at a limit.
    Permit,
}

/// No relations are queried through the ORM.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
