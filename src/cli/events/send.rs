//! `flywheel events send NAME KEY`: one event, which is kept before anything follows from it.

use clap::Args;
use clap::builder::NonEmptyStringValueParser;
use engine::{Client, NewEvent};
use serde_json::Value;

use crate::cli::Ended;
use crate::cli::value::json_or_file;
use crate::output;

/// Arguments of `events send`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    flywheel events send video/approved v_1\n  \
    flywheel events send video/approved v_1 --event-data '{\"by\": \"ann\"}' --id review-17")]
pub(in crate::cli) struct Arguments {
    /// What happened, such as video/approved
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    name: String,
    /// To what, such as the id of a video
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    key: String,
    /// Whatever belongs to it. (--data is the folder.)
    #[arg(long, default_value = "null", value_name = "JSON|@FILE", value_parser = json_or_file)]
    event_data: Value,
    /// Your id of it: the same id is the same event, and nothing is done twice [default: a new one]
    #[arg(long, value_parser = NonEmptyStringValueParser::new())]
    id: Option<String>,
}

impl Arguments {
    pub(super) async fn run(self, client: Client, json: bool) -> anyhow::Result<Ended> {
        let event = NewEvent {
            id: self.id,
            name: self.name,
            key: self.key,
            data: self.event_data,
        };
        let sent = client.send_event(event).await?;
        if json {
            output::json(&sent)?;
            return Ok(Ended::Well);
        }
        if sent.existed {
            output::note("An event of this id came before; what follows is done once.");
        }
        if sent.pending {
            output::note(
                "The event is kept. What follows from it is done as soon as `flywheel up` (or `flywheel api`) reaches Restate.",
            );
        }
        output::data(sent.id);
        Ok(Ended::Well)
    }
}
