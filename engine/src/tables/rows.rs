//! Partial rows: what one event knows of a row. Several in one batch are folded into one, and the
//! database fills in the rest, so the order of two processes' writes matters little.

use jiff::Timestamp;

use super::{EntryKind, RunStatus};
use crate::event::AttemptKey;

/// What is known of a run. `None` leaves a column as it is, except in the columns that belong to the
/// status: `waiting_…`, `output`, `error_…`, `ended_at_ms`. A status takes them along.
#[derive(Debug, Clone, Default)]
pub struct RunRow {
    pub(crate) id: String,
    pub(crate) workflow: Option<String>,
    pub(crate) key: Option<String>,
    pub(crate) parent_id: Option<String>,
    pub(crate) status: Option<RunStatus>,
    pub(crate) input: Option<String>,
    pub(crate) output: Option<String>,
    pub(crate) error_code: Option<String>,
    pub(crate) error_step: Option<String>,
    pub(crate) error_message: Option<String>,
    pub(crate) waiting_reason: Option<String>,
    pub(crate) waiting_until_ms: Option<i64>,
    pub(crate) invocation_id: Option<String>,
    pub(crate) worker: Option<String>,
    pub(crate) created_at_ms: i64,
    pub(crate) started_at_ms: Option<i64>,
    pub(crate) ended_at_ms: Option<i64>,
}

impl RunRow {
    pub(crate) fn of(id: String, at: Timestamp) -> Self {
        Self {
            id,
            created_at_ms: at.as_millisecond(),
            ..Self::default()
        }
    }

    /// Folds a later event of the same batch in, to what the database would make of the two.
    pub(crate) fn fold(&mut self, later: Self) {
        // A run that has ended stays as it ended.
        if later.status.is_some() && self.ended_at_ms.is_none() {
            self.status = later.status;
            self.waiting_reason = later.waiting_reason;
            self.waiting_until_ms = later.waiting_until_ms;
            self.output = later.output;
            self.error_code = later.error_code;
            self.error_step = later.error_step;
            self.error_message = later.error_message;
            self.ended_at_ms = later.ended_at_ms;
        }
        self.created_at_ms = self.created_at_ms.min(later.created_at_ms);
        self.started_at_ms = self.started_at_ms.or(later.started_at_ms);
        take_later(&mut self.workflow, later.workflow);
        take_later(&mut self.key, later.key);
        take_later(&mut self.parent_id, later.parent_id);
        take_later(&mut self.input, later.input);
        take_later(&mut self.invocation_id, later.invocation_id);
        take_later(&mut self.worker, later.worker);
    }
}

/// The start or the end of one execution of an attempt.
///
/// It says all there is to say of `ended_at_ms`, `ending`, `outcome`, `error_…`, `output` and `later_until_ms`:
/// what it leaves out is not so (any more). `executions` and `cost_micro_usd` are added to what is
/// there; but the cost of an execution (by `started_at_ms`) that has ended already replaces itself.
#[derive(Debug, Clone)]
pub struct AttemptRow {
    pub(crate) key: AttemptKey,
    pub(crate) started_at_ms: Option<i64>,
    pub(crate) ended_at_ms: Option<i64>,
    pub(crate) ending: Option<String>,
    pub(crate) error_code: Option<String>,
    pub(crate) error_chain: Option<String>,
    pub(crate) input: Option<String>,
    pub(crate) output: Option<String>,
    pub(crate) later_until_ms: Option<i64>,
    pub(crate) cost_micro_usd: i64,
    pub(crate) executions: u32,
    pub(crate) seq: Option<u32>,
    pub(crate) outcome: Option<&'static str>,
}

impl AttemptRow {
    pub(crate) fn of(key: AttemptKey) -> Self {
        Self {
            key,
            started_at_ms: None,
            ended_at_ms: None,
            ending: None,
            error_code: None,
            error_chain: None,
            input: None,
            output: None,
            later_until_ms: None,
            cost_micro_usd: 0,
            executions: 0,
            seq: None,
            outcome: None,
        }
    }

    /// Folds a later event of the same batch in, to what the database would make of the two.
    pub(crate) fn fold(&mut self, later: Self) {
        let has_ended = self.ended_at_ms.is_some();
        let is_same = self.started_at_ms == later.started_at_ms;
        if !(has_ended && is_same && later.ended_at_ms.is_some()) {
            self.cost_micro_usd += later.cost_micro_usd;
            self.executions += later.executions;
        }
        take_later(&mut self.input, later.input);
        take_later(&mut self.seq, later.seq);
        let is_stale =
            has_ended && later.started_at_ms.is_some() && self.started_at_ms > later.started_at_ms;
        if is_stale {
            return;
        }
        take_later(&mut self.started_at_ms, later.started_at_ms);
        self.ended_at_ms = later.ended_at_ms;
        self.ending = later.ending;
        self.error_code = later.error_code;
        self.error_chain = later.error_chain;
        self.output = later.output;
        self.later_until_ms = later.later_until_ms;
        self.outcome = later.outcome;
    }
}

fn take_later<T>(value: &mut Option<T>, later: Option<T>) {
    if later.is_some() {
        *value = later;
    }
}

/// One tag.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct TagRow {
    pub(crate) run_id: String,
    pub(crate) key: String,
    pub(crate) value: String,
}

/// What a run did beside its attempts; a later one replaces an earlier one of the same place, but for
/// a value that is there already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryRow {
    pub(crate) run_id: String,
    pub(crate) seq: u32,
    pub(crate) kind: EntryKind,
    pub(crate) name: String,
    pub(crate) value: Option<String>,
    pub(crate) at_ms: i64,
}

