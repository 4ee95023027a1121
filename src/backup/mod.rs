//! `flywheel backup` and `flywheel restore`: all that a data folder keeps as one file, taken at one
//! instant.
//!
//! The file is a tar. What it holds lies in it as in the data folder: Restate's store, the database,
//! `world.json`, `ports.json`, `webhook_secret`, the sandbox's world, and on request the videos. Last
//! comes `manifest.json` with the hash of every part: a file that was cut off has none, and is refused.
//!
//! **The order.** Our rows are behind Restate's journal only in ends of steps that may be repeated, and
//! these come back from it when the run goes on. A restored folder has to be so, too. The other way
//! round, a step that must not act twice would be done in the journal and missing from our rows for
//! ever; this way it is asked for once more at most, as after a crash. So Restate is frozen first, its
//! store copied, then the database, and then Restate goes on; the outside world, where the sandbox is
//! it, is ahead of both and comes last.
//! Frozen (SIGSTOP) and not ended: for its runs that is a pause, and its files are as a kill leaves
//! them, which it recovers from at every start.
//!
//! **The ports** are in it because Restate's store has the worker's address for every run that a
//! worker has had, and calls it there; on other ports such a run would wait for ever. They also keep
//! the restored folder and the one that it was taken from from running at once on one machine, where
//! Restate would hand the runs of the one to the worker of the other.
//!
//! **The credentials** in it are no fewer than in the data folder: the database has the accounts'
//! tokens, without which a channel cannot go on. So `webhook_secret` is in it, too, and the file is
//! its owner's alone.
//!
//! **Posting twice.** The row in `posts` decides whether bytes may leave, and a post that went out
//! after the backup has none in it. So every run that was open, and every run that was only asked for,
//! is held after a restore, and a person who has looked at the platforms releases them. Ticks of
//! schedules between backup and restore are passed over, for the same reason.

mod archive;
mod database;
mod frozen;
mod holding;
mod manifest;
mod measured;
mod neighbours;
mod pending;
mod postgres;
mod restore;
mod take;
mod unpack;

use crate::data_dir::{DataDir, Place};

pub(crate) use restore::restore;
pub(crate) use take::take;

/// The version of the file's format.
const FORMAT: u64 = 1;
/// What is in the file, with hashes; its last part.
const MANIFEST: &str = "manifest.json";
/// The database, where it is Postgres: as `pg_dump` writes it.
const DUMP: &str = "database.pgdump";

/// A place's name in the data folder, and in the file.
fn name(data: &DataDir, place: Place) -> String {
    let path = data.path(place);
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}
