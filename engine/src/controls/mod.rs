//! What may keep an attempt from beginning, and where a run leaves word that it waits: asked inside
//! journaled closures, so that a replay asks nobody.

mod database;
mod holds;
mod memory;

use std::collections::BTreeMap;

use futures::future::BoxFuture;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::ending::Halt;
use crate::error::EngineError;
use crate::limits::LimitRule;
use crate::story::Recorded;
use crate::tables::WaitKind;

pub(crate) use database::DatabaseControls;
pub(crate) use holds::{SEEN_FOR, lineage};
pub use memory::MemoryControls;

/// What an attempt asks before it begins.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    pub(crate) run_id: String,
    /// The attempt, as the journal names it: its tickets are drawn under this name.
    pub(crate) holder: String,
    /// The limits that it needs, sorted by key: who needs several takes them in one order.
    pub(crate) limits: Vec<(String, LimitRule)>,
    /// The slots of rates that it has waited for: unix milliseconds by key.
    pub(crate) slots: BTreeMap<String, i64>,
    /// Whether it was kept from beginning before.
    pub(crate) halted: bool,
}

/// A wait, as the run leaves word of it.
#[derive(Debug, Clone)]
pub(crate) struct NewWait {
    /// The awakeable.
    pub(crate) id: String,
    pub(crate) run_id: String,
    pub(crate) kind: WaitKind,
    pub(crate) name: String,
    pub(crate) key: String,
    pub(crate) detail: Option<Value>,
    pub(crate) until: Option<Timestamp>,
    /// Of an event: those that the run has had.
    pub(crate) had: Vec<String>,
}

/// What a wait came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Answer {
    /// The event's id, or who answered.
    pub(crate) by: String,
    pub(crate) value: Value,
}

/// Holds, limits, waits and records, as a run needs them.
pub(crate) trait Controls: Send + Sync {
    /// Whether the attempt may begin; if not, why not.
    fn admit(&self, ask: Ask) -> BoxFuture<'static, Result<Option<Halt>, EngineError>>;
    /// Gives back every permit of that attempt, and its places in lines. What is lost here the
    /// reconciler finds when the run has ended.
    fn leave(&self, run_id: String, holder: String) -> BoxFuture<'static, ()>;
    /// Leaves word of a wait; the answer, if there is one already.
    fn register(&self, wait: NewWait) -> BoxFuture<'static, Result<Option<Answer>, EngineError>>;
    /// What a run recorded before a point, for the run that goes on from there.
    fn recorded(
        &self,
        rerun: crate::operations::RerunPoint,
    ) -> BoxFuture<'static, Result<Vec<Recorded>, EngineError>>;
}
