//! `flywheel runs`: what runs do and did, read from the tables. It changes nothing.

mod list;
mod show;
mod tail;

use clap::Subcommand;
use engine::tables::runs;

use super::{Ended, NeedsPerson, Shared};

/// What can be asked.
#[derive(Debug, Subcommand)]
pub(super) enum Runs {
    /// The newest runs
    List(list::List),
    /// One run with its attempts
    Show(show::Show),
    /// Follow a run to its end; exit code 1 if it is a bad one
    Tail(tail::Tail),
}

impl Runs {
    pub(super) async fn run(self, shared: &Shared) -> anyhow::Result<Ended> {
        let setup = shared.setup()?;
        let is_new = setup.has_no_database_yet();
        let db = setup.database().await?;
        if is_new {
            // A folder that was never used has no tables, and no runs.
            crate::setup::migrate(&db).await?;
        }
        match self {
            Self::List(list) => list.run(&db, shared.json).await,
            Self::Show(show) => show.run(&db, shared.json).await,
            Self::Tail(tail) => tail.run(&db, shared.json).await,
        }
    }
}

/// Nobody knows the run.
fn unknown(run_id: &str) -> anyhow::Error {
    NeedsPerson(format!(
        "there is no run {run_id} in this data folder; `flywheel runs list` shows those there are"
    ))
    .into()
}

/// An instant as people read it, in UTC.
fn instant(ms: Option<i64>) -> String {
    let instant = ms.and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
    instant.map_or_else(String::new, |instant| instant.strftime("%F %T").to_string())
}

/// What the run does, in a few words: `waiting: the audience until …`, `failed: CODE in STEP`.
fn doing(run: &runs::Model) -> String {
    let status = run.status.as_str();
    if let Some(stuck) = &run.stuck_reason {
        return format!("{status}, stuck: {stuck}");
    }
    if let Some(reason) = &run.waiting_reason {
        return format!("{status}: {reason} until {}", instant(run.waiting_until_ms));
    }
    match (&run.error_code, &run.error_step) {
        (Some(code), Some(step)) => format!("{status}: {code} in {step}"),
        (Some(code), None) => format!("{status}: {code}"),
        _ => status.to_owned(),
    }
}
