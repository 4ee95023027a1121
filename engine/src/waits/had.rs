//! The events that a run has had, beside its next wait for one: who delivers an event late sees that
//! the run took it when it looked back.

use serde_json::{Value, json};

use crate::controls::NewWait;
use crate::tables::WaitKind;
use crate::tables::waits::Model;

const HAD: &str = "had";

/// The wait's detail as it is kept, JSON.
pub(super) fn detail(wait: &NewWait) -> Option<String> {
    let detail = match wait.kind {
        WaitKind::Event if !wait.had.is_empty() => Some(json!({ HAD: wait.had })),
        _ => wait.detail.clone(),
    };
    detail.map(|detail| detail.to_string())
}

/// Whether the run of this wait for an event has had this one before.
pub(crate) fn has_had(wait: &Model, event_id: &str) -> bool {
    let detail = wait.detail.as_deref().unwrap_or_default();
    let detail: Value = serde_json::from_str(detail).unwrap_or_default();
    let had = detail[HAD].as_array();
    had.is_some_and(|had| had.iter().any(|id| id.as_str() == Some(event_id)))
}
