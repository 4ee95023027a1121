//! `flywheel restore FILE`: a backup, in a new data folder.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::command_line::here;
use super::{Ended, Shared};
use crate::backup;
use crate::output::{self, note};

/// Arguments of `restore`.
#[derive(Debug, Args)]
#[command(
    after_help = "Every run that was open is held: what it did after the backup is not known here, and a video that was \
posted since would be posted again. See what the platforms have, then release the runs that may go \
on. Ticks of schedules since the backup are passed over.\n\nThe ports are those of the backup, because \
Restate's store has the worker's: the folder that it was taken from cannot be up on the same machine \
meanwhile, and should not be anywhere.\n\nExample:\n  \
flywheel restore nightly.tar --data restored\n  \
flywheel runs list --held --data restored"
)]
pub(super) struct Restore {
    /// The backup
    file: PathBuf,
    /// Hold nothing: only if nothing has run since the backup
    #[arg(long)]
    release: bool,
}

impl Restore {
    pub(super) async fn run(self, shared: &Shared) -> anyhow::Result<Ended> {
        let setup = shared.setup()?;
        let restored = backup::restore(&setup, &self.file, self.release).await?;
        let (taken_at, held) = (restored.manifest.taken_at, restored.held);
        let release = here(shared, &["runs", "release", "--all"]);
        if shared.json {
            output::json(&json!({
                "data": setup.data.root(),
                "takenAt": taken_at,
                "videos": restored.manifest.videos,
                "held": held,
                "askedFor": restored.asked_for,
                "release": release,
            }))?;
            return Ok(Ended::Well);
        }
        output::data(format!(
            "{} is as it was at {taken_at}",
            setup.data.root().display()
        ));
        if !restored.manifest.videos {
            note(
                "The videos are not in this backup: put those that are still needed into the inbox.",
            );
        }
        if held > 0 {
            note(format!(
                "{held} runs are held, {} of which had only been asked for. What was posted after the \
                 backup is not known here and would be posted again: see what the platforms have, end \
                 the runs of those videos (`flywheel runs kill RUN`), and let the others go on:\n  \
                 {release}",
                restored.asked_for
            ));
        }
        Ok(Ended::Well)
    }
}
