//! History in memory, for tests: every event in order, and the number of executions per attempt. As with
//! the real one, what was only noted is lost with its worker.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use futures::FutureExt as _;
use futures::future::BoxFuture;

use super::History;
use crate::error::EngineError;
use crate::event::{AttemptKey, Event};

/// Events in the order in which they happened.
#[derive(Debug, Default)]
pub struct MemoryHistory(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    events: Vec<Event>,
    /// So many of them are committed.
    committed: usize,
    executions: BTreeMap<AttemptKey, u32>,
}

impl MemoryHistory {
    /// Everything that happened so far.
    #[must_use]
    pub fn events(&self) -> Vec<Event> {
        self.kept().events.clone()
    }

    /// One line per attempt that ended and per wait, for snapshots.
    #[must_use]
    pub fn story(&self) -> Vec<String> {
        self.events().iter().filter_map(line).collect()
    }

    /// The worker died: what is not committed is gone.
    pub(crate) fn lose_notes(&self) {
        let mut kept = self.kept();
        let committed = kept.committed;
        let lost: Vec<Event> = kept.events.drain(committed..).collect();
        for event in lost {
            if let Event::AttemptStarted(started) = event
                && let Some(executions) = kept.executions.get_mut(&started.key)
            {
                *executions -= 1;
            }
        }
    }

    fn commit(&self) {
        let mut kept = self.kept();
        kept.committed = kept.events.len();
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, event: Event) -> u32 {
        let mut kept = self.kept();
        let executions = match &event {
            Event::AttemptStarted(started) => {
                let executions = kept.executions.entry(started.key.clone()).or_default();
                *executions += 1;
                *executions
            }
            _ => 0,
        };
        kept.events.push(event);
        executions
    }
}

fn line(event: &Event) -> Option<String> {
    match event {
        Event::AttemptEnded(ended) => {
            let code = ended
                .error
                .as_ref()
                .map(|error| format!(" ({})", error.code))
                .unwrap_or_default();
            Some(format!("{} {}{code}", ended.key.entry_name(), ended.ending))
        }
        Event::RunWaiting(waiting) => Some(format!("wait: {}", waiting.reason)),
        _ => None,
    }
}

impl History for MemoryHistory {
    fn note(&self, event: Event) {
        self.push(event);
    }

    fn keep(&self, event: Event) -> BoxFuture<'static, Result<u32, EngineError>> {
        let executions = self.push(event);
        self.commit();
        async move { Ok(executions) }.boxed()
    }

    fn flush(&self) -> BoxFuture<'static, Result<(), EngineError>> {
        self.commit();
        async { Ok(()) }.boxed()
    }
}
