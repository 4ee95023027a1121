//! What is made once in the life of a database, such as the schedule that it begins with: what a
//! person removes afterwards does not come back with the next start.

use jiff::Timestamp;
use sea_orm::ConnectionTrait;
use sea_orm::entity::prelude::*;
use serde::Serialize;

use crate::SchemaError;
use crate::error::failed;
use crate::insert::insert_or_ignore;

/// One thing that was made.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, DeriveEntityModel)]
#[sea_orm(table_name = "made_once")]
pub struct Model {
    /// What: `schedule/measure_batch`.
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub name: String,
    /// When it was made, or found to be there already.
    pub made_at_ms: i64,
}

impl ActiveModelBehavior for ActiveModel {}

/// Whether it was ever made.
pub async fn is_made(db: &impl ConnectionTrait, name: &str) -> Result<bool, SchemaError> {
    let made = Entity::find_by_id(name)
        .one(db)
        .await
        .map_err(failed("look up what was made once"))?;
    Ok(made.is_some())
}

/// Keeps that it was made. To be called after it is there: a crash in between makes it twice, which
/// its maker has to stand, and not never.
pub async fn made(
    db: &impl ConnectionTrait,
    name: &str,
    now: Timestamp,
) -> Result<(), SchemaError> {
    let row = Model {
        name: name.to_owned(),
        made_at_ms: now.as_millisecond(),
    };
    insert_or_ignore::<Entity>(db, "keep what was made once", row).await?;
    Ok(())
}
