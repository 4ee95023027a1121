//! Waiting for somebody outside: an event, a person, a turn.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures::FutureExt as _;
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{WorkflowContext, encode};
use crate::controls::{Answer, NewWait};
use crate::ending::{Failure, add};
use crate::event::RunWaiting;
use crate::story::Gave;
use crate::tables::{EntryKind, RunStatus, WaitKind};

/// The name of journal entries that leave word of a wait; no step may have it.
pub(crate) const WAIT: &str = "wait";

/// For what to wait.
#[derive(Debug, Clone)]
pub(crate) struct Waiting {
    pub(crate) kind: WaitKind,
    /// See `tables::waits`.
    pub(crate) name: String,
    pub(crate) key: String,
    /// For people.
    pub(crate) reason: String,
    pub(crate) detail: Option<Value>,
    /// Of a park or unknown the code of what went wrong.
    pub(crate) code: Option<String>,
    /// How long at most; nothing: for ever.
    pub(crate) at_most: Option<Duration>,
}

/// What the journal keeps of leaving word.
#[derive(Debug, Serialize, Deserialize)]
struct Registered {
    answer: Option<Answer>,
    until_ms: Option<i64>,
}

impl WorkflowContext<'_> {
    /// Waits for the next event of this name and key, and gives its data; nothing if none came before
    /// `timeout` was over. Events that came since the run was asked for count, each once. For a rerun
    /// that is when the first run was asked for that it goes back to.
    ///
    /// # Errors
    /// The run's cancellation.
    pub async fn wait_for_event<T: DeserializeOwned>(
        &self,
        name: &str,
        key: &str,
        timeout: Duration,
    ) -> Result<Option<T>, Failure> {
        let seq = self.next_seq();
        let label = format!("{name} {key}");
        let what = format!("the data of the event {label}");
        let value = match self.taken(seq, EntryKind::Event, &label)? {
            Some(gave) => {
                let value: Value = self.decode_given(&what, gave).await?;
                if let Some(id) = value["id"].as_str() {
                    self.state().events.push(id.to_owned());
                }
                value
            }
            None => {
                self.enter(seq, EntryKind::Event, &label, None);
                let wait = Waiting {
                    kind: WaitKind::Event,
                    name: name.to_owned(),
                    key: key.to_owned(),
                    reason: format!("event {label}"),
                    detail: None,
                    code: None,
                    at_most: Some(timeout),
                };
                let value = match self.wait(wait).await? {
                    Some(Answer { by, value }) => {
                        self.state().events.push(by.clone());
                        json!({ "id": by, "data": value["data"] })
                    }
                    None => json!({ "timedOut": true }),
                };
                self.enter(seq, EntryKind::Event, &label, Some(value.clone()));
                value
            }
        };
        match value.get("data") {
            Some(data) => {
                let gave = Gave::Value(data.clone());
                self.decode_given(&what, gave).await.map(Some)
            }
            None => Ok(None),
        }
    }

    /// Leaves word and waits; nothing if the time is over first.
    pub(crate) async fn wait(&self, waiting: Waiting) -> Result<Option<Answer>, Failure> {
        loop {
            match self.wait_once(waiting.clone()).await {
                // It leaves word anew: nobody can wait twice for one answer.
                Err(failure) if self.is_told_again(&failure) => {}
                result => return result,
            }
        }
    }

    async fn wait_once(&self, waiting: Waiting) -> Result<Option<Answer>, Failure> {
        self.check_cancelled()?;
        let number = self.next_occurrence(WAIT);
        let awakeable = self.journal.awakeable();
        let wait = NewWait {
            id: awakeable.id,
            run_id: self.run.run_id.clone(),
            kind: waiting.kind,
            name: waiting.name,
            key: waiting.key,
            detail: waiting.detail,
            until: None,
            had: self.state().events.clone(),
        };
        let (controls, clock) = (self.means.controls.clone(), self.journal.clock());
        let (at_most, same) = (waiting.at_most, wait.clone());
        let first = Arc::new(AtomicBool::new(false));
        let is_first = first.clone();
        let register = async move {
            is_first.store(true, Ordering::Relaxed);
            let until = at_most.map(|at_most| add(clock.now(), at_most));
            let answer = controls.register(NewWait { until, ..wait }).await?;
            let until_ms = until.map(Timestamp::as_millisecond);
            encode("a wait", &Registered { answer, until_ms })
        };
        let name = format!("{WAIT}#{number}");
        let bytes = self.entry(name, register.boxed()).await?;
        let registered: Registered = self.decode("a wait", &bytes).await;
        if registered.answer.is_some() {
            return Ok(registered.answer);
        }
        let until = registered
            .until_ms
            .map(|ms| Timestamp::from_millisecond(ms).unwrap_or(Timestamp::MAX));
        let status = match waiting.kind {
            WaitKind::Hold => RunStatus::Held,
            WaitKind::Park | WaitKind::Unknown => RunStatus::Parked,
            WaitKind::Event | WaitKind::Permit => RunStatus::Waiting,
        };
        let again = !first.load(Ordering::Relaxed);
        self.say_waiting(RunWaiting {
            run_id: self.run.run_id.clone(),
            status,
            reason: waiting.reason,
            until,
            code: waiting.code,
            again,
        });
        if matches!(status, RunStatus::Held | RunStatus::Parked) {
            // Somebody has to see it: nothing says it again while the run sleeps.
            self.rows.noted();
        }
        let answered = {
            let _busy = self.only_this().await;
            self.latch(self.wait_settled((awakeable.answered)(until)).await)?
        };
        self.say_resumed();
        match answered {
            Some(bytes) => Ok(Some(self.decode("an answer", &bytes).await)),
            None if same.kind == WaitKind::Event => {
                self.look_once_more(number, NewWait { until, ..same }).await
            }
            None => Ok(None),
        }
    }

    /// The time is over, but an event that came before may not have been delivered: who should have
    /// done it died, or Restate was away.
    async fn look_once_more(&self, number: u32, wait: NewWait) -> Result<Option<Answer>, Failure> {
        let controls = self.means.controls.clone();
        let look = async move { encode("a late answer", &controls.register(wait).await?) };
        let name = format!("{WAIT}#{number} over");
        let bytes = self.entry(name, look.boxed()).await?;
        Ok(self.decode("a late answer", &bytes).await)
    }
}
