//! Concepts: the ideas that videos are made from. Until the factory exists, a concept is only
//! what a webhook names.

use jiff::Timestamp;
use sea_orm::ConnectionTrait;
use sea_orm::entity::prelude::*;
use serde::Serialize;

use crate::SchemaError;
use crate::error::failed;
use crate::insert::insert_or_ignore;

/// One idea.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, DeriveEntityModel)]
#[sea_orm(table_name = "concepts")]
pub struct Model {
    /// The sender's id.
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub id: String,
    /// The category whose weights score it.
    #[sea_orm(column_type = "Text")]
    pub category: String,
    /// When it was first named.
    pub created_at_ms: i64,
}

impl ActiveModelBehavior for ActiveModel {}

/// Makes sure that the concept has its row; the first category given stays.
pub async fn ensure(
    db: &impl ConnectionTrait,
    id: &str,
    category: &str,
) -> Result<(), SchemaError> {
    let concept = Model {
        id: id.to_owned(),
        category: category.to_owned(),
        created_at_ms: Timestamp::now().as_millisecond(),
    };
    insert_or_ignore::<Entity>(db, "store the concept", concept).await?;
    Ok(())
}

/// The concept, if it was ever named.
pub async fn get(db: &impl ConnectionTrait, id: &str) -> Result<Option<Model>, SchemaError> {
    Entity::find_by_id(id)
        .one(db)
        .await
        .map_err(failed("read the concept"))
}
