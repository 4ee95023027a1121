//! `flywheel backup FILE`: all that is kept, as one file.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::{Ended, Shared};
use crate::backup;
use crate::data_dir::Place;
use crate::output;

/// Arguments of `backup`.
#[derive(Debug, Args)]
#[command(
    after_help = "In the file are the database, Restate's store, the ports, world.json, webhook_secret and, where the \
sandbox is the world, what it has. Beside a running `up` Restate is frozen while its store and the \
database are copied, and goes on whatever happens.\n\nThe file holds credentials, as the data folder \
does: the accounts' tokens and the webhook secret. Only its owner may read it; keep it so.\n\nExamples:\n  \
flywheel backup nightly.tar\n  flywheel backup --files everything.tar --data /var/lib/flywheel"
)]
pub(super) struct Backup {
    /// The file, a tar; it must not be there yet
    file: PathBuf,
    /// The videos, too: without them runs that still need theirs cannot go on after a restore
    #[arg(long)]
    files: bool,
}

impl Backup {
    pub(super) async fn run(self, shared: &Shared) -> anyhow::Result<Ended> {
        let setup = shared.setup()?;
        let taken = backup::take(&setup, &self.file, self.files).await?;
        // Whoever chose another place for it keeps it by other means.
        let inbox = setup.inbox()?;
        let left_out = self.files && inbox != setup.data.path(Place::Inbox);
        if left_out {
            output::note(format!(
                "The inbox {} is not in the data folder, and not in the backup.",
                inbox.display()
            ));
        }
        let manifest = &taken.manifest;
        if shared.json {
            output::json(&json!({
                "file": self.file,
                "bytes": taken.bytes,
                "takenAt": manifest.taken_at,
                "database": manifest.database,
                "parts": manifest.parts.len(),
                "videos": manifest.videos,
                "inboxLeftOut": left_out,
            }))?;
        } else {
            output::data(format!(
                "{} has what was kept at {}: {} files, {} bytes",
                self.file.display(),
                manifest.taken_at,
                manifest.parts.len(),
                taken.bytes
            ));
        }
        Ok(Ended::Well)
    }
}
