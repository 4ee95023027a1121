//! Faults that a test has set: which requests they meet, and what happens then.
//!
//! They are matched in the order in which they were set. One that is not due yet lets the request
//! go on to the next; the first that is due takes it.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::platform::Platform;

/// What a control sends.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FaultSpec {
    pub(crate) platform: Platform,
    /// One of the platform's endpoints, or `any`.
    #[serde(default = "any")]
    pub(crate) endpoint: String,
    /// How many matching requests pass first.
    #[serde(default)]
    pub(crate) after: u64,
    /// How many it then takes; 0 means all, until it is deleted.
    #[serde(default = "once")]
    pub(crate) times: u64,
    pub(crate) action: Action,
}

fn any() -> String {
    "any".to_owned()
}

fn once() -> u64 {
    1
}

/// What happens to a request that meets a fault.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Action {
    /// Does nothing and answers with this status, in the vendor's words unless a body is given.
    Fail {
        status: u16,
        #[serde(default)]
        body: Option<Value>,
        #[serde(default)]
        headers: BTreeMap<String, String>,
    },
    /// Waits, then goes on (`before`: acts only if the client is still there) or, having acted,
    /// answers late (`after`).
    Stall {
        ms: u64,
        #[serde(default)]
        when: When,
    },
    /// Does nothing and answers the vendor's 429, with `retry-after` when seconds are given.
    RateLimit {
        #[serde(default)]
        retry_after_s: Option<u64>,
    },
    /// Acts, then closes the connection without an answer.
    ActThenDrop,
    /// Closes the connection without acting.
    DropBefore,
    /// Lets this many bytes of the request's body through, then closes the connection.
    CutBody { bytes: u64 },
    /// Acts, and answers 200 with something that is not JSON.
    Garbage,
    /// Acts, announces the whole answer, and closes the connection half way through it.
    Truncate,
    /// YouTube: the daily quota is used up. Instagram: the account has published as much as it may
    /// in a day.
    QuotaExceeded,
    /// Instagram: does nothing and answers the documented error with these numbers, with its
    /// status.
    GraphError {
        code: i64,
        #[serde(default)]
        subcode: Option<u32>,
    },
    /// Instagram: a container whose status is asked, or that is to be published, has failed for
    /// good, for the reason with this number (2207026, …).
    ContainerFails { problem: u32 },
    /// Instagram: the same, but it is gone as if it were a day old.
    ContainerExpires,
    /// Anthropic: 529.
    Overloaded,
    /// Anthropic: 429 without `retry-after`.
    SpendLimit,
    /// Anthropic: an answer with `stop_reason` `refusal`.
    Refusal,
    /// Anthropic: an answer cut off in the middle of its JSON.
    MaxTokens,
    /// Pages: the visitor is to prove that it is a person.
    VerifyPage,
    /// Pages: the visitor is sent to the login.
    LoginWall,
    /// Pages: 200 and no body at all.
    EmptyBody,
    /// Pages: the page of a new design, with neither the data nor the elements that were known.
    ChangedLayout,
    /// Pages: the page without its data; what people see of it is there.
    MissingData,
}

impl Action {
    /// Whether only a page can meet it: under `any`, requests to an API pass.
    pub(crate) fn is_for_pages(&self) -> bool {
        matches!(
            self,
            Self::VerifyPage
                | Self::LoginWall
                | Self::EmptyBody
                | Self::ChangedLayout
                | Self::MissingData
        )
    }
}

/// On which side of acting a stall lies.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum When {
    #[default]
    Before,
    After,
}

/// A fault that is set.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Fault {
    pub(crate) id: String,
    #[serde(flatten)]
    spec: FaultSpec,
    /// Requests that it let pass.
    passed: u64,
    /// Requests that it took.
    taken: u64,
}

/// All faults that are set.
#[derive(Debug, Default)]
pub(crate) struct FaultBoard {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    set_so_far: u64,
    faults: Vec<Fault>,
}

impl FaultBoard {
    /// Sets a fault and returns its id. The caller has checked the endpoint's name.
    pub(crate) fn set(&self, spec: FaultSpec) -> String {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.set_so_far += 1;
        let id = format!("fault-{}", inner.set_so_far);
        inner.faults.push(Fault {
            id: id.clone(),
            spec,
            passed: 0,
            taken: 0,
        });
        id
    }

    /// The fault that takes this request, if any.
    pub(crate) fn take(&self, platform: Platform, endpoint: &str) -> Option<(String, Action)> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        for fault in &mut inner.faults {
            let spec = &fault.spec;
            let matches = spec.platform == platform
                && (spec.endpoint == "any" || spec.endpoint == endpoint)
                && (!spec.action.is_for_pages() || platform.pages().contains(&endpoint))
                && (spec.times == 0 || fault.taken < spec.times);
            if !matches {
                continue;
            }
            if fault.passed < spec.after {
                fault.passed += 1;
                continue;
            }
            fault.taken += 1;
            return Some((fault.id.clone(), spec.action.clone()));
        }
        None
    }

    pub(crate) fn all(&self) -> Vec<Fault> {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.faults.clone()
    }

    /// Removes one fault, or all; says how many went.
    pub(crate) fn remove(&self, id: Option<&str>) -> usize {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let before = inner.faults.len();
        inner
            .faults
            .retain(|fault| id.is_some_and(|id| fault.id != id));
        before - inner.faults.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(endpoint: &str, after: u64, times: u64) -> FaultSpec {
        FaultSpec {
            platform: Platform::Youtube,
            endpoint: endpoint.to_owned(),
            after,
            times,
            action: Action::DropBefore,
        }
    }

    fn ids(board: &FaultBoard, endpoint: &str, requests: usize) -> Vec<Option<String>> {
        (0..requests)
            .map(|_| board.take(Platform::Youtube, endpoint).map(|(id, _)| id))
            .collect()
    }

    #[test]
    fn a_fault_lets_some_pass_takes_some_and_is_over() {
        let board = FaultBoard::default();
        let id = board.set(spec("upload_put", 1, 2));
        assert_eq!(
            ids(&board, "upload_put", 4),
            [None, Some(id.clone()), Some(id), None]
        );
    }

    #[test]
    fn faults_take_requests_one_after_another_in_the_order_they_were_set() {
        let board = FaultBoard::default();
        let first = board.set(spec("any", 0, 1));
        let second = board.set(spec("upload_put", 0, 0));
        assert_eq!(
            ids(&board, "upload_put", 3),
            [Some(first), Some(second.clone()), Some(second)]
        );
        assert_eq!(ids(&board, "videos_list", 1), [None]);
        assert!(board.take(Platform::Anthropic, "messages").is_none());
    }
}
