//! Readings of a post's counts, and what was seen in its frames.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, boolean, double, double_null, json_binary, text, text_null,
};

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
        manager.create_table(analytics_snapshots()).await?;
        manager
            .create_index(index(
                "analytics_snapshots_post",
                "analytics_snapshots",
                &["post_id", "read_at_ms"],
            ))
            .await?;
        manager.create_table(video_analyses()).await?;
        manager
            .create_index(index(
                "video_analyses_post",
                "video_analyses",
                &["post_id", "created_at_ms"],
            ))
            .await
    }
}

fn analytics_snapshots() -> TableCreateStatement {
    Table::create()
        .table("analytics_snapshots")
        .col(text("id").primary_key())
        .col(text("post_id"))
        .col(big_integer("read_at_ms"))
        .col(big_integer("age_ms"))
        .col(text("source"))
        .col(big_integer_null("views"))
        .col(big_integer_null("likes"))
        .col(big_integer_null("comments"))
        .col(big_integer_null("shares"))
        .col(big_integer_null("saves"))
        .col(double_null("engagement"))
        .col(boolean("scored"))
        .col(text_null("unscored_reason"))
        .foreign_key(&mut belongs_to("analytics_snapshots", "post_id", "posts"))
        .to_owned()
}

fn video_analyses() -> TableCreateStatement {
    Table::create()
        .table("video_analyses")
        .col(text("id").primary_key())
        .col(text("post_id"))
        .col(json_binary("frames"))
        .col(double("overall_score"))
        .col(json_binary("strengths"))
        .col(json_binary("weaknesses"))
        .col(json_binary("recommendations"))
        .col(text("model"))
        .col(text("prompt_version"))
        .col(big_integer("cost_micro_usd"))
        .col(big_integer("created_at_ms"))
        .foreign_key(&mut belongs_to("video_analyses", "post_id", "posts"))
        .to_owned()
}
