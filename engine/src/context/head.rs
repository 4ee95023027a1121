//! What is known of a run from its start.

use std::collections::BTreeSet;

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
    /// The steps that are executed as services, in this run and those below it. Decided when a run is
    /// asked for, because a step as a service has other entries in the journal.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(crate) services: BTreeSet<String>,
    pub(crate) input: serde_json::Value,
}
