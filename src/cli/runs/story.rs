//! `flywheel runs story RUN`: what a run did, in order, and what each operation gave. As JSON it is the
//! recording that the tests of its workflow replay.

use clap::Args;
use comfy_table::{Table, presets};
use engine::replay::Recording;
use schema::DatabaseConnection;

use super::unknown;
use crate::cli::Ended;
use crate::output;

/// Arguments of `runs story`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    flywheel runs story run_1\n  \
    flywheel runs story run_1 --json > workflows/tests/histories/video_loop.json")]
pub(in crate::cli) struct Story {
    /// The run
    #[arg(value_name = "RUN")]
    id: String,
}

impl Story {
    pub(super) async fn run(self, db: &DatabaseConnection, json: bool) -> anyhow::Result<Ended> {
        let recording = Recording::read(db, &self.id).await?;
        let recording = recording.ok_or_else(|| unknown(&self.id))?;
        if json {
            // Over many lines: it is kept as a file, which people read and compare.
            output::data(serde_json::to_string_pretty(&recording)?);
        } else {
            output::data(table(&recording).trim_fmt());
        }
        Ok(Ended::Well)
    }
}

fn table(recording: &Recording) -> Table {
    let mut table = Table::new();
    table
        .load_preset(presets::NOTHING)
        .set_header(["PLACE", "WHAT", "GAVE"]);
    for row in recording.rows() {
        table.add_row(row);
    }
    table
}
