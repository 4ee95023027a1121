//! What runs wait for, who holds them, what they recorded beside their steps, permits, and the audit
//! of what people did.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, integer, integer_null, string, string_null, text, text_null,
};

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m20261123_000002_waits"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [
            waits(),
            holds(),
            run_entries(),
            limits(),
            permits(),
            operations(),
        ] {
            manager.create_table(table).await?;
        }
        for index in indexes() {
            manager.create_index(index).await?;
        }
        // One column at a time: SQLite adds no more with one statement.
        let columns = [
            ("runs", string_null("rerun_of")),
            ("runs", text_null("rerun")),
            ("step_attempts", integer_null("seq")),
            ("step_attempts", string_null("outcome")),
        ];
        for (table, mut column) in columns {
            let add = Table::alter()
                .table(table)
                .add_column(&mut column)
                .to_owned();
            manager.alter_table(add).await?;
        }
        let index = Index::create()
            .name("runs_rerun_of")
            .table("runs")
            .col("rerun_of")
            .to_owned();
        manager.create_index(index).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let index = Index::drop().name("runs_rerun_of").table("runs").to_owned();
        manager.drop_index(index).await?;
        for (table, column) in [
            ("runs", "rerun_of"),
            ("runs", "rerun"),
            ("step_attempts", "seq"),
            ("step_attempts", "outcome"),
        ] {
            let drop = Table::alter().table(table).drop_column(column).to_owned();
            manager.alter_table(drop).await?;
        }
        for table in [
            "operations",
            "permits",
            "limits",
            "run_entries",
            "holds",
            "waits",
        ] {
            manager
                .drop_table(Table::drop().table(table).to_owned())
                .await?;
        }
        Ok(())
    }
}

fn waits() -> TableCreateStatement {
    Table::create()
        .table("waits")
        .if_not_exists()
        .col(string("id").primary_key())
        .col(string("run_id"))
        .col(string("kind"))
        .col(string("name"))
        .col(string("key"))
        .col(text_null("detail"))
        .col(big_integer("since_ms"))
        .col(big_integer_null("until_ms"))
        .col(text_null("answer"))
        .col(string_null("answered_by"))
        .col(big_integer_null("answered_at_ms"))
        .col(big_integer_null("delivered_at_ms"))
        .to_owned()
}

fn holds() -> TableCreateStatement {
    Table::create()
        .table("holds")
        .if_not_exists()
        .col(string("run_id").primary_key())
        .col(big_integer("since_ms"))
        .col(string("who"))
        .col(text_null("why"))
        .to_owned()
}

fn run_entries() -> TableCreateStatement {
    Table::create()
        .table("run_entries")
        .if_not_exists()
        .col(string("run_id"))
        .col(integer("seq"))
        .col(string("kind"))
        .col(string("name"))
        .col(text_null("value"))
        .col(big_integer("at_ms"))
        .primary_key(Index::create().col("run_id").col("seq"))
        .to_owned()
}

fn limits() -> TableCreateStatement {
    Table::create()
        .table("limits")
        .if_not_exists()
        .col(string("key").primary_key())
        .col(big_integer("tickets"))
        .col(big_integer("next_slot_us"))
        .to_owned()
}

fn permits() -> TableCreateStatement {
    Table::create()
        .table("permits")
        .if_not_exists()
        .col(string("key"))
        .col(string("run_id"))
        .col(big_integer("ticket"))
        .col(integer("at_once"))
        .col(big_integer("since_ms"))
        .primary_key(Index::create().col("key").col("run_id"))
        .to_owned()
}

fn operations() -> TableCreateStatement {
    Table::create()
        .table("operations")
        .if_not_exists()
        .col(string("id").primary_key())
        .col(big_integer("at_ms"))
        .col(string("who"))
        .col(text_null("why"))
        .col(string("verb"))
        .col(string("target"))
        .col(text("arguments"))
        .col(text("result"))
        .to_owned()
}

fn indexes() -> Vec<IndexCreateStatement> {
    let index = |name: &str, table: &str, columns: &[&str]| {
        let mut index = Index::create();
        index.name(name).table(table.to_owned()).if_not_exists();
        for column in columns {
            index.col((*column).to_owned());
        }
        index
    };
    vec![
        index("waits_run", "waits", &["run_id"]),
        index(
            "waits_answered",
            "waits",
            &["answered_at_ms", "kind", "name", "key"],
        ),
        index("permits_key_ticket", "permits", &["key", "ticket"]),
        index("permits_run", "permits", &["run_id"]),
        index("operations_target", "operations", &["target", "at_ms"]),
    ]
}
