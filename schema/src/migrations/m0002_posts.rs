//! Posts: one row per (video, platform, account), whose state decides whether bytes may leave.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, big_integer_null, text, text_null};

use super::{belongs_to, index, unique};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
#[expect(
    elided_lifetimes_in_paths,
    reason = "async_trait would take a written lifetime for another one than the trait's"
)]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(posts()).await?;
        manager
            .create_index(index("posts_state", "posts", &["state", "updated_at_ms"]))
            .await?;
        manager
            .create_index(index("posts_account", "posts", &["account_id"]))
            .await
    }
}

fn posts() -> TableCreateStatement {
    Table::create()
        .table("posts")
        .col(text("id").primary_key())
        .col(text("video_id"))
        .col(text("platform"))
        .col(text("account_id"))
        .col(text("state"))
        .col(text_null("session"))
        .col(big_integer_null("total_bytes"))
        .col(text_null("content_sha256"))
        .col(text_null("platform_post_id"))
        .col(text_null("url"))
        .col(text_null("error_code"))
        .col(text_null("error_message"))
        .col(big_integer("prepared_at_ms"))
        .col(big_integer_null("opened_at_ms"))
        .col(big_integer_null("sending_at_ms"))
        .col(big_integer_null("published_at_ms"))
        .col(big_integer("updated_at_ms"))
        .foreign_key(&mut belongs_to("posts", "video_id", "videos"))
        .foreign_key(&mut belongs_to("posts", "account_id", "accounts"))
        .index(&mut unique(
            "posts_target",
            &["video_id", "platform", "account_id"],
        ))
        .index(&mut unique(
            "posts_platform_post",
            &["platform", "platform_post_id"],
        ))
        .to_owned()
}
