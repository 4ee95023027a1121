//! What Restate's word about an invocation means for the open row of its run.

use crate::ending::codes::RUN_CANCELLED;
use crate::ending::{Failure, FailureKind};
use crate::restate::admin::Invocation;
use crate::tables::RunStatus;
use crate::tables::runs::codes::{RUN_KILLED, RUN_UNRECORDED};

/// Restate has tried this often without getting on.
const STUCK_AFTER: u64 = 20;

/// What is so of an open row.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Judgement {
    /// Restate has just taken it.
    Sent,
    /// Restate gets on with it, or there is no reason to think that it does not.
    Going,
    Stuck(String),
    /// How it ended, with the code and the reason.
    Over(RunStatus, &'static str, String),
}

/// What Restate's word means for an open row. A run writes its end before Restate has it, so one
/// that Restate has completed was ended from outside, or its end is lost from our tables.
pub(super) fn verdict(invocation: &Invocation) -> Judgement {
    let last_failure = || {
        invocation
            .last_failure
            .clone()
            .unwrap_or_else(|| "no failure is recorded".to_owned())
    };
    match invocation.status.as_str() {
        "completed" => match invocation.completion_result.as_deref() {
            Some("success") => Judgement::Over(
                RunStatus::Completed,
                RUN_UNRECORDED,
                "Restate has the output".to_owned(),
            ),
            _ => failed(invocation.completion_failure.clone().unwrap_or_default()),
        },
        "paused" => Judgement::Stuck(format!("paused by Restate: {}", last_failure())),
        "backing-off" if invocation.retry_count.unwrap_or(0) >= STUCK_AFTER => {
            Judgement::Stuck(format!(
                "tried {} times: {}",
                invocation.retry_count.unwrap_or(0),
                last_failure()
            ))
        }
        _ => Judgement::Going,
    }
}

/// What the run said itself comes first. Its words may tell of a child that was cancelled, so only
/// words of Restate's own are searched for that.
fn failed(words: String) -> Judgement {
    match own_failure(&words) {
        Some(failure) if failure.kind == FailureKind::Cancelled => {
            Judgement::Over(RunStatus::Cancelled, RUN_CANCELLED, failure.error)
        }
        Some(failure) => Judgement::Over(
            RunStatus::Failed,
            RUN_UNRECORDED,
            format!("Restate has the failure: {failure}"),
        ),
        None if words.to_ascii_lowercase().contains("cancel") => {
            Judgement::Over(RunStatus::Cancelled, RUN_CANCELLED, words)
        }
        None => Judgement::Over(RunStatus::Killed, RUN_KILLED, words),
    }
}

/// The failure that the run ended with by itself: JSON, with Restate's code before it. Restate may
/// add lines behind it.
fn own_failure(words: &str) -> Option<Failure> {
    let json = words.get(words.find('{')?..)?;
    let mut values = serde_json::Deserializer::from_str(json).into_iter::<Failure>();
    values.next()?.ok()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// `row` is what `sys_invocation` has, but for the id.
    fn check(mut row: Value, expected: &Judgement) {
        row["id"] = json!("inv_1");
        let invocation: Invocation = serde_json::from_value(row).unwrap();
        assert_eq!(verdict(&invocation), *expected, "{invocation:?}");
    }

    fn stuck(reason: &str) -> Judgement {
        Judgement::Stuck(reason.to_owned())
    }

    fn over(status: RunStatus, code: &'static str, reason: &str) -> Judgement {
        Judgement::Over(status, code, reason.to_owned())
    }

    #[test]
    fn an_invocation_that_is_not_over_gets_on_or_is_stuck() {
        let rows = [
            (json!({ "status": "running" }), Judgement::Going),
            (json!({ "status": "suspended" }), Judgement::Going),
            (json!({ "status": "backing-off" }), Judgement::Going),
            (
                json!({ "status": "backing-off", "retry_count": 19 }),
                Judgement::Going,
            ),
            (
                json!({ "status": "backing-off", "retry_count": 20, "last_failure": "no" }),
                stuck("tried 20 times: no"),
            ),
            (
                json!({ "status": "paused" }),
                stuck("paused by Restate: no failure is recorded"),
            ),
        ];
        for (row, expected) in rows {
            check(row, &expected);
        }
    }

    #[test]
    fn a_completed_invocation_ended_as_its_own_failure_says_or_else_as_restate_does() {
        let success = json!({ "status": "completed", "completion_result": "success" });
        let output = "Restate has the output";
        check(success, &over(RunStatus::Completed, RUN_UNRECORDED, output));

        let rows = [
            (
                r#"[409 Aborted] {"kind":"cancelled","code":"run_cancelled","step":null,"error":"the run was cancelled"}"#,
                over(RunStatus::Cancelled, RUN_CANCELLED, "the run was cancelled"),
            ),
            // The child was cancelled, and not this run.
            (
                r#"[500] {"kind":"terminal","code":"child_failed","step":null,"error":"child run run_1.1: the run was cancelled"}"#,
                over(
                    RunStatus::Failed,
                    RUN_UNRECORDED,
                    "Restate has the failure: child_failed: child run run_1.1: the run was cancelled",
                ),
            ),
            (
                "[500] {\"kind\":\"exhausted\",\"code\":\"busy\",\"step\":\"act\",\"error\":\"no\"}\nmore",
                over(
                    RunStatus::Failed,
                    RUN_UNRECORDED,
                    "Restate has the failure: act: busy: no",
                ),
            ),
            (
                "[409 Aborted] canceled",
                over(
                    RunStatus::Cancelled,
                    RUN_CANCELLED,
                    "[409 Aborted] canceled",
                ),
            ),
            (
                "[409] Cancelled",
                over(RunStatus::Cancelled, RUN_CANCELLED, "[409] Cancelled"),
            ),
            (
                "[409 Aborted] killed",
                over(RunStatus::Killed, RUN_KILLED, "[409 Aborted] killed"),
            ),
            // JSON, and none of ours.
            (
                r#"[500] {"message":"no"}"#,
                over(RunStatus::Killed, RUN_KILLED, r#"[500] {"message":"no"}"#),
            ),
            ("", over(RunStatus::Killed, RUN_KILLED, "")),
        ];
        for (failure, expected) in rows {
            let row = json!({
                "status": "completed",
                "completion_result": "failure",
                "completion_failure": failure,
            });
            check(row, &expected);
        }
    }
}
