//! Accounts, concepts, videos: what there is to publish, and where.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, json_binary, json_binary_null, text, text_null};

use super::{belongs_to, index};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
#[expect(
    elided_lifetimes_in_paths,
    reason = "async_trait would take a written lifetime for another one than the trait's"
)]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(accounts()).await?;
        manager.create_table(concepts()).await?;
        manager.create_table(videos()).await?;
        manager
            .create_index(index("videos_category", "videos", &["category"]))
            .await
    }
}

fn accounts() -> TableCreateStatement {
    Table::create()
        .table("accounts")
        .col(text("id").primary_key())
        .col(text("platform"))
        .col(text("name"))
        .col(big_integer("created_at_ms"))
        .to_owned()
}

fn concepts() -> TableCreateStatement {
    Table::create()
        .table("concepts")
        .col(text("id").primary_key())
        .col(text("category"))
        .col(big_integer("created_at_ms"))
        .to_owned()
}

fn videos() -> TableCreateStatement {
    Table::create()
        .table("videos")
        .col(text("id").primary_key())
        .col(text_null("concept_id"))
        .col(text("category"))
        .col(text("caption"))
        .col(json_binary("hashtags"))
        .col(text_null("audio_id"))
        .col(json_binary("source"))
        .col(json_binary_null("features"))
        .col(big_integer("created_at_ms"))
        .foreign_key(&mut belongs_to("videos", "concept_id", "concepts"))
        .to_owned()
}
