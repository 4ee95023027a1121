//! Tokens of accounts whose platform exchanges them, one row each.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, big_integer_null, text, text_null};

use super::belongs_to;

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
#[expect(
    elided_lifetimes_in_paths,
    reason = "async_trait would take a written lifetime for another one than the trait's"
)]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(account_tokens()).await
    }
}

fn account_tokens() -> TableCreateStatement {
    Table::create()
        .table("account_tokens")
        .col(text("account_id").primary_key())
        .col(text_null("access_token"))
        .col(big_integer_null("access_expires_at_ms"))
        .col(text("refresh_token"))
        .col(big_integer_null("refresh_expires_at_ms"))
        .col(text("seed_sha256"))
        .col(text_null("renewing_by"))
        .col(big_integer_null("renewing_until_ms"))
        .col(big_integer("updated_at_ms"))
        .foreign_key(&mut belongs_to("account_tokens", "account_id", "accounts"))
        .to_owned()
}
