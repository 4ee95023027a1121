//! Webhooks that came in, kept until a run is confirmed for each.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, json_binary, json_binary_null, text, text_null,
};

use super::index;

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
#[expect(
    elided_lifetimes_in_paths,
    reason = "async_trait would take a written lifetime for another one than the trait's"
)]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(events()).await?;
        manager
            .create_index(index(
                "events_status",
                "events",
                &["status", "received_at_ms"],
            ))
            .await
    }
}

fn events() -> TableCreateStatement {
    Table::create()
        .table("events")
        .col(text("id").primary_key())
        .col(text("kind"))
        .col(json_binary("payload"))
        .col(text("status"))
        .col(text_null("error"))
        .col(big_integer("received_at_ms"))
        .col(big_integer_null("started_at_ms"))
        .col(json_binary_null("run_ids"))
        .to_owned()
}
