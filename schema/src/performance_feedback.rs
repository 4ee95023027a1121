//! Feedback: a prediction joined with what happened, once per post. The history in this table is
//! what the `baseline` predicts from.

use jiff::Timestamp;
use sea_orm::entity::prelude::*;
use sea_orm::{ConnectionTrait, QueryOrder, QuerySelect};
use serde::Serialize;

use crate::error::{failed, finite};
use crate::insert::insert_or_ignore;
use crate::{SchemaError, instant};

/// One outcome. The caller gives all of it.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Serialize, DeriveEntityModel)]
#[sea_orm(table_name = "performance_feedback")]
pub struct Model {
    /// The caller's id, derived from the post's.
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub id: String,
    /// The post; it has at most one feedback.
    #[sea_orm(column_type = "Text")]
    pub post_id: String,
    /// The prediction that was made for it.
    #[sea_orm(column_type = "Text")]
    pub prediction_id: String,
    /// The reading that it was set against.
    #[sea_orm(column_type = "Text")]
    pub snapshot_id: String,
    /// The platform's name.
    #[sea_orm(column_type = "Text")]
    pub platform: String,
    /// The video's category.
    #[sea_orm(column_type = "Text")]
    pub category: String,
    /// What was expected; missing when nothing was.
    #[sea_orm(column_type = "Double", nullable)]
    pub predicted_engagement: Option<f64>,
    /// What came, a ratio.
    #[sea_orm(column_type = "Double")]
    pub actual_engagement: f64,
    /// Actual minus predicted; missing when nothing was expected.
    #[sea_orm(column_type = "Double", nullable)]
    pub error: Option<f64>,
    /// The post's age at the reading, in milliseconds.
    pub age_ms: i64,
    /// When the two were joined.
    pub created_at_ms: i64,
}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// When the two were joined.
    #[must_use]
    pub fn created_at(&self) -> Timestamp {
        instant::from_millis(self.created_at_ms)
    }
}

/// Stores the feedback unless its post has one. Returns the one that is stored: the first.
pub async fn record_once(db: &impl ConnectionTrait, feedback: Model) -> Result<Model, SchemaError> {
    finite("actual_engagement", feedback.actual_engagement)?;
    for value in [feedback.predicted_engagement, feedback.error]
        .into_iter()
        .flatten()
    {
        finite("predicted_engagement or error", value)?;
    }
    if insert_or_ignore::<Entity>(db, "store the feedback", feedback.clone()).await? {
        return Ok(feedback);
    }
    match for_post(db, &feedback.post_id).await? {
        Some(stored) => Ok(stored),
        None => Err(SchemaError::IdTaken {
            table: "performance_feedback",
            id: feedback.id,
        }),
    }
}

/// The feedback, if it was stored.
pub async fn get(db: &impl ConnectionTrait, id: &str) -> Result<Option<Model>, SchemaError> {
    Entity::find_by_id(id)
        .one(db)
        .await
        .map_err(failed("read the feedback"))
}

/// The post's feedback, if it has one.
pub async fn for_post(
    db: &impl ConnectionTrait,
    post_id: &str,
) -> Result<Option<Model>, SchemaError> {
    Entity::find()
        .filter(COLUMN.post_id.eq(post_id))
        .one(db)
        .await
        .map_err(failed("read the post's feedback"))
}

/// The `baseline`: the mean actual engagement so far of platform × category, and how many outcomes
/// stand behind it. No outcome: nothing, not 0.
pub async fn baseline(
    db: &impl ConnectionTrait,
    platform: &str,
    category: &str,
) -> Result<Option<(f64, i64)>, SchemaError> {
    let row: Option<(Option<f64>, i64)> = Entity::find()
        .select_only()
        .column_as(Column::ActualEngagement.avg(), "mean")
        .column_as(Column::Id.count(), "sample_count")
        .filter(COLUMN.platform.eq(platform))
        .filter(COLUMN.category.eq(category))
        .into_tuple()
        .one(db)
        .await
        .map_err(failed("read the baseline"))?;
    Ok(row.and_then(|(mean, count)| mean.map(|mean| (mean, count))))
}

/// The newest outcomes of a category with the predictions they were set against, `limit` at most.
pub async fn with_predictions(
    db: &impl ConnectionTrait,
    category: &str,
    limit: u64,
) -> Result<Vec<(Model, crate::predictions::Model)>, SchemaError> {
    let outcomes = Entity::find()
        .filter(COLUMN.category.eq(category))
        .order_by_desc(Column::CreatedAtMs)
        .order_by_asc(Column::Id)
        .limit(limit)
        .all(db)
        .await
        .map_err(failed("list a category's feedback"))?;
    let ids = outcomes
        .iter()
        .map(|outcome| outcome.prediction_id.as_str());
    let predictions = crate::predictions::by_ids(db, ids).await?;
    let joined = outcomes.into_iter().filter_map(|outcome| {
        let prediction = predictions.get(&outcome.prediction_id)?.clone();
        Some((outcome, prediction))
    });
    Ok(joined.collect())
}
