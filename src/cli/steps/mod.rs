//! `flywheel steps`: what runs are made of, read from the catalogue, the settings and the tables. It
//! starts nothing and changes nothing.

mod list;
mod one;
mod outcomes;

use std::time::Duration;

use clap::Subcommand;
use jiff::SignedDuration;

use super::{Ended, Shared};

/// What can be asked.
#[derive(Debug, Subcommand)]
pub(super) enum Steps {
    /// Each step: its policy, where each value of it comes from, and how it ended lately
    List(list::List),
}

impl Steps {
    pub(super) async fn run(self, shared: &Shared) -> anyhow::Result<Ended> {
        let setup = shared.setup()?;
        match self {
            Self::List(list) => list.run(&setup, shared.json).await,
        }
    }
}

/// As it is written in the settings.
fn in_words(duration: Duration) -> String {
    let signed = SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX);
    format!("{signed:#}")
}

fn yes_or_no(is_so: bool) -> &'static str {
    if is_so { "yes" } else { "no" }
}
