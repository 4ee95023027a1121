//! Partial rows: what one event knows of a row. Several in one batch are folded into one, and the
//! database fills in the rest, so the order of two processes' writes matters little.

use jiff::Timestamp;

use super::RunStatus;
use crate::event::AttemptKey;

/// What is known of a run. `None` leaves a column as it is, except that a status takes the
/// `waiting_…` columns along: they belong to it.
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

    /// Folds a later event of the same batch in.
    pub(crate) fn fold(&mut self, later: Self) {
        if later.status.is_some() {
            self.status = later.status;
            self.waiting_reason = later.waiting_reason;
            self.waiting_until_ms = later.waiting_until_ms;
        }
        self.created_at_ms = self.created_at_ms.min(later.created_at_ms);
        self.started_at_ms = self.started_at_ms.or(later.started_at_ms);
        take_later(&mut self.workflow, later.workflow);
        take_later(&mut self.key, later.key);
        take_later(&mut self.parent_id, later.parent_id);
        take_later(&mut self.input, later.input);
        take_later(&mut self.output, later.output);
        take_later(&mut self.error_code, later.error_code);
        take_later(&mut self.error_step, later.error_step);
        take_later(&mut self.error_message, later.error_message);
        take_later(&mut self.invocation_id, later.invocation_id);
        take_later(&mut self.worker, later.worker);
        take_later(&mut self.ended_at_ms, later.ended_at_ms);
    }
}

/// What is known of an attempt; `executions` and `cost_micro_usd` are added to what is there.
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
        }
    }

    /// Folds a later event of the same batch in.
    pub(crate) fn fold(&mut self, later: Self) {
        self.executions += later.executions;
        self.cost_micro_usd += later.cost_micro_usd;
        take_later(&mut self.started_at_ms, later.started_at_ms);
        take_later(&mut self.ended_at_ms, later.ended_at_ms);
        take_later(&mut self.ending, later.ending);
        take_later(&mut self.error_code, later.error_code);
        take_later(&mut self.error_chain, later.error_chain);
        take_later(&mut self.input, later.input);
        take_later(&mut self.output, later.output);
        take_later(&mut self.later_until_ms, later.later_until_ms);
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
