//! Analyses: what a vision model saw in a post's frames. The scores are the model's opinion; no
//! weight may depend on them alone.

use jiff::Timestamp;
use sea_orm::entity::prelude::*;
use sea_orm::{ConnectionTrait, QueryOrder};
use serde::Serialize;

use crate::error::{failed, finite};
use crate::insert::insert_or_ignore;
use crate::{SchemaError, StringList, instant};

/// One analysis. The caller gives all of it.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Serialize, DeriveEntityModel)]
#[sea_orm(table_name = "video_analyses")]
pub struct Model {
    /// The caller's id, the same for every execution of one analysis.
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub id: String,
    /// The post; its row must exist.
    #[sea_orm(column_type = "Text")]
    pub post_id: String,
    /// Per frame: its time, its scores and insights, as the analyst wrote them.
    #[sea_orm(column_type = "JsonBinary")]
    pub frames: Json,
    /// 0–100.
    #[sea_orm(column_type = "Double")]
    pub overall_score: f64,
    /// What works.
    #[sea_orm(column_type = "JsonBinary")]
    pub strengths: StringList,
    /// What does not.
    #[sea_orm(column_type = "JsonBinary")]
    pub weaknesses: StringList,
    /// What to do about it on that platform.
    #[sea_orm(column_type = "JsonBinary")]
    pub recommendations: StringList,
    /// Which model looked.
    #[sea_orm(column_type = "Text")]
    pub model: String,
    /// Which wording it was asked with.
    #[sea_orm(column_type = "Text")]
    pub prompt_version: String,
    /// What it cost, in millionths of a US dollar.
    pub cost_micro_usd: i64,
    /// When it was made.
    pub created_at_ms: i64,
}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// When it was made.
    #[must_use]
    pub fn created_at(&self) -> Timestamp {
        instant::from_millis(self.created_at_ms)
    }
}

/// Stores an analysis unless its id is known, and returns the one that is stored.
pub async fn record(db: &impl ConnectionTrait, analysis: Model) -> Result<Model, SchemaError> {
    finite("overall_score", analysis.overall_score)?;
    if insert_or_ignore::<Entity>(db, "store the analysis", analysis.clone()).await? {
        return Ok(analysis);
    }
    match get(db, &analysis.id).await? {
        Some(stored) if stored.post_id == analysis.post_id => Ok(stored),
        _ => Err(SchemaError::IdTaken {
            table: "video_analyses",
            id: analysis.id,
        }),
    }
}

/// The analysis, if it was stored.
pub async fn get(db: &impl ConnectionTrait, id: &str) -> Result<Option<Model>, SchemaError> {
    Entity::find_by_id(id)
        .one(db)
        .await
        .map_err(failed("read the analysis"))
}

/// The post's newest analysis.
pub async fn latest(
    db: &impl ConnectionTrait,
    post_id: &str,
) -> Result<Option<Model>, SchemaError> {
    Entity::find()
        .filter(COLUMN.post_id.eq(post_id))
        .order_by_desc(Column::CreatedAtMs)
        .order_by_desc(Column::Id)
        .one(db)
        .await
        .map_err(failed("read the latest analysis"))
}
