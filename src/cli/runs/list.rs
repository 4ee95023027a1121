//! `flywheel runs list`: the newest runs, one line each.

use clap::Args;
use comfy_table::{Table, presets};
use engine::runs::{self, Filter};
use engine::tables::RunStatus;
use schema::DatabaseConnection;

use super::{doing, instant};
use crate::cli::Ended;
use crate::output;

/// Arguments of `runs list`.
#[derive(Debug, Args)]
pub(in crate::cli) struct List {
    /// Only of this status: queued, running, waiting, completed, failed, cancelled, killed
    #[arg(long, value_parser = status)]
    status: Option<RunStatus>,
    /// Only of this workflow
    #[arg(long)]
    workflow: Option<String>,
    /// At most this many
    #[arg(long, default_value_t = 50)]
    limit: u64,
}

impl List {
    pub(super) async fn run(self, db: &DatabaseConnection, json: bool) -> anyhow::Result<Ended> {
        let filter = Filter {
            status: self.status,
            workflow: self.workflow,
            ..Filter::default()
        };
        let runs = runs::list(db, &filter, self.limit).await?;
        if json {
            output::json(&runs)?;
            return Ok(Ended::Well);
        }
        let mut table = Table::new();
        table
            .load_preset(presets::NOTHING)
            .set_header(["RUN", "WORKFLOW", "KEY", "CREATED", "STATUS"]);
        for run in &runs {
            let created = instant(Some(run.created_at_ms));
            table.add_row([
                run.id.clone(),
                run.workflow.clone(),
                run.key.clone().unwrap_or_default(),
                created,
                doing(run),
            ]);
        }
        output::data(table.trim_fmt());
        Ok(Ended::Well)
    }
}

fn status(word: &str) -> Result<RunStatus, String> {
    let known = RunStatus::ALL
        .into_iter()
        .find(|status| status.as_str() == word);
    known.ok_or_else(|| {
        format!(
            "there is no status {word}; there are {}",
            RunStatus::ALL.map(RunStatus::as_str).join(", ")
        )
    })
}
