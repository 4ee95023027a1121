//! `operations`: who did what to which run, when, why, and what came of it.

use sea_orm::entity::prelude::*;

/// One row of the audit. Nothing changes or removes it but `prune`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, serde::Serialize)]
#[sea_orm(table_name = "operations")]
#[serde(rename_all = "camelCase")]
pub struct Model {
    /// A UUID that grows with time.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// When, unix milliseconds.
    pub at_ms: i64,
    /// Who.
    pub who: String,
    /// Why.
    #[sea_orm(column_type = "Text", nullable)]
    pub why: Option<String>,
    /// What: hold, release, resolve, cancel, kill, rerun.
    pub verb: String,
    /// The run.
    pub target: String,
    /// With what, JSON.
    #[sea_orm(column_type = "Text")]
    pub arguments: String,
    /// What came of it, JSON: the answer, or `{"error": …}`.
    #[sea_orm(column_type = "Text")]
    pub result: String,
}

/// No relations are queried through the ORM.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
