//! Videos: what a `video/ready` event announced. A row never changes: the loop's later stages
//! rely on what the first one saw.

use jiff::Timestamp;
use sea_orm::entity::prelude::*;
use sea_orm::{ConnectionTrait, FromJsonQueryResult};
use serde::{Deserialize, Serialize};

use crate::error::failed;
use crate::insert::insert_or_ignore;
use crate::{SchemaError, StringList, instant};

/// One video.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Serialize, DeriveEntityModel)]
#[sea_orm(table_name = "videos")]
pub struct Model {
    /// The sender's id.
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub id: String,
    /// The concept it was made from, if it was named.
    #[sea_orm(column_type = "Text", nullable)]
    pub concept_id: Option<String>,
    /// The category whose baseline and weights apply.
    #[sea_orm(column_type = "Text")]
    pub category: String,
    /// The caption, without hashtags.
    #[sea_orm(column_type = "Text")]
    pub caption: String,
    /// With their `#`, in order.
    #[sea_orm(column_type = "JsonBinary")]
    pub hashtags: StringList,
    /// The audio track's id, if any.
    #[sea_orm(column_type = "Text", nullable)]
    pub audio_id: Option<String>,
    /// Where the file is.
    #[sea_orm(column_type = "JsonBinary")]
    pub source: VideoSource,
    /// The features as they were sent; absent when none were.
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub features: Option<Json>,
    /// When we first heard of it.
    pub created_at_ms: i64,
}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// When we first heard of it.
    #[must_use]
    pub fn created_at(&self) -> Timestamp {
        instant::from_millis(self.created_at_ms)
    }
}

/// A new row: the caller gives all of it.
pub type NewVideo = Model;

/// Where a video's file is: `{"path": …}` or `{"url": …}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
#[serde(rename_all = "snake_case")]
pub enum VideoSource {
    /// A path under the configured inbox.
    Path(String),
    /// An https URL.
    Url(String),
}

/// What [`insert_if_new`] found.
#[derive(Clone, Debug, PartialEq)]
pub enum Insertion {
    /// The row was written.
    Inserted(Model),
    /// The id was known; this is the row that stays.
    Existing(Model),
}

/// Stores the video unless its id is known.
pub async fn insert_if_new(
    db: &impl ConnectionTrait,
    video: NewVideo,
) -> Result<Insertion, SchemaError> {
    if insert_or_ignore::<Entity>(db, "store the video", video.clone()).await? {
        return Ok(Insertion::Inserted(video));
    }
    match get(db, &video.id).await? {
        Some(known) => Ok(Insertion::Existing(known)),
        None => Err(SchemaError::NotFound {
            table: "videos",
            id: video.id,
        }),
    }
}

/// The video, if it is known.
pub async fn get(db: &impl ConnectionTrait, id: &str) -> Result<Option<Model>, SchemaError> {
    Entity::find_by_id(id)
        .one(db)
        .await
        .map_err(failed("read the video"))
}
