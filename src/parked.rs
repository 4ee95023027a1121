//! Runs that wait until a person has decided.

use std::fmt;

use engine::EngineError;
use engine::runs::Details;
use engine::tables::{RunStatus, WaitKind, runs};
use schema::DatabaseConnection;
use serde::Deserialize;

/// The parked run without which this one does not go on: itself, or one that it called while no other
/// of those goes on either.
pub(crate) fn parked(details: &Details) -> Option<&runs::Model> {
    let is_parked = |run: &runs::Model| run.status == RunStatus::Parked;
    if is_parked(&details.run) {
        return Some(&details.run);
    }
    let mut open = details
        .children
        .iter()
        .filter(|child| child.status.is_open());
    let first = open.next()?;
    let waits = details.run.status.is_open() && is_parked(first) && open.all(is_parked);
    waits.then_some(first)
}

/// What a person has to decide about.
#[derive(Debug)]
pub(crate) struct Problem {
    /// The stable code of the step's last error.
    pub(crate) code: String,
    step: String,
    error: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in {}: {}", self.code, self.step, self.error)
    }
}

/// Why a run is parked; nothing if somebody has decided since.
///
/// # Errors
/// [`EngineError::Database`].
pub(crate) async fn problem(
    db: &DatabaseConnection,
    run_id: &str,
) -> Result<Option<Problem>, EngineError> {
    #[derive(Deserialize)]
    struct Detail {
        code: String,
        error: String,
    }
    let waits = engine::waits::of_run(db, run_id).await?;
    let undecided = waits.into_iter().rev().find(|wait| {
        matches!(wait.kind, WaitKind::Park | WaitKind::Unknown) && wait.answered_at_ms.is_none()
    });
    Ok(undecided.and_then(|wait| {
        let detail: Detail = serde_json::from_str(wait.detail.as_deref()?).ok()?;
        Some(Problem {
            code: detail.code,
            step: wait.name,
            error: detail.error,
        })
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(id: &str, status: RunStatus) -> runs::Model {
        runs::Model {
            id: id.to_owned(),
            workflow: "measure".to_owned(),
            key: None,
            parent_id: None,
            status,
            input: "null".to_owned(),
            output: None,
            error_code: None,
            error_step: None,
            error_message: None,
            waiting_reason: None,
            waiting_until_ms: None,
            invocation_id: None,
            worker: None,
            stuck_reason: None,
            created_at_ms: 0,
            started_at_ms: None,
            ended_at_ms: None,
            reconciled_at_ms: None,
            rerun_of: None,
            rerun: None,
        }
    }

    /// Which run a run waits for, with these children.
    #[track_caller]
    fn check(status: RunStatus, children: &[RunStatus], expected: Option<&str>) {
        let children = children.iter().zip(1..);
        let details = Details {
            run: run("run_1", status),
            attempts: Vec::new(),
            tags: Vec::new(),
            children: children
                .map(|(status, number)| run(&format!("run_1.{number}"), *status))
                .collect(),
        };
        assert_eq!(parked(&details).map(|run| run.id.as_str()), expected);
    }

    #[test]
    fn a_run_waits_for_a_person_if_it_is_parked_or_all_that_it_called_are() {
        use RunStatus::{Completed, Failed, Parked, Running};
        check(Parked, &[], Some("run_1"));
        check(Running, &[], None);
        check(Running, &[Running], None);
        check(Running, &[Completed, Parked], Some("run_1.2"));
        check(Running, &[Parked, Parked], Some("run_1.1"));
        check(Running, &[Parked, Running], None);
        check(Failed, &[Parked], None);
    }
}
