//! `permits`: who is in line for a limit on what happens at once. The first `at_once` of a key's line
//! may act, the others wait.

use sea_orm::entity::prelude::*;

/// A run's place in the line of one key.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, serde::Serialize)]
#[sea_orm(table_name = "permits")]
#[serde(rename_all = "camelCase")]
pub struct Model {
    /// The limit's key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub key: String,
    /// The run. It does one thing at a time, so it stands in a line once.
    #[sea_orm(primary_key, auto_increment = false)]
    pub run_id: String,
    /// The order of the line; drawn under the key's row in `limits`, so it is the order of commits.
    pub ticket: i64,
    /// How many may act at once, as the rule was when the ticket was drawn.
    pub at_once: i32,
    /// Since when it stands there, unix milliseconds.
    pub since_ms: i64,
    /// The attempt that it stands there for, as the journal names it (`scrape@2#1`). Nobody else gives
    /// the ticket back.
    pub holder: Option<String>,
}

/// No relations are queried through the ORM.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
