//! What was made once in the life of the database.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, text};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
#[expect(
    elided_lifetimes_in_paths,
    reason = "async_trait would take a written lifetime for another one than the trait's"
)]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let made_once = Table::create()
            .table("made_once")
            .col(text("name").primary_key())
            .col(big_integer("made_at_ms"))
            .to_owned();
        manager.create_table(made_once).await
    }
}
