//! `schedules`: workflows that start by the clock.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, boolean, integer, string, string_null, text, text_null,
};

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m20261123_000003_schedules"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(schedules()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let schedules = Table::drop().table("schedules").to_owned();
        manager.drop_table(schedules).await
    }
}

fn schedules() -> TableCreateStatement {
    Table::create()
        .table("schedules")
        .if_not_exists()
        .col(string("name").primary_key())
        .col(string("workflow"))
        .col(text("input"))
        .col(string("cron"))
        .col(string("time_zone"))
        .col(string("missed"))
        .col(integer("catch_up_max"))
        .col(boolean("held"))
        .col(big_integer("created_at_ms"))
        .col(big_integer("last_tick_ms"))
        .col(string_null("last_run_id"))
        .col(text_null("last_error"))
        .col(big_integer_null("last_error_ms"))
        .to_owned()
}
