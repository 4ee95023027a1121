//! `flywheel runs list`: the newest runs that fit, one line each, or how many there are.

use clap::Args;
use comfy_table::{Table, presets};
use engine::runs::{self, Cursor};
use schema::DatabaseConnection;

use super::filter::FilterArgs;
use super::{doing, instant, unknown};
use crate::cli::Ended;
use crate::output;

/// Arguments of `runs list`.
#[derive(Debug, Args)]
pub(in crate::cli) struct List {
    #[command(flatten)]
    filter: FilterArgs,
    /// The next page: what comes behind the last run of the one before
    #[arg(long, value_name = "RUN")]
    after: Option<String>,
    /// At most this many
    #[arg(long, default_value_t = 50)]
    limit: u64,
    /// Only how many there are, exact to 10,000
    #[arg(long, conflicts_with_all = ["after", "limit"])]
    count: bool,
}

impl List {
    pub(super) async fn run(self, db: &DatabaseConnection, json: bool) -> anyhow::Result<Ended> {
        let filter = self.filter.filter()?;
        if self.count {
            let total = runs::total(db, &filter).await?;
            if json {
                output::json(&total)?;
            } else {
                output::data(total);
            }
            return Ok(Ended::Well);
        }
        let cursor = match &self.after {
            Some(run) => {
                let cursor = Cursor::behind(db, run).await?;
                Some(cursor.ok_or_else(|| unknown(run))?)
            }
            None => None,
        };
        let page = runs::page(db, &filter, cursor.as_ref(), self.limit).await?;
        if json {
            output::json(&page.runs)?;
            return Ok(Ended::Well);
        }
        output::data(table(&page.runs).trim_fmt());
        if let Some(next) = page.next {
            let total = runs::total(db, &filter).await?;
            output::note(format!(
                "{total} runs fit; the next page: --after {}",
                next.id
            ));
        }
        Ok(Ended::Well)
    }
}

fn table(runs: &[engine::tables::runs::Model]) -> Table {
    let mut table = Table::new();
    table
        .load_preset(presets::NOTHING)
        .set_header(["RUN", "WORKFLOW", "KEY", "CREATED", "STATUS"]);
    for run in runs {
        table.add_row([
            run.id.clone(),
            run.workflow.clone(),
            run.key.clone().unwrap_or_default(),
            instant(Some(run.created_at_ms)),
            doing(run),
        ]);
    }
    table
}
