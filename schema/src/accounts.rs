//! Accounts: where videos are published. Credentials live in the environment, never here.

use jiff::Timestamp;
use sea_orm::ConnectionTrait;
use sea_orm::entity::prelude::*;
use serde::Serialize;

use crate::SchemaError;
use crate::error::failed;
use crate::insert::insert_or_ignore;

/// One account on one platform.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, DeriveEntityModel)]
#[sea_orm(table_name = "accounts")]
pub struct Model {
    /// `platform:name`, see [`id`].
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub id: String,
    /// `youtube`, `tiktok`, `instagram`.
    #[sea_orm(column_type = "Text")]
    pub platform: String,
    /// The name that the configuration gives it.
    #[sea_orm(column_type = "Text")]
    pub name: String,
    /// When it was first used.
    pub created_at_ms: i64,
}

impl ActiveModelBehavior for ActiveModel {}

/// The id of an account: `youtube:main`.
#[must_use]
pub fn id(platform: &str, name: &str) -> String {
    format!("{platform}:{name}")
}

/// Makes sure that the account has its row, and returns its id.
pub async fn ensure(
    db: &impl ConnectionTrait,
    platform: &str,
    name: &str,
) -> Result<String, SchemaError> {
    let account = Model {
        id: id(platform, name),
        platform: platform.to_owned(),
        name: name.to_owned(),
        created_at_ms: Timestamp::now().as_millisecond(),
    };
    let account_id = account.id.clone();
    insert_or_ignore::<Entity>(db, "store the account", account).await?;
    Ok(account_id)
}

/// The account, if it was ever used.
pub async fn get(db: &impl ConnectionTrait, id: &str) -> Result<Option<Model>, SchemaError> {
    Entity::find_by_id(id)
        .one(db)
        .await
        .map_err(failed("read the account"))
}
