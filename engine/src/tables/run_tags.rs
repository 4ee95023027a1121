//! `run_tags`: what runs can be found by.

use sea_orm::entity::prelude::*;

/// One tag of one run.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, serde::Serialize)]
#[sea_orm(table_name = "run_tags")]
pub struct Model {
    /// The run.
    #[sea_orm(primary_key, auto_increment = false)]
    pub run_id: String,
    /// The tag's key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub key: String,
    /// The tag's value.
    pub value: String,
}

/// No relations are queried through the ORM.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
