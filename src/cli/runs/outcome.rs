//! What came of doing something to runs, one line each.

use comfy_table::{Table, presets};
use engine::EngineError;
use engine::operations::{Applied, OperationError};
use schema::DatabaseConnection;
use serde::Serialize;

use crate::cli::Ended;
use crate::output;

/// What came of one run.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outcome {
    run_id: String,
    #[serde(flatten)]
    came: Came,
    /// It is kept, and Restate has not been told yet.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pending: bool,
    /// Restate did not answer.
    #[serde(skip)]
    unreachable: bool,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
enum Came {
    /// What was done.
    Result(Applied),
    /// Why nothing was, with its causes.
    Error(String),
}

impl Outcome {
    /// Looks, too, whether Restate has what was decided.
    pub(super) async fn of(
        db: &DatabaseConnection,
        run_id: String,
        result: Result<Applied, OperationError>,
    ) -> anyhow::Result<Self> {
        let pending = match &result {
            Ok(Applied::Released | Applied::Resolved { .. }) => {
                let waits = engine::waits::of_run(db, &run_id).await?;
                waits
                    .iter()
                    .any(|wait| wait.answered_at_ms.is_some() && wait.delivered_at_ms.is_none())
            }
            _ => false,
        };
        let unreachable = matches!(
            &result,
            Err(OperationError::Engine(EngineError::Http { .. }))
        );
        let came = match result {
            Ok(applied) => Came::Result(applied),
            Err(error) => Came::Error(format!("{:#}", anyhow::Error::new(error))),
        };
        Ok(Self {
            run_id,
            came,
            pending,
            unreachable,
        })
    }
}

/// Tells of each. Of one rerun alone it is the id of the new run, to go on with.
pub(super) fn tell(outcomes: &[Outcome], json: bool) -> anyhow::Result<Ended> {
    if json {
        output::json(&outcomes)?;
    } else if let [
        Outcome {
            came: Came::Result(Applied::Rerun { run_id }),
            ..
        },
    ] = outcomes
    {
        output::data(run_id);
    } else {
        output::data(table(outcomes).trim_fmt());
    }
    if outcomes.iter().any(|outcome| outcome.pending) {
        output::note(
            "Restate has not been told yet; that is done as soon as `flywheel up` (or `flywheel api`) reaches it.",
        );
    }
    if outcomes.iter().any(|outcome| outcome.unreachable) {
        output::note("Restate cannot be reached; is `flywheel up` running on this data folder?");
    }
    let failed = |outcome: &Outcome| matches!(outcome.came, Came::Error(_));
    Ok(match outcomes.iter().any(failed) {
        true => Ended::Badly,
        false => Ended::Well,
    })
}

fn table(outcomes: &[Outcome]) -> Table {
    let mut table = Table::new();
    table
        .load_preset(presets::NOTHING)
        .set_header(["RUN", "RESULT"]);
    for outcome in outcomes {
        let result = match &outcome.came {
            Came::Result(applied) => in_words(applied),
            Came::Error(error) => format!("not done: {error}"),
        };
        table.add_row([outcome.run_id.clone(), result]);
    }
    table
}

fn in_words(applied: &Applied) -> String {
    match applied {
        Applied::Held => "held".to_owned(),
        Applied::Released => "released".to_owned(),
        Applied::Resolved { step } => format!("resolved at {step}"),
        Applied::Cancelling => "is being cancelled".to_owned(),
        Applied::Killed => "killed".to_owned(),
        Applied::WithAbove { run_id } => format!("with {run_id}, which is above it"),
        Applied::Rerun { run_id } => format!("goes on as {run_id}"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn outcome(came: Came, pending: bool) -> Outcome {
        Outcome {
            run_id: "run_1".to_owned(),
            came,
            pending,
            unreachable: false,
        }
    }

    #[test]
    fn each_run_has_a_result_or_an_error() {
        let rerun = Applied::Rerun {
            run_id: "run_2".to_owned(),
        };
        let resolved = Applied::Resolved {
            step: "scrape".to_owned(),
        };
        let all = [
            outcome(Came::Result(rerun), false),
            outcome(Came::Result(resolved), true),
            outcome(Came::Error("it has ended".to_owned()), false),
        ];
        assert_eq!(
            serde_json::to_value(&all).unwrap(),
            json!([
                { "runId": "run_1", "result": { "did": "rerun", "runId": "run_2" } },
                { "runId": "run_1", "result": { "did": "resolved", "step": "scrape" }, "pending": true },
                { "runId": "run_1", "error": "it has ended" },
            ])
        );
        let table = table(&all).trim_fmt();
        for line in [
            "goes on as run_2",
            "resolved at scrape",
            "not done: it has ended",
        ] {
            assert!(table.contains(line), "{table}");
        }
    }

    #[test]
    fn one_failure_among_many_is_a_bad_end() {
        let good = || outcome(Came::Result(Applied::Held), false);
        let bad = outcome(Came::Error("gone".to_owned()), false);
        assert_eq!(tell(&[good()], true).unwrap(), Ended::Well);
        assert_eq!(tell(&[], true).unwrap(), Ended::Well);
        assert_eq!(tell(&[good(), bad], true).unwrap(), Ended::Badly);
    }
}