impl EntryRow {
    /// Folds a later event of the same batch in, to what the database would make of the two.
    pub(crate) fn fold(&mut self, later: Self) {
        take_later(&mut self.value, later.value);
    }
}

/// The text without NUL, which Postgres refuses in any text, and the whole transaction with it.
pub(crate) fn storable(text: String) -> String {
    match text.contains('\0') {
        true => text.replace('\0', ""),
        false => text,
    }
}

#[cfg(test)]
mod tests {
    use crate::ending::{ErrorNote, Failure};
    use crate::event::{AttemptEnded, AttemptStarted, Event, Row, RunEnded, RunStarted};

    use super::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millisecond(ms).unwrap()
    }

    fn run_row(event: impl Into<Event>) -> RunRow {
        let event: Event = event.into();
        match event.row() {
            Row::Run(row) => *row,
            other => panic!("not of a run: {other:?}"),
        }
    }

    fn attempt_row(event: impl Into<Event>) -> AttemptRow {
        let event: Event = event.into();
        match event.row() {
            Row::Attempt(row) => *row,
            other => panic!("not of an attempt: {other:?}"),
        }
    }

    fn run_started(ms: i64) -> RunRow {
        run_row(RunStarted {
            run_id: "run_1".to_owned(),
            workflow: "w".to_owned(),
            parent_id: None,
            input: "1".to_owned(),
            invocation_id: "inv_1".to_owned(),
            worker: "worker-1".to_owned(),
            at: at(ms),
        })
    }

    fn run_ended(ms: i64, result: Result<String, Failure>) -> RunRow {
        run_row(RunEnded {
            run_id: "run_1".to_owned(),
            workflow: "w".to_owned(),
            result,
            at: at(ms),
        })
    }

    fn key() -> AttemptKey {
        AttemptKey {
            run_id: "run_1".to_owned(),
            step: "s",
            occurrence: 1,
            attempt: 1,
        }
    }

    fn started(ms: i64) -> AttemptRow {
        attempt_row(AttemptStarted {
            key: key(),
            at: at(ms),
            input: "1".to_owned(),
            seq: 1,
        })
    }

    fn ended(ms: i64, error: Option<&'static str>) -> AttemptRow {
        attempt_row(AttemptEnded {
            key: key(),
            started_at: at(ms - 1),
            ended_at: at(ms),
            ending: if error.is_some() { "retry" } else { "done" },
            error: error.map(|code| ErrorNote::text(code, "no")),
            output: error.is_none().then(|| "2".to_owned()),
            until_ms: None,
            cost_micro_usd: 5,
            seq: 1,
            outcome: error.is_none().then_some("done"),
        })
    }

    #[test]
    fn a_run_that_starts_and_ends_in_one_batch_has_ended() {
        let mut row = run_started(10);
        row.fold(run_ended(20, Ok("2".to_owned())));
        assert_eq!(row.status, Some(RunStatus::Completed));
        assert_eq!(row.ended_at_ms, Some(20));
        assert_eq!(row.output.as_deref(), Some("2"));
        assert_eq!(row.started_at_ms, Some(10));
    }

    #[test]
    fn a_run_that_has_ended_is_not_reopened_by_a_later_start() {
        let mut row = run_ended(20, Ok("2".to_owned()));
        row.fold(run_started(30));
        assert_eq!(row.status, Some(RunStatus::Completed));
        assert_eq!(row.ended_at_ms, Some(20));
        assert_eq!(row.output.as_deref(), Some("2"));
        assert_eq!(row.invocation_id.as_deref(), Some("inv_1"));
    }

    #[test]
    fn the_first_end_of_a_run_stands() {
        let mut row = run_ended(20, Ok("2".to_owned()));
        row.fold(run_ended(30, Err(Failure::terminal("late", "too late"))));
        assert_eq!(row.status, Some(RunStatus::Completed));
        assert_eq!((row.ended_at_ms, row.error_code), (Some(20), None));
    }

    #[test]
    fn the_second_execution_of_an_attempt_leaves_nothing_of_the_first() {
        let mut row = ended(20, Some("first"));
        row.fold(ended(40, None));
        assert_eq!(row.ending.as_deref(), Some("done"));
        assert_eq!((row.error_code, row.error_chain), (None, None));
        assert_eq!(row.output.as_deref(), Some("2"));
        assert_eq!(row.cost_micro_usd, 10);
    }

    #[test]
    fn an_end_that_comes_again_costs_nothing_more() {
        let mut row = started(19);
        row.fold(ended(20, None));
        row.fold(ended(20, None));
        assert_eq!((row.executions, row.cost_micro_usd), (1, 5));
        // Another execution, of a worker that was thought dead.
        row.fold(ended(30, None));
        assert_eq!(row.cost_micro_usd, 10);
    }

    #[test]
    fn an_attempt_that_is_begun_again_has_not_ended() {
        let mut row = ended(20, Some("first"));
        row.fold(started(30));
        assert_eq!((row.ended_at_ms, row.ending), (None, None));
        assert_eq!((row.error_code, row.error_chain), (None, None));
        assert_eq!(row.started_at_ms, Some(30));
        assert_eq!((row.executions, row.cost_micro_usd), (1, 5));
    }

    #[test]
    fn an_attempt_that_starts_and_ends_in_one_batch_has_ended() {
        let mut row = started(10);
        row.fold(ended(20, None));
        assert_eq!(row.ended_at_ms, Some(20));
        assert_eq!(row.input.as_deref(), Some("1"));
        assert_eq!(row.executions, 1);
    }

    #[test]
    fn a_text_that_is_stored_has_no_nul() {
        assert_eq!(storable("a\0b".to_owned()), "ab");
    }
}
