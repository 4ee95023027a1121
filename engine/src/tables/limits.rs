//! `limits`: one row for each key that was ever limited.

use sea_orm::entity::prelude::*;

/// Where a key's line and rate are.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, serde::Serialize)]
#[sea_orm(table_name = "limits")]
#[serde(rename_all = "camelCase")]
pub struct Model {
    /// The limit's key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub key: String,
    /// Tickets drawn so far.
    pub tickets: i64,
    /// The next slot of the rate that nobody has, unix microseconds.
    pub next_slot_us: i64,
}

/// No relations are queried through the ORM.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
