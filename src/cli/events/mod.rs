//! `flywheel events`: what other systems tell us. An event starts the workflows that the table of events
//! names for it, and goes to the runs that wait for it.

mod list;
mod send;

use clap::Subcommand;

use super::{Ended, Shared};

/// What can be done.
#[derive(Debug, Subcommand)]
pub(super) enum Events {
    /// Tell of an event; its id goes to stdout
    Send(send::Arguments),
    /// The newest events, and whether all that follows from them is done
    List(list::Arguments),
}

impl Events {
    pub(super) async fn run(self, shared: &Shared) -> anyhow::Result<Ended> {
        let setup = shared.setup()?;
        let db = setup.tables().await?;
        match self {
            Self::Send(send) => send.run(setup.client(db)?, shared.json).await,
            Self::List(list) => list.run(&db, shared.json).await,
        }
    }
}
