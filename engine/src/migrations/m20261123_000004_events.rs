//! Events that were accepted, until everything that follows from them has been started, and after.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, big_integer_null, string, text, text_null};

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m20261123_000004_events"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(engine_events()).await?;
        let of_name_and_key = Index::create()
            .name("engine_events_name_key")
            .table("engine_events")
            .col("name")
            .col("key")
            .col("accepted_at_ms")
            .to_owned();
        manager.create_index(of_name_and_key).await?;
        let open = Index::create()
            .name("engine_events_started")
            .table("engine_events")
            .col("started_at_ms")
            .to_owned();
        manager.create_index(open).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let events = Table::drop().table("engine_events").to_owned();
        manager.drop_table(events).await
    }
}

fn engine_events() -> TableCreateStatement {
    Table::create()
        .table("engine_events")
        .if_not_exists()
        .col(string("id").primary_key())
        .col(string("name"))
        .col(string("key"))
        .col(text("data"))
        .col(big_integer("accepted_at_ms"))
        .col(big_integer_null("started_at_ms"))
        .col(text_null("last_error"))
        .to_owned()
}
