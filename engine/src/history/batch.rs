//! One transaction of history: rows folded by key, one upsert per table.

use std::collections::{BTreeMap, HashMap};

use sea_orm::sea_query::{Expr, ExprTrait as _, Func, OnConflict, Query};
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DbErr, Insert, QueryTrait as _, Set, TransactionTrait as _,
};

use crate::event::{AttemptKey, Row};
use crate::tables::runs::codes::RUN_GONE;
use crate::tables::{
    AttemptRow, EntryRow, RunRow, RunStatus, TagRow, run_entries, run_tags, runs, step_attempts,
};

/// How often each attempt of the batch has been begun.
pub(super) type Executions = HashMap<AttemptKey, u32>;

/// Rows for one transaction.
pub(super) struct Batch {
    worker: String,
    runs: BTreeMap<String, RunRow>,
    attempts: BTreeMap<AttemptKey, AttemptRow>,
    /// Ends that may have been lost.
    recovered: BTreeMap<AttemptKey, AttemptRow>,
    tags: BTreeMap<(String, String), TagRow>,
    entries: BTreeMap<(String, u32), EntryRow>,
}

impl Batch {
    pub(super) fn new(worker: &str) -> Self {
        Self {
            worker: worker.to_owned(),
            runs: BTreeMap::new(),
            attempts: BTreeMap::new(),
            recovered: BTreeMap::new(),
            tags: BTreeMap::new(),
            entries: BTreeMap::new(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.runs.len()
            + self.attempts.len()
            + self.recovered.len()
            + self.tags.len()
            + self.entries.len()
    }

    pub(super) fn add(&mut self, row: Row) {
        match row {
            Row::Run(row) => match self.runs.get_mut(&row.id) {
                Some(known) => known.fold(*row),
                None => {
                    self.runs.insert(row.id.clone(), *row);
                }
            },
            Row::Attempt(row) => match self.attempts.get_mut(&row.key) {
                Some(known) => known.fold(*row),
                None => {
                    self.attempts.insert(row.key.clone(), *row);
                }
            },
            Row::Recovered(row) => {
                self.recovered.insert(row.key.clone(), *row);
            }
            Row::Tag(tag) => {
                self.tags.insert((tag.run_id.clone(), tag.key.clone()), tag);
            }
            Row::Entry(entry) => match self.entries.get_mut(&(entry.run_id.clone(), entry.seq)) {
                Some(known) => known.fold(entry),
                None => {
                    self.entries
                        .insert((entry.run_id.clone(), entry.seq), entry);
                }
            },
        }
    }

    /// Writes everything or nothing. `count` asks for the executions of the batch's attempts, which
    /// costs a little.
    pub(super) async fn commit(
        &self,
        db: &DatabaseConnection,
        count: bool,
    ) -> Result<Executions, DbErr> {
        let tables = [
            !self.runs.is_empty(),
            !self.attempts.is_empty(),
            !self.recovered.is_empty(),
            !self.tags.is_empty(),
            !self.entries.is_empty(),
        ];
        if tables.into_iter().filter(|has_rows| *has_rows).count() < 2 {
            // One statement is a transaction by itself, and saves two trips to the database.
            return self.write(db, count).await;
        }
        let transaction = db.begin().await?;
        let executions = self.write(&transaction, count).await?;
        transaction.commit().await?;
        Ok(executions)
    }

    /// One statement for each table.
    async fn write(&self, db: &impl ConnectionTrait, count: bool) -> Result<Executions, DbErr> {
        if !self.runs.is_empty() {
            let rows =
                Insert::many(self.runs.values().map(run_model)).on_conflict(on_run_conflict());
            db.execute(rows.as_query()).await?;
        }
        if !self.tags.is_empty() {
            let conflict = OnConflict::columns([run_tags::Column::RunId, run_tags::Column::Key])
                .update_column(run_tags::Column::Value)
                .to_owned();
            let rows = Insert::many(self.tags.values().map(tag_model)).on_conflict(conflict);
            db.execute(rows.as_query()).await?;
        }
        if !self.entries.is_empty() {
            let rows = Insert::many(self.entries.values().map(entry_model))
                .on_conflict(on_entry_conflict());
            db.execute(rows.as_query()).await?;
        }
        let executions = self.write_attempts(db, count).await?;
        if !self.recovered.is_empty() {
            let rows = self.recovered.values();
            let rows = Insert::many(rows.map(|row| attempt_model(row, &self.worker)))
                .on_conflict(on_recovered_conflict());
            db.execute(rows.as_query()).await?;
        }
        Ok(executions)
    }

    async fn write_attempts(
        &self,
        db: &impl ConnectionTrait,
        count: bool,
    ) -> Result<Executions, DbErr> {
        if self.attempts.is_empty() {
            return Ok(Executions::new());
        }
        let rows = self
            .attempts
            .values()
            .map(|row| attempt_model(row, &self.worker));
        let mut rows = Insert::many(rows).on_conflict(on_attempt_conflict());
        if !count {
            db.execute(rows.as_query()).await?;
            return Ok(Executions::new());
        }
        use step_attempts::Column as C;
        rows.query().returning(Query::returning().columns([
            C::RunId,
            C::Step,
            C::Occurrence,
            C::Attempt,
            C::Executions,
        ]));
        self.executions(&db.query_all(rows.as_query()).await?)
    }

    fn executions(&self, rows: &[sea_orm::QueryResult]) -> Result<Executions, DbErr> {
        let mut counts = HashMap::new();
        for row in rows {
            let key: (String, String, i32, i32) = (
                row.try_get("", "run_id")?,
                row.try_get("", "step")?,
                row.try_get("", "occurrence")?,
                row.try_get("", "attempt")?,
            );
            let count: i32 = row.try_get("", "executions")?;
            let count = u32::try_from(count)
                .map_err(|_| DbErr::Type(format!("{count} executions of an attempt")))?;
            counts.insert(key, count);
        }
        let count_of = |key: &AttemptKey| {
            counts
                .get(&(
                    key.run_id.clone(),
                    key.step.to_owned(),
                    int(key.occurrence),
                    int(key.attempt),
                ))
                .map(|count| (key.clone(), *count))
        };
        Ok(self.attempts.keys().filter_map(count_of).collect())
    }
}

fn int(value: u32) -> i32 {
    i32::try_from(value).unwrap_or(i32::MAX)
}

fn run_model(run: &RunRow) -> runs::ActiveModel {
    runs::ActiveModel {
        id: Set(run.id.clone()),
        // Empty only until the event that knows it is written; see `on_run_conflict`.
        workflow: Set(run.workflow.clone().unwrap_or_default()),
        key: Set(run.key.clone()),
        parent_id: Set(run.parent_id.clone()),
        status: Set(run.status.unwrap_or(RunStatus::Running)),
        input: Set(run.input.clone().unwrap_or_default()),
        output: Set(run.output.clone()),
        error_code: Set(run.error_code.clone()),
        error_step: Set(run.error_step.clone()),
        error_message: Set(run.error_message.clone()),
        waiting_reason: Set(run.waiting_reason.clone()),
        waiting_until_ms: Set(run.waiting_until_ms),
        invocation_id: Set(run.invocation_id.clone()),
        worker: Set(run.worker.clone()),
        created_at_ms: Set(run.created_at_ms),
        started_at_ms: Set(run.started_at_ms),
        ended_at_ms: Set(run.ended_at_ms),
        ..Default::default()
    }
}

/// What a later event does to a run that is there: fill in what is missing, replace what it knows,
/// and never bring a run back that has ended. As `RunRow::fold`.
fn on_run_conflict() -> OnConflict {
    use runs::Column as C;
    let own = |column: C| Expr::col((runs::Entity, column));
    let mut conflict = OnConflict::column(C::Id);
    for column in [C::Key, C::ParentId, C::StartedAtMs] {
        conflict.value(column, Func::coalesce([own(column), excluded(column)]));
    }
    for column in [C::InvocationId, C::Worker] {
        conflict.value(column, Func::coalesce([excluded(column), own(column)]));
    }
    for column in [C::Workflow, C::Input] {
        conflict.value(
            column,
            Expr::case(excluded(column).ne(""), excluded(column)).finally(own(column)),
        );
    }
    let of_the_status = [
        C::Status,
        C::WaitingReason,
        C::WaitingUntilMs,
        C::Output,
        C::ErrorCode,
        C::ErrorStep,
        C::ErrorMessage,
        C::EndedAtMs,
    ];
    for column in of_the_status {
        conflict.value(
            column,
            Expr::case(has_ended(), own(column)).finally(excluded(column)),
        );
    }
    // That a run is begun again and again is no sign that it gets on: only the reconciler clears
    // this, or the end of the run.
    conflict.value(
        C::StuckReason,
        Expr::case(excluded(C::EndedAtMs).is_null(), own(C::StuckReason)),
    );
    conflict
}

/// Whether the run that is there has ended. One that was closed because Restate did not know it has
/// not, if it speaks again.
fn has_ended() -> Expr {
    use runs::Column as C;
    let code = || Expr::col((runs::Entity, C::ErrorCode));
    Expr::col((runs::Entity, C::EndedAtMs))
        .is_not_null()
        .and(code().is_null().or(code().ne(RUN_GONE)))
}

fn attempt_model(attempt: &AttemptRow, worker: &str) -> step_attempts::ActiveModel {
    step_attempts::ActiveModel {
        run_id: Set(attempt.key.run_id.clone()),
        step: Set(attempt.key.step.to_owned()),
        occurrence: Set(int(attempt.key.occurrence)),
        attempt: Set(int(attempt.key.attempt)),
        started_at_ms: Set(attempt.started_at_ms),
        ended_at_ms: Set(attempt.ended_at_ms),
        worker: Set(Some(worker.to_owned())),
        ending: Set(attempt.ending.clone()),
        error_code: Set(attempt.error_code.clone()),
        error_chain: Set(attempt.error_chain.clone()),
        input: Set(attempt.input.clone()),
        output: Set(attempt.output.clone()),
        later_until_ms: Set(attempt.later_until_ms),
        cost_micro_usd: Set(attempt.cost_micro_usd),
        executions: Set(int(attempt.executions)),
        seq: Set(attempt.seq.map(int)),
        outcome: Set(attempt.outcome.map(str::to_owned)),
    }
}

/// Each row is a start or an end of an execution: nothing of an earlier one stays beside it, but for
/// what both together cost. An end that is there already comes again if its journal entry was lost,
/// and costs nothing more. What a worker says of an older execution, after it was stopped for a while,
/// does not hide the end of a newer one. As `AttemptRow::fold`.
fn on_attempt_conflict() -> OnConflict {
    use step_attempts::Column as C;
    let own = |column: C| Expr::col((step_attempts::Entity, column));
    let mut conflict = OnConflict::columns([C::RunId, C::Step, C::Occurrence, C::Attempt]);
    let has_ended = || own(C::EndedAtMs).is_not_null();
    let is_stale = || has_ended().and(own(C::StartedAtMs).gt(excluded(C::StartedAtMs)));
    let of_the_end = [
        C::EndedAtMs,
        C::Ending,
        C::ErrorCode,
        C::ErrorChain,
        C::Output,
        C::LaterUntilMs,
        C::Outcome,
    ];
    for column in of_the_end {
        conflict.value(
            column,
            Expr::case(is_stale(), own(column)).finally(excluded(column)),
        );
    }
    for column in [C::StartedAtMs, C::Worker] {
        let later = Func::coalesce([excluded(column), own(column)]);
        conflict.value(column, Expr::case(is_stale(), own(column)).finally(later));
    }
    for column in [C::Input, C::Seq] {
        conflict.value(column, Func::coalesce([excluded(column), own(column)]));
    }
    let same_execution = || own(C::StartedAtMs).eq(excluded(C::StartedAtMs));
    let is_again = || {
        let is_end = excluded(C::EndedAtMs).is_not_null();
        has_ended().and(same_execution()).and(is_end)
    };
    for column in [C::CostMicroUsd, C::Executions] {
        let both = own(column).add(excluded(column));
        conflict.value(column, Expr::case(is_again(), own(column)).finally(both));
    }
    conflict
}

/// Only an end that is missing is filled in: an attempt whose end is in the journal is never executed
/// again, so whatever else is there is of the same execution, or of an earlier one.
fn on_recovered_conflict() -> OnConflict {
    use step_attempts::Column as C;
    let own = |column: C| Expr::col((step_attempts::Entity, column));
    OnConflict::columns([C::RunId, C::Step, C::Occurrence, C::Attempt])
        .update_columns([
            C::StartedAtMs,
            C::EndedAtMs,
            C::Ending,
            C::ErrorCode,
            C::ErrorChain,
            C::Output,
            C::LaterUntilMs,
            C::Outcome,
        ])
        .value(
            C::CostMicroUsd,
            own(C::CostMicroUsd).add(excluded(C::CostMicroUsd)),
        )
        .action_and_where(own(C::EndedAtMs).is_null())
        .to_owned()
}

fn tag_model(tag: &TagRow) -> run_tags::ActiveModel {
    run_tags::ActiveModel {
        run_id: Set(tag.run_id.clone()),
        key: Set(tag.key.clone()),
        value: Set(tag.value.clone()),
    }
}

fn entry_model(entry: &EntryRow) -> run_entries::ActiveModel {
    run_entries::ActiveModel {
        run_id: Set(entry.run_id.clone()),
        seq: Set(int(entry.seq)),
        kind: Set(entry.kind),
        name: Set(entry.name.clone()),
        value: Set(entry.value.clone()),
        at_ms: Set(entry.at_ms),
    }
}

/// An entry is written when it begins, when it has its value, and again at every replay: what is there
/// stays. As `EntryRow::fold`.
fn on_entry_conflict() -> OnConflict {
    use run_entries::Column as C;
    OnConflict::columns([C::RunId, C::Seq])
        .value(
            C::Value,
            Func::coalesce([
                excluded(C::Value),
                Expr::col((run_entries::Entity, C::Value)),
            ]),
        )
        .to_owned()
}

/// The value that the insert would have written.
fn excluded(column: impl sea_orm::Iden) -> Expr {
    Expr::col(("excluded", column))
}
