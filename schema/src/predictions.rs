//! Predictions: what was expected of a post, stored before anything is sent and never changed.

use jiff::Timestamp;
use sea_orm::ConnectionTrait;
use sea_orm::entity::prelude::*;
use serde::Serialize;

use crate::error::{failed, finite};
use crate::insert::insert_or_ignore;
use crate::{SchemaError, instant};

pub use crate::performance_feedback::baseline;

/// One prediction. The caller gives all of it.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Serialize, DeriveEntityModel)]
#[sea_orm(table_name = "predictions")]
pub struct Model {
    /// The post's id. The post's row need not exist yet.
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub id: String,
    /// The video; its row must exist.
    #[sea_orm(column_type = "Text")]
    pub video_id: String,
    /// The platform's name.
    #[sea_orm(column_type = "Text")]
    pub platform: String,
    /// The account's id.
    #[sea_orm(column_type = "Text")]
    pub account_id: String,
    /// The category whose history was used.
    #[sea_orm(column_type = "Text")]
    pub category: String,
    /// What predicted: `baseline`.
    #[sea_orm(column_type = "Text")]
    pub model: String,
    /// Expected engagement, a ratio; missing when there was no history to expect anything from.
    #[sea_orm(column_type = "Double", nullable)]
    pub predicted_engagement: Option<f64>,
    /// How many outcomes stand behind it.
    pub sample_count: i64,
    /// The features as of then.
    #[sea_orm(column_type = "JsonBinary")]
    pub features: Json,
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

/// Stores the prediction unless the post has one. Returns the one that is stored: the first.
pub async fn record_once(
    db: &impl ConnectionTrait,
    prediction: Model,
) -> Result<Model, SchemaError> {
    if let Some(engagement) = prediction.predicted_engagement {
        finite("predicted_engagement", engagement)?;
    }
    if insert_or_ignore::<Entity>(db, "store the prediction", prediction.clone()).await? {
        return Ok(prediction);
    }
    match get(db, &prediction.id).await? {
        Some(stored) if stored.video_id == prediction.video_id => Ok(stored),
        _ => Err(SchemaError::IdTaken {
            table: "predictions",
            id: prediction.id,
        }),
    }
}

/// The post's prediction, if it has one.
pub async fn get(db: &impl ConnectionTrait, id: &str) -> Result<Option<Model>, SchemaError> {
    Entity::find_by_id(id)
        .one(db)
        .await
        .map_err(failed("read the prediction"))
}

/// Predictions by their ids; those that do not exist are left out.
pub async fn by_ids<'a>(
    db: &impl ConnectionTrait,
    ids: impl IntoIterator<Item = &'a str>,
) -> Result<std::collections::BTreeMap<String, Model>, SchemaError> {
    let found = Entity::find()
        .filter(Column::Id.is_in(ids))
        .all(db)
        .await
        .map_err(failed("list predictions"))?;
    Ok(found
        .into_iter()
        .map(|prediction| (prediction.id.clone(), prediction))
        .collect())
}
