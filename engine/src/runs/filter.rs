//! Which runs are meant: by a list, by a count, and by whoever does something to many at once.

use jiff::Timestamp;

use crate::tables::RunStatus;

/// Which runs. A run fits if all of it is so; what is left empty asks nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only these runs; a few thousand at most.
    pub ids: Vec<String>,
    /// Only of this workflow.
    pub workflow: Option<String>,
    /// Only of one of these statuses.
    pub statuses: Vec<RunStatus>,
    /// Only with all of these tags, as (key, value).
    pub tags: Vec<(String, String)>,
    /// Only those that failed with this code.
    pub error_code: Option<String>,
    /// Only those that were asked for at this instant or later.
    pub created_after: Option<Timestamp>,
    /// Only those that were asked for before this instant.
    pub created_before: Option<Timestamp>,
    /// Only children of this run.
    pub parent_id: Option<String>,
    /// Only without a parent.
    pub top_level: bool,
    /// Only those that somebody holds, whatever their status is; not those that are held with a run
    /// above them.
    pub held: bool,
}
