//! Readings of a post's counts. A count that the platform hides is missing, never 0, and a reading
//! that cannot be trusted or compared says why it is not scored.

use jiff::Timestamp;
use sea_orm::entity::prelude::*;
use sea_orm::{ConnectionTrait, QueryOrder};
use serde::{Deserialize, Serialize};

use crate::error::{failed, finite};
use crate::insert::insert_or_ignore;
use crate::{SchemaError, instant};

/// One reading. The caller gives all of it.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Serialize, DeriveEntityModel)]
#[sea_orm(table_name = "analytics_snapshots")]
pub struct Model {
    /// The caller's id, the same for every execution that takes this reading.
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub id: String,
    /// The post; its row must exist.
    #[sea_orm(column_type = "Text")]
    pub post_id: String,
    /// When the counts were read.
    pub read_at_ms: i64,
    /// How long the post had been published then, in milliseconds of its audience's time.
    pub age_ms: i64,
    /// Where the counts came from.
    pub source: SnapshotSource,
    /// Times it was watched.
    pub views: Option<i64>,
    /// Likes.
    pub likes: Option<i64>,
    /// Comments.
    pub comments: Option<i64>,
    /// Shares.
    pub shares: Option<i64>,
    /// Saves.
    pub saves: Option<i64>,
    /// (likes + comments + shares) / views, with what the platform shows.
    #[sea_orm(column_type = "Double", nullable)]
    pub engagement: Option<f64>,
    /// Whether it may be set against a prediction.
    pub scored: bool,
    /// If not: why.
    #[sea_orm(column_type = "Text", nullable)]
    pub unscored_reason: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// When the counts were read.
    #[must_use]
    pub fn read_at(&self) -> Timestamp {
        instant::from_millis(self.read_at_ms)
    }
}

/// Where counts come from.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, DeriveActiveEnum,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum SnapshotSource {
    /// The platform's API.
    Api,
    /// The data of the page that everybody sees.
    Page,
    /// What people read on it, where large counts are rounded: `48.9K`.
    PageRounded,
}

/// Stores a reading unless its id is known, and returns the one that is stored.
pub async fn record(db: &impl ConnectionTrait, reading: Model) -> Result<Model, SchemaError> {
    if let Some(engagement) = reading.engagement {
        finite("engagement", engagement)?;
    }
    if insert_or_ignore::<Entity>(db, "store the reading", reading.clone()).await? {
        return Ok(reading);
    }
    match get(db, &reading.id).await? {
        Some(stored) if stored.post_id == reading.post_id => Ok(stored),
        _ => Err(SchemaError::IdTaken {
            table: "analytics_snapshots",
            id: reading.id,
        }),
    }
}

/// The reading, if it was stored.
pub async fn get(db: &impl ConnectionTrait, id: &str) -> Result<Option<Model>, SchemaError> {
    Entity::find_by_id(id)
        .one(db)
        .await
        .map_err(failed("read the reading"))
}

/// The newest reading of the post that may be set against its prediction.
pub async fn latest_scored(
    db: &impl ConnectionTrait,
    post_id: &str,
) -> Result<Option<Model>, SchemaError> {
    Entity::find()
        .filter(COLUMN.post_id.eq(post_id))
        .filter(COLUMN.scored.eq(true))
        .order_by_desc(Column::ReadAtMs)
        .order_by_desc(Column::Id)
        .one(db)
        .await
        .map_err(failed("read the latest scored reading"))
}

/// All readings of the post, oldest first.
pub async fn for_post(db: &impl ConnectionTrait, post_id: &str) -> Result<Vec<Model>, SchemaError> {
    Entity::find()
        .filter(COLUMN.post_id.eq(post_id))
        .order_by_asc(Column::ReadAtMs)
        .order_by_asc(Column::Id)
        .all(db)
        .await
        .map_err(failed("list the post's readings"))
}
