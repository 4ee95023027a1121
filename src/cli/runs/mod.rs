//! `flywheel runs`: what runs do and did, read from the tables; and what people do to them.

mod audit;
mod filter;
mod list;
mod operate;
mod outcome;
mod rerun;
mod resolve;
mod show;
mod story;
mod tail;
mod target;

use clap::Subcommand;
use engine::operations::Verb;
use engine::tables::runs;

use super::{Ended, NeedsPerson, Shared};

/// What can be asked and done.
#[derive(Debug, Subcommand)]
pub(super) enum Runs {
    /// The newest runs
    List(list::List),
    /// One run: what it does, for what it waits, and every attempt
    Show(show::Show),
    /// What a run did, in order; with --json the recording that the tests of its workflow replay
    Story(story::Story),
    /// Follow a run to its end; exit code 1 if it is a bad one, 2 if a person has to decide first
    Tail(tail::Tail),
    /// Let runs, and those that they called, begin nothing more until they are released
    #[command(after_help = "Examples:\n  \
        flywheel runs hold run_1 --why 'the account is locked'\n  \
        flywheel runs hold --all --workflow video_loop --tag platform=tiktok --yes")]
    Hold(target::Target),
    /// Let held runs go on
    #[command(after_help = "Examples:\n  \
        flywheel runs release run_1\n  \
        flywheel runs release --all --tag platform=tiktok --yes\n\
        `flywheel runs list --held` shows what somebody holds.")]
    Release(target::Target),
    /// Decide about the steps at which runs are parked
    Resolve(resolve::Resolve),
    /// Start new runs that go on from a point of runs that have ended
    Rerun(rerun::Rerun),
    /// End runs in good order: what they have to undo is executed
    #[command(after_help = "Examples:\n  \
        flywheel runs cancel run_1 --why 'the video is withdrawn'\n  \
        flywheel runs cancel --all --status waiting --since 2d --yes")]
    Cancel(target::Target),
    /// End runs at once: nothing more is executed
    #[command(after_help = "Examples:\n  \
        flywheel runs kill run_1 --why 'it cannot be cancelled'\n  \
        flywheel runs kill --all --workflow measure --status running --yes")]
    Kill(target::Target),
    /// Who did what to runs, when and why, and what came of it
    Audit(audit::Audit),
}

impl Runs {
    pub(super) async fn run(self, shared: &Shared) -> anyhow::Result<Ended> {
        let setup = shared.setup()?;
        let db = setup.tables().await?;
        let todo = match self {
            Self::List(list) => return list.run(&db, shared.json).await,
            Self::Show(show) => return show.run(&db, shared).await,
            Self::Story(story) => return story.run(&db, shared.json).await,
            Self::Tail(tail) => return tail.run(&db, shared.json).await,
            Self::Audit(audit) => return audit.run(&db, shared.json).await,
            Self::Hold(target) => (target, Verb::Hold),
            Self::Release(target) => (target, Verb::Release),
            Self::Resolve(resolve) => resolve.into_parts(),
            Self::Rerun(rerun) => rerun.into_parts(),
            Self::Cancel(target) => (target, Verb::Cancel),
            Self::Kill(target) => (target, Verb::Kill),
        };
        operate::operate(todo, shared, &setup, &db).await
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
pub(super) fn instant(ms: Option<i64>) -> String {
    let instant = ms.and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
    instant.map_or_else(String::new, |instant| instant.strftime("%F %T").to_string())
}

/// What the run does, in a few words: `waiting: the audience until …`, `failed: CODE in STEP`.
fn doing(run: &runs::Model) -> String {
    let status = run.status.as_str();
    if let Some(stuck) = &run.stuck_reason {
        return format!("{status}, stuck: {stuck}");
    }
    match (&run.waiting_reason, run.waiting_until_ms) {
        (Some(reason), None) => return format!("{status}: {reason}"),
        (Some(reason), until_ms) => {
            return format!("{status}: {reason} until {}", instant(until_ms));
        }
        (None, _) => {}
    }
    match (&run.error_code, &run.error_step) {
        (Some(code), Some(step)) => format!("{status}: {code} in {step}"),
        (Some(code), None) => format!("{status}: {code}"),
        _ => status.to_owned(),
    }
}
