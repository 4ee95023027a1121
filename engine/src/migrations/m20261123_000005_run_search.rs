//! Indexes for lists and totals of runs at any number of them, and for the last attempts of a step.
//!
//! Every index that a search walks begins with what is looked for, and goes on with status, creation
//! and id. A tag needs its run's status and creation for that: the database itself keeps them, so that
//! whoever writes a run or a tag need not think of it.

use sea_orm::DbBackend;
use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer_null, string_null};

/// What the new indexes do as well.
const REPLACED: [(&str, &str, &str); 2] = [
    ("run_tags_key_value", "run_tags", "key, value"),
    ("runs_created", "runs", "created_at_ms"),
];

/// (name, table, the rest). The two partial ones cost nothing while a run or an attempt goes on.
const INDEXES: [(&str, &str, &str); 5] = [
    (
        "run_tags_key_value_status",
        "run_tags",
        "(key, value, run_status, run_created_at_ms, run_id)",
    ),
    ("runs_status_created", "runs", "(status, created_at_ms, id)"),
    (
        "runs_workflow_status_created",
        "runs",
        "(workflow, status, created_at_ms, id)",
    ),
    (
        "runs_error_status_created",
        "runs",
        "(error_code, status, created_at_ms, id) WHERE error_code IS NOT NULL",
    ),
    (
        "step_attempts_step_ended",
        "step_attempts",
        "(step, ended_at_ms) WHERE ended_at_ms IS NOT NULL",
    ),
];

/// For the tags that are there already.
const FILL_IN: &str = "UPDATE run_tags SET \
     run_status = (SELECT status FROM runs WHERE runs.id = run_tags.run_id), \
     run_created_at_ms = (SELECT created_at_ms FROM runs WHERE runs.id = run_tags.run_id)";

/// Keep these columns as the run is. A tag may be written before its run.
const SQLITE_TRIGGERS: [&str; 3] = [
    "CREATE TRIGGER run_tags_of_new_run AFTER INSERT ON runs BEGIN \
       UPDATE run_tags SET run_status = NEW.status, run_created_at_ms = NEW.created_at_ms \
       WHERE run_id = NEW.id; \
     END",
    "CREATE TRIGGER run_tags_of_changed_run AFTER UPDATE OF status, created_at_ms ON runs \
     WHEN OLD.status <> NEW.status OR OLD.created_at_ms <> NEW.created_at_ms BEGIN \
       UPDATE run_tags SET run_status = NEW.status, run_created_at_ms = NEW.created_at_ms \
       WHERE run_id = NEW.id; \
     END",
    "CREATE TRIGGER run_tags_new_tag AFTER INSERT ON run_tags BEGIN \
       UPDATE run_tags SET (run_status, run_created_at_ms) = \
         (SELECT status, created_at_ms FROM runs WHERE id = NEW.run_id) \
       WHERE run_id = NEW.run_id AND key = NEW.key; \
     END",
];

/// The same. A new tag locks its run, or it would miss a status that another transaction is writing.
const POSTGRES_TRIGGERS: [&str; 5] = [
    "CREATE FUNCTION run_tags_follow_run() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
       UPDATE run_tags SET run_status = NEW.status, run_created_at_ms = NEW.created_at_ms \
       WHERE run_id = NEW.id; \
       RETURN NULL; \
     END $$",
    "CREATE FUNCTION run_tags_find_run() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
       SELECT status, created_at_ms INTO NEW.run_status, NEW.run_created_at_ms \
       FROM runs WHERE id = NEW.run_id FOR SHARE; \
       RETURN NEW; \
     END $$",
    "CREATE TRIGGER run_tags_of_new_run AFTER INSERT ON runs \
     FOR EACH ROW EXECUTE FUNCTION run_tags_follow_run()",
    "CREATE TRIGGER run_tags_of_changed_run AFTER UPDATE OF status, created_at_ms ON runs \
     FOR EACH ROW WHEN (OLD.status <> NEW.status OR OLD.created_at_ms <> NEW.created_at_ms) \
     EXECUTE FUNCTION run_tags_follow_run()",
    "CREATE TRIGGER run_tags_new_tag BEFORE INSERT ON run_tags \
     FOR EACH ROW EXECUTE FUNCTION run_tags_find_run()",
];

const SQLITE_DROPS: [&str; 3] = [
    "DROP TRIGGER run_tags_new_tag",
    "DROP TRIGGER run_tags_of_changed_run",
    "DROP TRIGGER run_tags_of_new_run",
];

/// With their triggers.
const POSTGRES_DROPS: [&str; 2] = [
    "DROP FUNCTION run_tags_find_run() CASCADE",
    "DROP FUNCTION run_tags_follow_run() CASCADE",
];

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m20261123_000005_run_search"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // One column at a time: SQLite adds no more with one statement.
        for mut column in new_columns() {
            let add = Table::alter()
                .table("run_tags")
                .add_column(&mut column)
                .to_owned();
            manager.alter_table(add).await?;
        }
        let db = manager.get_connection();
        db.execute_unprepared(FILL_IN).await?;
        for (name, _, _) in REPLACED {
            db.execute_unprepared(&format!("DROP INDEX {name}")).await?;
        }
        for (name, table, columns) in INDEXES {
            let create = format!("CREATE INDEX {name} ON {table} {columns}");
            db.execute_unprepared(&create).await?;
        }
        let triggers: &[&str] = match manager.get_database_backend() {
            DbBackend::Postgres => &POSTGRES_TRIGGERS,
            _ => &SQLITE_TRIGGERS,
        };
        for trigger in triggers {
            db.execute_unprepared(trigger).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let db = manager.get_connection();
        let drops: &[&str] = match manager.get_database_backend() {
            DbBackend::Postgres => &POSTGRES_DROPS,
            _ => &SQLITE_DROPS,
        };
        for drop in drops {
            db.execute_unprepared(drop).await?;
        }
        for (name, _, _) in INDEXES {
            db.execute_unprepared(&format!("DROP INDEX {name}")).await?;
        }
        for (name, table, columns) in REPLACED {
            let create = format!("CREATE INDEX {name} ON {table} ({columns})");
            db.execute_unprepared(&create).await?;
        }
        for column in ["run_status", "run_created_at_ms"] {
            let drop = Table::alter()
                .table("run_tags")
                .drop_column(column)
                .to_owned();
            manager.alter_table(drop).await?;
        }
        Ok(())
    }
}

/// Of the run that has the tag; nothing while there is none.
fn new_columns() -> [ColumnDef; 2] {
    [
        string_null("run_status"),
        big_integer_null("run_created_at_ms"),
    ]
}
