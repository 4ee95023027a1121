//! `runs`, `step_attempts`, `run_tags`.

use sea_orm::DbBackend;
use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, integer, string, string_null, text, text_null,
};

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m20261122_000001_runs"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(runs()).await?;
        manager.create_table(step_attempts()).await?;
        manager.create_table(run_tags()).await?;
        for index in indexes() {
            manager.create_index(index).await?;
        }
        let open_runs = index_of_open_runs(manager.get_database_backend());
        manager
            .get_connection()
            .execute_unprepared(open_runs)
            .await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["run_tags", "step_attempts", "runs"] {
            manager
                .drop_table(Table::drop().table(table).to_owned())
                .await?;
        }
        Ok(())
    }
}

fn runs() -> TableCreateStatement {
    Table::create()
        .table("runs")
        .if_not_exists()
        .col(string("id").primary_key())
        .col(string("workflow"))
        .col(string_null("key"))
        .col(string_null("parent_id"))
        .col(string("status"))
        .col(text("input"))
        .col(text_null("output"))
        .col(string_null("error_code"))
        .col(string_null("error_step"))
        .col(text_null("error_message"))
        .col(string_null("waiting_reason"))
        .col(big_integer_null("waiting_until_ms"))
        .col(string_null("invocation_id"))
        .col(string_null("worker"))
        .col(text_null("stuck_reason"))
        .col(big_integer("created_at_ms"))
        .col(big_integer_null("started_at_ms"))
        .col(big_integer_null("ended_at_ms"))
        .col(big_integer_null("reconciled_at_ms"))
        .to_owned()
}

fn step_attempts() -> TableCreateStatement {
    Table::create()
        .table("step_attempts")
        .if_not_exists()
        .col(string("run_id"))
        .col(string("step"))
        .col(integer("occurrence"))
        .col(integer("attempt"))
        .col(big_integer_null("started_at_ms"))
        .col(big_integer_null("ended_at_ms"))
        .col(string_null("worker"))
        .col(string_null("ending"))
        .col(string_null("error_code"))
        .col(text_null("error_chain"))
        .col(text_null("input"))
        .col(text_null("output"))
        .col(big_integer_null("later_until_ms"))
        .col(big_integer("cost_micro_usd"))
        .col(integer("executions"))
        .primary_key(
            Index::create()
                .col("run_id")
                .col("step")
                .col("occurrence")
                .col("attempt"),
        )
        .to_owned()
}

fn run_tags() -> TableCreateStatement {
    Table::create()
        .table("run_tags")
        .if_not_exists()
        .col(string("run_id"))
        .col(string("key"))
        .col(string("value"))
        .primary_key(Index::create().col("run_id").col("key"))
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
    let mut one_run_per_key = index("runs_workflow_key", "runs", &["workflow", "key"]);
    one_run_per_key.unique();
    vec![
        one_run_per_key,
        // For counts by both, which are taken every few seconds, and for lists by status.
        index("runs_status_workflow", "runs", &["status", "workflow"]),
        index("runs_created", "runs", &["created_at_ms"]),
        index("runs_parent", "runs", &["parent_id"]),
        index("run_tags_key_value", "run_tags", &["key", "value"]),
    ]
}

/// The few open runs among all, in the order in which the reconciler comes to them: nulls first.
/// Postgres must be told where nulls go, which `Index` cannot; SQLite has them first and takes no
/// word about it.
fn index_of_open_runs(backend: DbBackend) -> &'static str {
    match backend {
        DbBackend::Postgres => {
            "CREATE INDEX IF NOT EXISTS runs_open ON runs (reconciled_at_ms NULLS FIRST) \
             WHERE ended_at_ms IS NULL"
        }
        _ => {
            "CREATE INDEX IF NOT EXISTS runs_open ON runs (reconciled_at_ms) \
             WHERE ended_at_ms IS NULL"
        }
    }
}
