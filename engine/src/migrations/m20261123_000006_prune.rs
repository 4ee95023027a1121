//! Indexes for finding what is old: runs by their end, and the audit by its time.

use sea_orm_migration::prelude::*;

/// (name, table, the rest). The first costs nothing while a run is open. It has the id, by which runs
/// that nobody called are told from others: with `parent_id` in the query SQLite would take the index
/// on that, and sort all runs.
const INDEXES: [(&str, &str, &str); 2] = [
    (
        "runs_ended",
        "runs",
        "(ended_at_ms, id) WHERE ended_at_ms IS NOT NULL",
    ),
    ("operations_at", "operations", "(at_ms, id)"),
];

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m20261123_000006_prune"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let db = manager.get_connection();
        for (name, table, columns) in INDEXES {
            let create = format!("CREATE INDEX {name} ON {table} {columns}");
            db.execute_unprepared(&create).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let db = manager.get_connection();
        for (name, _, _) in INDEXES {
            db.execute_unprepared(&format!("DROP INDEX {name}")).await?;
        }
        Ok(())
    }
}
