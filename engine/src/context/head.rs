//! What is known of a run from its start.

use serde::{Deserialize, Serialize};

use crate::operations::RerunPoint;

/// The body of the call that starts a run.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RunHead {
    pub(crate) run_id: String,
    pub(crate) workflow: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) parent_id: Option<String>,
    /// From where it goes on, if it goes on from another run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) rerun: Option<RerunPoint>,
    pub(crate) input: serde_json::Value,
}
