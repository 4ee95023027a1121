//! Posts: the platform's id of what is being made, by which its webhooks name it, when all bytes were
//! there, when its publication was asked for, and how often its upload was opened anew.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, big_integer_null, text_null};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
#[expect(
    elided_lifetimes_in_paths,
    reason = "async_trait would take a written lifetime for another one than the trait's"
)]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // One statement each: SQLite takes no two columns at once.
        for column in [
            text_null("upload_id"),
            big_integer_null("arrived_at_ms"),
            big_integer_null("publishing_at_ms"),
            big_integer("reopened").default(0).to_owned(),
        ] {
            let added = Table::alter().table("posts").add_column(column).to_owned();
            manager.alter_table(added).await?;
        }
        let key = Index::create()
            .unique()
            .name("posts_upload")
            .table("posts")
            .col("platform")
            .col("upload_id")
            .to_owned();
        manager.create_index(key).await
    }
}
