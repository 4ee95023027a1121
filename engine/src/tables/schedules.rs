//! `schedules`: workflows that start by the clock.

use sea_orm::entity::prelude::*;

/// One schedule. Instants are unix milliseconds, UTC.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, serde::Serialize)]
#[sea_orm(table_name = "schedules")]
#[serde(rename_all = "camelCase")]
pub struct Model {
    /// `measure_batch`, `sync.audio_trends`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub name: String,
    /// The workflow that it starts.
    pub workflow: String,
    /// What each run is given, JSON.
    #[sea_orm(column_type = "Text")]
    pub input: String,
    /// When: five fields, see [`crate::schedules::Calendar`].
    pub cron: String,
    /// IANA's name of the zone whose clocks count.
    pub time_zone: String,
    /// What is done about missed ticks.
    pub missed: Missed,
    /// The most missed ticks that are caught up together; 0 if they are skipped.
    pub catch_up_max: i32,
    /// Nothing is started by the clock until it is released.
    pub held: bool,
    /// When it was made.
    pub created_at_ms: i64,
    /// Ticks up to here are dealt with: started, passed over, or from before the schedule.
    pub last_tick_ms: i64,
    /// The run that it started last, by the clock or by hand.
    pub last_run_id: Option<String>,
    /// Why its last tick could not be started, until one can.
    #[sea_orm(column_type = "Text", nullable)]
    pub last_error: Option<String>,
    /// Since when that is so.
    pub last_error_ms: Option<i64>,
}

/// What is done about ticks that no ticker came to in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumIter, DeriveActiveEnum, serde::Serialize)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "snake_case"
)]
#[serde(rename_all = "snake_case")]
pub enum Missed {
    /// They are passed over.
    Skip,
    /// The newest of them are started, oldest first.
    CatchUp,
}

/// No relations are queried through the ORM.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
