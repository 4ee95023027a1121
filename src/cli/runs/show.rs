//! `flywheel runs show ID`: one run, its children, and every attempt with what went wrong.

use clap::Args;
use comfy_table::{ContentArrangement, Table, presets};
use engine::runs::{self, Details};
use engine::tables::step_attempts;
use schema::DatabaseConnection;

use super::{doing, instant, unknown};
use crate::cli::Ended;
use crate::output;

/// Arguments of `runs show`.
#[derive(Debug, Args)]
pub(in crate::cli) struct Show {
    /// The run
    id: String,
}

impl Show {
    pub(super) async fn run(self, db: &DatabaseConnection, json: bool) -> anyhow::Result<Ended> {
        let details = runs::show(db, &self.id)
            .await?
            .ok_or_else(|| unknown(&self.id))?;
        if json {
            output::json(&details)?;
            return Ok(Ended::Well);
        }
        output::data(head(&details));
        if !details.attempts.is_empty() {
            output::data(attempts(&details.attempts));
        }
        for child in &details.children {
            output::data(format!(
                "child {}  {}  {}",
                child.id,
                child.workflow,
                doing(child)
            ));
        }
        Ok(Ended::Well)
    }
}

fn head(details: &Details) -> String {
    let run = &details.run;
    let mut lines = vec![
        format!("run      {}", run.id),
        format!("workflow {}", run.workflow),
        format!("status   {}", doing(run)),
        format!("created  {}", instant(Some(run.created_at_ms))),
        format!("ended    {}", instant(run.ended_at_ms)),
        format!("input    {}", run.input),
    ];
    if let Some(message) = &run.error_message {
        lines.push(format!("error    {message}"));
    }
    if let Some(output) = &run.output {
        lines.push(format!("output   {output}"));
    }
    lines.join("\n")
}

fn attempts(attempts: &[step_attempts::Model]) -> Table {
    let mut table = Table::new();
    table
        .load_preset(presets::UTF8_HORIZONTAL_ONLY)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header([
            "STEP",
            "STARTED",
            "MS",
            "ENDING",
            "EXECUTIONS",
            "USD",
            "ERROR",
        ]);
    for attempt in attempts {
        let ending = attempt
            .ending
            .clone()
            .unwrap_or_else(|| "under way".to_owned());
        table.add_row([
            step_name(attempt),
            instant(attempt.started_at_ms),
            took_ms(attempt).map_or_else(String::new, |ms| ms.to_string()),
            ending,
            attempt.executions.to_string(),
            usd(attempt.cost_micro_usd),
            error(attempt),
        ]);
    }
    table
}

/// `scrape#2`, or `scrape[3]#2` when the run came to the step for the third time.
pub(super) fn step_name(attempt: &step_attempts::Model) -> String {
    match attempt.occurrence {
        1 => format!("{}#{}", attempt.step, attempt.attempt),
        again => format!("{}[{again}]#{}", attempt.step, attempt.attempt),
    }
}

/// How long its last execution took.
pub(super) fn took_ms(attempt: &step_attempts::Model) -> Option<i64> {
    Some(attempt.ended_at_ms? - attempt.started_at_ms?)
}

/// The code, and the causes outermost first.
pub(super) fn error(attempt: &step_attempts::Model) -> String {
    let chain: Vec<String> = attempt
        .error_chain
        .as_deref()
        .and_then(|chain| serde_json::from_str(chain).ok())
        .unwrap_or_default();
    match &attempt.error_code {
        Some(code) => format!("{code}: {}", chain.join(": ")),
        None => chain.join(": "),
    }
}

fn usd(micro: i64) -> String {
    if micro == 0 {
        String::new()
    } else {
        format!("{}.{:06}", micro / 1_000_000, micro % 1_000_000)
    }
}
