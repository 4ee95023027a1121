//! `flywheel events list`: the newest events, one line each.

use clap::Args;
use comfy_table::{Table, presets};
use engine::events;
use engine::tables::engine_events::Model;
use schema::DatabaseConnection;

use crate::cli::Ended;
use crate::cli::runs::instant;
use crate::output;

/// Arguments of `events list`.
#[derive(Debug, Args)]
#[command(after_help = "Example: flywheel events list --limit 10")]
pub(in crate::cli) struct Arguments {
    /// At most this many
    #[arg(long, default_value_t = 50)]
    limit: u32,
}

impl Arguments {
    pub(super) async fn run(self, db: &DatabaseConnection, json: bool) -> anyhow::Result<Ended> {
        let events = events::list(db, self.limit.into()).await?;
        if json {
            output::json(&events)?;
        } else {
            output::data(table(&events).trim_fmt());
        }
        Ok(Ended::Well)
    }
}

fn table(events: &[Model]) -> Table {
    let mut table = Table::new();
    table
        .load_preset(presets::NOTHING)
        .set_header(["EVENT", "NAME", "KEY", "ACCEPTED", "STATE"]);
    for event in events {
        table.add_row([
            event.id.clone(),
            event.name.clone(),
            event.key.clone(),
            instant(Some(event.accepted_at_ms)),
            state(event),
        ]);
    }
    table
}

/// `done`, or why what follows from it is still to be done.
fn state(event: &Model) -> String {
    match (event.started_at_ms, &event.last_error) {
        (Some(_), _) => "done".to_owned(),
        (None, Some(error)) => format!("pending: {error}"),
        (None, None) => "pending".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_pending_until_all_that_follows_is_done() {
        let event = |started_at_ms, last_error: Option<&str>| Model {
            id: "event_1".to_owned(),
            name: "video/approved".to_owned(),
            key: "v_1".to_owned(),
            data: "null".to_owned(),
            accepted_at_ms: 1000,
            started_at_ms,
            last_error: last_error.map(str::to_owned),
            tried_at_ms: None,
        };
        let shown = table(&[
            event(Some(2000), None),
            event(None, None),
            event(None, Some("no Restate")),
        ]);
        let shown = shown.trim_fmt();
        let lines: Vec<&str> = shown.lines().collect();
        assert_eq!(lines.len(), 4, "{shown}");
        for (line, state) in lines[1..]
            .iter()
            .zip(["done", "pending", "pending: no Restate"])
        {
            assert!(line.ends_with(state), "{shown}");
            assert!(line.contains("1970-01-01 00:00:01"), "{shown}");
        }
    }
}
