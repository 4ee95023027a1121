//! `flywheel runs audit [RUN]`: who did what to runs, when, why, and what came of it; also what was
//! refused.

use clap::Args;
use comfy_table::{Table, presets};
use engine::operations;
use engine::tables::operations::Model;
use schema::DatabaseConnection;
use serde_json::Value;

use super::instant;
use crate::cli::Ended;
use crate::output;

/// Arguments of `runs audit`.
#[derive(Debug, Args)]
#[command(after_help = "Example: flywheel runs audit run_1")]
pub(in crate::cli) struct Audit {
    /// Only what was done to this run
    #[arg(value_name = "RUN")]
    id: Option<String>,
    /// At most this many
    #[arg(long, default_value_t = 50)]
    limit: u32,
}

impl Audit {
    pub(super) async fn run(self, db: &DatabaseConnection, json: bool) -> anyhow::Result<Ended> {
        let rows = operations::history(db, self.id.as_deref(), self.limit.into()).await?;
        if json {
            output::json(&rows)?;
        } else {
            output::data(table(&rows).trim_fmt());
        }
        Ok(Ended::Well)
    }
}

fn table(rows: &[Model]) -> Table {
    let mut table = Table::new();
    table
        .load_preset(presets::NOTHING)
        .set_header(["AT", "WHO", "RUN", "DID", "RESULT", "WHY"]);
    for row in rows {
        table.add_row([
            instant(Some(row.at_ms)),
            row.who.clone(),
            row.target.clone(),
            did(row),
            result(row),
            row.why.clone().unwrap_or_default(),
        ]);
    }
    table
}

/// `resolve skip`, `rerun from scrape`, or the verb alone.
fn did(row: &Model) -> String {
    let arguments: Value = serde_json::from_str(&row.arguments).unwrap_or_default();
    match (arguments["action"].as_str(), arguments["from"].as_str()) {
        (Some(action), _) => format!("{} {action}", row.verb),
        (None, Some(from)) => format!("{} from {from}", row.verb),
        (None, None) => row.verb.clone(),
    }
}

/// `done`, the new run, or why it was refused.
fn result(row: &Model) -> String {
    let result: Value = serde_json::from_str(&row.result).unwrap_or_default();
    match (result["error"].as_str(), result["runId"].as_str()) {
        (Some(error), _) => format!("refused: {error}"),
        (None, Some(run_id)) => run_id.to_owned(),
        (None, None) => "done".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_says_who_did_what_and_what_came_of_it() {
        for (verb, arguments, came, what, result) in [
            (
                "hold",
                r#"{"verb":"hold"}"#,
                r#"{"did":"held"}"#,
                "hold",
                "done",
            ),
            (
                "resolve",
                r#"{"verb":"resolve","action":"skip","output":1}"#,
                r#"{"error":"it does not fit"}"#,
                "resolve skip",
                "refused: it does not fit",
            ),
            (
                "rerun",
                r#"{"verb":"rerun","from":"scrape","input":null}"#,
                r#"{"did":"rerun","runId":"run_2"}"#,
                "rerun from scrape",
                "run_2",
            ),
        ] {
            let row = Model {
                id: "1".to_owned(),
                at_ms: 1000,
                who: "ann".to_owned(),
                why: Some("locked".to_owned()),
                verb: verb.to_owned(),
                target: "run_1".to_owned(),
                arguments: arguments.to_owned(),
                result: came.to_owned(),
            };
            let shown = table(&[row]).trim_fmt();
            let line = shown.lines().nth(1).unwrap();
            for part in [
                "1970-01-01 00:00:01",
                "ann",
                "run_1",
                what,
                result,
                "locked",
            ] {
                assert!(line.contains(part), "{part}: {line}");
            }
        }
    }
}
