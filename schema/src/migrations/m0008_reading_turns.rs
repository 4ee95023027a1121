//! Turns of reading: which posts a batch has taken and when; and which posts are gone.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, big_integer_null, boolean, text};

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
        let gone = Table::alter()
            .table("posts")
            .add_column(big_integer_null("gone_at_ms"))
            .to_owned();
        manager.alter_table(gone).await?;
        manager.create_table(reading_turns()).await?;
        manager
            .create_index(index(
                "reading_turns_taken_by",
                "reading_turns",
                &["taken_by"],
            ))
            .await
    }
}

fn reading_turns() -> TableCreateStatement {
    Table::create()
        .table("reading_turns")
        .col(text("post_id").primary_key())
        .col(text("taken_by"))
        .col(big_integer("taken_at_ms"))
        .col(big_integer("due_at_ms"))
        .col(boolean("was_read"))
        .col(big_integer("patience"))
        .foreign_key(&mut belongs_to("reading_turns", "post_id", "posts"))
        .to_owned()
}
