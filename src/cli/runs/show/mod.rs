//! `flywheel runs show RUN`: what a run does, since when and for what it waits, where it comes from and
//! what became of it, and every attempt with what went wrong.

mod attempts;
mod head;
mod state;

use clap::Args;
use engine::runs::{self, Details};
use engine::tables::RunStatus;
use schema::DatabaseConnection;
use serde::Serialize;

pub(super) use self::attempts::{error, step_name, took_ms};
use self::state::State;
use super::{doing, unknown};
use crate::cli::command_line::here;
use crate::cli::{Ended, Shared};
use crate::output;

/// Arguments of `runs show`.
#[derive(Debug, Args)]
#[command(after_help = "Example: flywheel runs show run_1")]
pub(in crate::cli) struct Show {
    /// The run
    #[arg(value_name = "RUN")]
    id: String,
}

/// A run with all that people ask about it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Shown {
    #[serde(flatten)]
    details: Details,
    #[serde(flatten)]
    state: State,
    /// Of a parked run: a command for each decision.
    resolve: Vec<String>,
}

impl Show {
    pub(super) async fn run(
        self,
        db: &DatabaseConnection,
        shared: &Shared,
    ) -> anyhow::Result<Ended> {
        let details = runs::show(db, &self.id)
            .await?
            .ok_or_else(|| unknown(&self.id))?;
        let shown = Shown {
            state: State::of(db, &details).await?,
            resolve: match details.run.status {
                RunStatus::Parked => decisions(shared, &self.id).to_vec(),
                _ => Vec::new(),
            },
            details,
        };
        if shared.json {
            output::json(&shown)?;
        } else {
            tell(&shown);
        }
        Ok(Ended::Well)
    }
}

/// What can be decided about a parked run, ready to be copied.
fn decisions(shared: &Shared, run_id: &str) -> [String; 3] {
    let resolve = |decision: &[&str]| {
        let words = [&["runs", "resolve", run_id][..], decision].concat();
        here(shared, &words)
    };
    [
        resolve(&["--retry"]),
        resolve(&["--skip", "@output.json"]),
        resolve(&["--fail", "given up"]),
    ]
}

fn tell(shown: &Shown) {
    let Shown {
        details,
        state,
        resolve,
    } = shown;
    output::data(head::lines(details, state, resolve).join("\n"));
    if !details.attempts.is_empty() {
        output::data(attempts::table(&details.attempts));
    }
    for child in &details.children {
        output::data(format!(
            "child {}  {}  {}",
            child.id,
            child.workflow,
            doing(child)
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_decision_is_a_command_for_the_same_folder() {
        let shared = Shared {
            data: Some("elsewhere".into()),
            config: None,
            json: false,
        };
        let said = decisions(&shared, "run_1");
        for (command, decision) in
            said.iter()
                .zip(["--retry", "--skip @output.json", "--fail 'given up'"])
        {
            let end = format!(" runs resolve run_1 {decision} --data elsewhere");
            assert!(command.ends_with(&end), "{command}");
        }
    }
}
