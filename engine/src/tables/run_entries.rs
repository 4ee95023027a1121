//! `run_entries`: what a run did beside its attempts, in the order of its story: waits, the times it
//! read, events, child runs, and steps that a person ended.

use sea_orm::entity::prelude::*;

/// One entry of one run.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, serde::Serialize)]
#[sea_orm(table_name = "run_entries")]
#[serde(rename_all = "camelCase")]
pub struct Model {
    /// The run.
    #[sea_orm(primary_key, auto_increment = false)]
    pub run_id: String,
    /// Its place in the run's story, from 1; attempts have theirs in `step_attempts.seq`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub seq: i32,
    /// See [`EntryKind`].
    pub kind: EntryKind,
    /// The label of a sleep, the name of an event, the workflow of child runs, `step@occurrence`.
    pub name: String,
    /// JSON, where it gave something: a time in milliseconds, an event's data, the ids of child runs
    /// and in the end what each gave, what a person decided.
    #[sea_orm(column_type = "Text", nullable)]
    pub value: Option<String>,
    /// When, unix milliseconds.
    pub at_ms: i64,
}

/// What an entry is.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    EnumIter,
    DeriveActiveEnum,
    serde::Serialize,
    serde::Deserialize,
)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "snake_case"
)]
#[serde(rename_all = "snake_case")]
pub enum EntryKind {
    /// A step; only in what is read back, or if a person ended it.
    Step,
    /// A wait for an instant.
    Sleep,
    /// The time was read.
    Time,
    /// A wait for an event.
    Event,
    /// Child runs.
    Children,
}

impl EntryKind {
    /// The word in rows and messages.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Step => "step",
            Self::Sleep => "sleep",
            Self::Time => "time",
            Self::Event => "event",
            Self::Children => "children",
        }
    }
}

/// No relations are queried through the ORM.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
