//! What a run takes over from another one, or is compared with.

use std::sync::{MutexGuard, PoisonError};

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{WorkflowContext, encode, json};
use crate::ending::{Failure, codes};
use crate::error::EngineError;
use crate::event::RunEntered;
use crate::story::{ChildResult, Gave, Recorded, given};
use crate::tables::EntryKind;

/// What lies behind the run.
#[derive(Debug, Default)]
pub(super) struct Story {
    recorded: Vec<Recorded>,
    mode: Mode,
}

/// What a record is for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Mode {
    /// The run goes on behind the record.
    #[default]
    GoOn,
    /// The code is compared with the record.
    Compare,
}

impl WorkflowContext<'_> {
    /// Gives the run a record, before its workflow begins.
    pub(crate) fn remember(&self, recorded: Vec<Recorded>, mode: Mode) {
        *self.story() = Story { recorded, mode };
    }

    /// Reads what the run goes on from, if it goes on from another one: once, then it is in the journal.
    pub(crate) async fn load_story(&self) -> Result<(), Failure> {
        let Some(rerun) = self.run.rerun.clone() else {
            return Ok(());
        };
        let controls = self.means.controls.clone();
        let what = "what the run goes on from";
        let closure = Box::pin(async move { encode(what, &controls.recorded(rerun).await?) });
        let bytes = self.entry("rerun".to_owned(), closure).await?;
        let recorded = self.decode(what, &bytes).await;
        self.remember(recorded, Mode::GoOn);
        Ok(())
    }

    /// What the record has at this place; nothing behind its end.
    pub(crate) fn taken(
        &self,
        seq: u32,
        kind: EntryKind,
        name: &str,
    ) -> Result<Option<Gave>, Failure> {
        self.find(seq, kind, name, None)
    }

    /// What the record has of so many child runs at this place; nothing of those that are to be run.
    pub(super) fn taken_children(
        &self,
        seq: u32,
        workflow: &str,
        count: usize,
    ) -> Result<Vec<ChildResult>, Failure> {
        match self.find(seq, EntryKind::Children, workflow, Some(count))? {
            Some(Gave::Children(results)) => Ok(results),
            _ => Ok(vec![None; count]),
        }
    }

    fn find(
        &self,
        seq: u32,
        kind: EntryKind,
        name: &str,
        children: Option<usize>,
    ) -> Result<Option<Gave>, Failure> {
        self.check_cancelled()?;
        let (entry, mode) = {
            let story = self.story();
            let entry = story.recorded.iter().find(|entry| entry.seq == seq);
            (entry.cloned(), story.mode)
        };
        let Some(entry) = entry else {
            return Ok(None);
        };
        if let Some((recorded, now)) = difference(&entry, kind, name, children) {
            let failure = diverged(seq, &recorded, &now);
            if mode == Mode::Compare {
                // The workflow may make something of the failure: what counts is this.
                self.given_up.set(EngineError::Diverged {
                    index: seq as usize,
                    recorded,
                    now,
                });
            }
            return Err(failure);
        }
        if mode == Mode::GoOn {
            self.enter(seq, kind, name, Some(given(&entry.gave)));
        }
        Ok((entry.gave != Gave::Open).then_some(entry.gave))
    }

    /// The input of the step with which the run begins anew, if it was edited.
    pub(crate) fn edited_input(&self, seq: u32) -> Option<Value> {
        let rerun = self.run.rerun.as_ref()?;
        let from = rerun.from.as_ref()?;
        (from.seq == seq).then(|| rerun.input.clone()).flatten()
    }

    /// Notes an operation for the run's story. A replay notes it again, which changes nothing.
    pub(crate) fn enter(&self, seq: u32, kind: EntryKind, name: &str, value: Option<Value>) {
        if seq == 0 {
            return;
        }
        let entered = RunEntered {
            run_id: self.run.run_id.clone(),
            seq,
            kind,
            name: name.to_owned(),
            value: value.map(|value| value.to_string()),
            at: Timestamp::now(),
        };
        self.means.history.note(entered.into());
    }

    /// What was taken over, as its type.
    pub(crate) async fn decode_given<T: DeserializeOwned>(
        &self,
        what: &str,
        gave: Gave,
    ) -> Result<T, Failure> {
        let value = match gave {
            Gave::Value(value) => value,
            Gave::Failed(failure) => return Err(failure),
            Gave::Passed | Gave::Open | Gave::Children(_) => Value::Null,
        };
        match serde_json::from_value(value) {
            Ok(value) => Ok(value),
            Err(source) => self.give_up(json::decode_error::<T>(what, source)).await,
        }
    }

    /// How the record and the code differ, if the workflow has come to its end before the record has.
    pub(crate) fn left_over(&self) -> Option<EngineError> {
        let done = self.state().seq;
        let story = self.story();
        let left = story.recorded.iter().find(|entry| entry.seq > done)?;
        Some(EngineError::Diverged {
            index: left.seq as usize,
            recorded: describe(left.kind, &left.name),
            now: "the end of the run".to_owned(),
        })
    }

    fn story(&self) -> MutexGuard<'_, Story> {
        self.story.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A step, or what else it is, as people read it.
pub(crate) fn describe(kind: EntryKind, name: &str) -> String {
    format!("{} `{name}`", kind.as_str())
}

/// Child runs where it matters how many they are.
pub(super) fn describe_children(workflow: &str, count: usize) -> String {
    let children = describe(EntryKind::Children, workflow);
    format!("{children}, {count} of them")
}

/// What the record has, and what the code comes to, if that is something else.
fn difference(
    entry: &Recorded,
    kind: EntryKind,
    name: &str,
    children: Option<usize>,
) -> Option<(String, String)> {
    if (entry.kind, entry.name.as_str()) != (kind, name) {
        return Some((describe(entry.kind, &entry.name), describe(kind, name)));
    }
    match (&entry.gave, children) {
        (Gave::Children(results), Some(count)) if results.len() != count => Some((
            describe_children(name, results.len()),
            describe_children(name, count),
        )),
        _ => None,
    }
}

fn diverged(seq: u32, recorded: &str, now: &str) -> Failure {
    Failure::terminal(
        codes::RERUN_DIVERGED,
        format!(
            "at place {seq} the record has {recorded}, and the workflow of today comes to {now}"
        ),
    )
}
