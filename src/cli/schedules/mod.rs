//! `flywheel schedules`: workflows that start by the clock. All of it is kept in the tables, so it works
//! while nothing runs; a running API starts the ticks.

mod create;
mod hold;
mod list;
mod release;
mod remove;
mod show;
mod trigger;

use clap::{Args, Subcommand};
use engine::schedules::ScheduleError;
use jiff::Timestamp;

use super::{Ended, NeedsPerson, Shared};
use crate::setup::migrate;

/// What can be done.
#[derive(Debug, Subcommand)]
pub(super) enum Schedules {
    /// Make one, whose ticks begin now
    Create(create::Create),
    /// All of them, each with its next tick
    List,
    /// One with its next five ticks
    Show(Named),
    /// Start nothing by the clock until it is released
    Hold(Named),
    /// Let the clock start runs again; ticks meanwhile are passed over, or caught up if it was made so
    Release(Named),
    /// Start one run now, also while it is held
    Trigger(Named),
    /// Take it away; its runs stay
    Remove(Named),
}

/// One schedule.
#[derive(Debug, Args)]
pub(super) struct Named {
    /// Its name
    name: String,
}

impl Schedules {
    pub(super) async fn run(self, shared: &Shared) -> anyhow::Result<Ended> {
        let setup = shared.setup()?;
        let db = setup.database().await?;
        // A database that an older program made has no such table.
        migrate(&db).await?;
        let schedules = engine::schedules::Schedules::new(db.clone());
        let (now, json) = (Timestamp::now(), shared.json);
        match self {
            Self::Create(create) => create.run(&setup, db, now, json).await,
            Self::List => list::run(&schedules, now, json).await,
            Self::Show(Named { name }) => show::run(&schedules, &name, now, json).await,
            Self::Hold(Named { name }) => hold::run(&schedules, &name, now, json).await,
            Self::Release(Named { name }) => release::run(&schedules, &name, now, json).await,
            Self::Trigger(Named { name }) => trigger::run(&setup, db, &name, json).await,
            Self::Remove(Named { name }) => remove::run(&schedules, &name, json).await,
        }
    }
}

/// What is wrong with a schedule is for a person to change, unless it is the database.
fn for_person(error: ScheduleError) -> anyhow::Error {
    match error {
        ScheduleError::Engine(error) => error.into(),
        error => NeedsPerson(error.to_string()).into(),
    }
}
