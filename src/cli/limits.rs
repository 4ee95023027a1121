//! `flywheel limits`: who acts and who waits for the limits on what happens at once.

use clap::{Args, Subcommand};
use comfy_table::{Table, presets};
use engine::limits::{self, Place};

use super::runs::instant;
use super::{Ended, Shared};
use crate::output;

/// What can be asked.
#[derive(Debug, Subcommand)]
pub(super) enum Limits {
    /// The line of each limit, first come, first served
    List(List),
}

/// Arguments of `limits list`.
#[derive(Debug, Args)]
#[command(after_help = "Example: flywheel limits list account:tiktok/main")]
pub(super) struct List {
    /// Only the line of this limit
    key: Option<String>,
}

impl Limits {
    pub(super) async fn run(self, shared: &Shared) -> anyhow::Result<Ended> {
        let db = shared.setup()?.tables().await?;
        let Self::List(list) = self;
        let places = limits::places(&db, list.key.as_deref()).await?;
        if shared.json {
            output::json(&places)?;
        } else {
            output::data(table(&places).trim_fmt());
        }
        Ok(Ended::Well)
    }
}

fn table(places: &[Place]) -> Table {
    let mut table = Table::new();
    table
        .load_preset(presets::NOTHING)
        .set_header(["LIMIT", "PLACE", "RUN", "SINCE"]);
    for place in places {
        table.add_row([
            place.key.clone(),
            in_words(place.place),
            place.run_id.clone(),
            instant(Some(place.since_ms)),
        ]);
    }
    table
}

/// `acts`, or the place among those that wait.
fn in_words(place: u64) -> String {
    match place {
        0 => "acts".to_owned(),
        waits => waits.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_acts_is_told_from_who_waits() {
        let place = |run_id: &str, place| Place {
            key: "anthropic".to_owned(),
            run_id: run_id.to_owned(),
            place,
            since_ms: 1000,
        };
        let shown = table(&[place("run_1", 0), place("run_2", 1)]).trim_fmt();
        let words: Vec<Vec<&str>> = shown
            .lines()
            .map(|line| line.split_whitespace().collect())
            .collect();
        assert_eq!(words[0], ["LIMIT", "PLACE", "RUN", "SINCE"]);
        assert_eq!(words[1][..3], ["anthropic", "acts", "run_1"]);
        assert_eq!(words[2][..3], ["anthropic", "1", "run_2"]);
    }
}
