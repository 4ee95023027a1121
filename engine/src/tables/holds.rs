//! `holds`: the runs that somebody holds, and everything below them.

use sea_orm::entity::prelude::*;

/// One held run.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, serde::Serialize)]
#[sea_orm(table_name = "holds")]
#[serde(rename_all = "camelCase")]
pub struct Model {
    /// The run.
    #[sea_orm(primary_key, auto_increment = false)]
    pub run_id: String,
    /// Since when, unix milliseconds.
    pub since_ms: i64,
    /// Who holds it.
    pub who: String,
    /// Why.
    #[sea_orm(column_type = "Text", nullable)]
    pub why: Option<String>,
}

/// No relations are queried through the ORM.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
