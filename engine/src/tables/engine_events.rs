//! `engine_events`: what other systems told us, until everything that follows was started, and after.
//! (The channel has a table `events` of its own in the same database.)

use sea_orm::entity::prelude::*;

/// One event. Instants are unix milliseconds, UTC.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, serde::Serialize)]
#[sea_orm(table_name = "engine_events")]
#[serde(rename_all = "camelCase")]
pub struct Model {
    /// The sender's id, or one of ours: the same id is the same event.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// What happened: `video/approved`.
    pub name: String,
    /// To what: a video's id.
    pub key: String,
    /// JSON.
    #[sea_orm(column_type = "Text")]
    pub data: String,
    /// When it was accepted.
    pub accepted_at_ms: i64,
    /// When Restate had confirmed every run that follows from it; until then it is sent again.
    pub started_at_ms: Option<i64>,
    /// Why that has not come about yet.
    #[sea_orm(column_type = "Text", nullable)]
    pub last_error: Option<String>,
    /// When that was tried last, and failed.
    pub tried_at_ms: Option<i64>,
}

/// No relations are queried through the ORM.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
