//! Critiques: a model's explanation of the gap between expected and actual, and its proposal. It
//! decides nothing; decisions are in `scoring_weights`.

use jiff::Timestamp;
use sea_orm::ConnectionTrait;
use sea_orm::entity::prelude::*;
use serde::Serialize;

use crate::error::failed;
use crate::insert::insert_or_ignore;
use crate::{SchemaError, instant};

/// One critique. The caller gives all of it.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, DeriveEntityModel)]
#[sea_orm(table_name = "critiques")]
pub struct Model {
    /// The caller's id, derived from the feedback's.
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub id: String,
    /// The feedback; it has at most one critique.
    #[sea_orm(column_type = "Text")]
    pub feedback_id: String,
    /// What the numbers and the frames show.
    #[sea_orm(column_type = "Text")]
    pub evidence: String,
    /// Why it may have come so.
    #[sea_orm(column_type = "Text")]
    pub hypothesis: String,
    /// What to try.
    #[sea_orm(column_type = "Text")]
    pub proposal: String,
    /// What to remember, in a sentence.
    #[sea_orm(column_type = "Text")]
    pub lesson: String,
    /// Which model wrote it.
    #[sea_orm(column_type = "Text")]
    pub model: String,
    /// What it cost, in millionths of a US dollar.
    pub cost_micro_usd: i64,
    /// When it was written.
    pub created_at_ms: i64,
}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// When it was written.
    #[must_use]
    pub fn created_at(&self) -> Timestamp {
        instant::from_millis(self.created_at_ms)
    }
}

/// Stores the critique unless its feedback has one. Returns the one that is stored: the first.
pub async fn record_once(db: &impl ConnectionTrait, critique: Model) -> Result<Model, SchemaError> {
    if insert_or_ignore::<Entity>(db, "store the critique", critique.clone()).await? {
        return Ok(critique);
    }
    match for_feedback(db, &critique.feedback_id).await? {
        Some(stored) => Ok(stored),
        None => Err(SchemaError::IdTaken {
            table: "critiques",
            id: critique.id,
        }),
    }
}

/// The feedback's critique, if it has one.
pub async fn for_feedback(
    db: &impl ConnectionTrait,
    feedback_id: &str,
) -> Result<Option<Model>, SchemaError> {
    Entity::find()
        .filter(COLUMN.feedback_id.eq(feedback_id))
        .one(db)
        .await
        .map_err(failed("read the critique"))
}
