//! `flywheel restore`: puts a backup into an empty folder.

use std::cell::Cell;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use engine::worker::stop_signal;
use jiff::Timestamp;
use tokio::task::spawn_blocking;
use tokio_util::sync::CancellationToken;

use super::holding::{self, Held};
use super::manifest::Manifest;
use super::{database, name, unpack};
use crate::cli::NeedsPerson;
use crate::data_dir::{DataDir, Place, UpLock, found_in};
use crate::setup::Setup;

/// A backup that was put back.
#[derive(Debug)]
pub(crate) struct Restored {
    /// What was in it.
    pub(crate) manifest: Manifest,
    /// Runs that are held now; those below them with them.
    pub(crate) held: u64,
    /// Of these, how many had only been asked for.
    pub(crate) asked_for: u64,
}

/// Puts the backup `file` into the empty data folder, and its database too if that was on a server.
/// Everything open is held, unless it shall be free (`release`).
///
/// # Errors
/// When the backup is not whole, or is not for this folder and this program; the folder is as empty as
/// before then. A database on a server may be full by then: the error says so.
pub(crate) async fn restore(setup: &Setup, file: &Path, release: bool) -> anyhow::Result<Restored> {
    let stop = stop_signal().context("watch for signals")?;
    // Nothing begins here before all of it is there.
    let _lock = UpLock::take(&setup.data)?;
    check_empty(&setup.data, None)?;
    let filled = Cell::new(false);
    // On the heap: all that is restored makes it large.
    let restoring = Box::pin(put_back(setup, file, release, &stop, &filled));
    let problem = match stop.run_until_cancelled(restoring).await {
        Some(Ok(restored)) => return Ok(restored),
        Some(Err(error)) => error,
        None if filled.get() => anyhow!("it was stopped"),
        None => anyhow!("it was stopped; nothing was restored"),
    };
    Err(match setup.named_database() {
        Some((_, named_by)) if filled.get() => NeedsPerson(format!(
            "{problem:#}\nThe database of {named_by} has been filled, and its runs may not be held: drop it, \
             and name an empty one, before you try again"
        ))
        .into(),
        _ => problem,
    })
}

/// `filled` says whether a database on a server has what was in the backup, whatever comes then.
async fn put_back(
    setup: &Setup,
    file: &Path,
    release: bool,
    stop: &CancellationToken,
    filled: &Cell<bool>,
) -> anyhow::Result<Restored> {
    let root = setup.data.root();
    let manifest = read(file.to_owned(), stop.clone()).await?;
    database::check_restore(setup, manifest.database)?;
    let staged = tempfile::Builder::new()
        .prefix(".restoring-")
        .permissions(Permissions::from_mode(0o700))
        .tempdir_in(root)
        .with_context(|| format!("make a folder in {}", root.display()))?;
    unpacked(file.to_owned(), staged.path().to_owned(), stop.clone()).await?;
    let db = database::open(setup, manifest.database, staged.path(), filled).await?;
    let held = match release {
        true => Held::default(),
        false => holding::hold_all(&db, manifest.taken_at, Timestamp::now()).await?,
    };
    db.close().await.context("close the database")?;
    put_in_place(staged.path(), &setup.data)?;
    Ok(Restored {
        manifest,
        held: held.runs,
        asked_for: held.asked_for,
    })
}

/// Whether there is nothing in the folder but our own lock and what is `staged`.
fn check_empty(data: &DataDir, staged: Option<&Path>) -> anyhow::Result<()> {
    let lock = data.path(Place::UpLock);
    let ours = [lock.file_name(), staged.and_then(Path::file_name)];
    match found_in(data.root(), |name| ours.contains(&Some(name)))? {
        None => Ok(()),
        Some(found) => Err(NeedsPerson(format!(
            "{} is not empty, it has {}: a backup is restored into a new folder, which --data names",
            data.root().display(),
            found.display()
        ))
        .into()),
    }
}

/// Another file, or another program, is for a person to find.
async fn read(file: PathBuf, stop: CancellationToken) -> anyhow::Result<Manifest> {
    let shown = file.display().to_string();
    let checked = spawn_blocking(move || unpack::check(&file, &stop)).await;
    checked
        .context("read the backup")?
        .map_err(|error| NeedsPerson(format!("{shown} cannot be restored: {error:#}")).into())
}

async fn unpacked(file: PathBuf, into: PathBuf, stop: CancellationToken) -> anyhow::Result<()> {
    let unpacking = spawn_blocking(move || unpack::unpack(&file, &into, &stop));
    unpacking.await.context("unpack the backup")?
}

/// Moves everything up by one folder; Restate's store last: without it nothing goes on. Unpacking takes
/// long, and whoever has used the folder meanwhile keeps what is there.
fn put_in_place(staged: &Path, data: &DataDir) -> anyhow::Result<()> {
    check_empty(data, Some(staged))?;
    let last = name(data, Place::Restate);
    let listing = || format!("list {}", staged.display());
    let entries = std::fs::read_dir(staged).with_context(listing)?;
    let mut names = entries
        .map(|entry| entry.map(|entry| entry.file_name()))
        .collect::<std::io::Result<Vec<_>>>()
        .with_context(listing)?;
    names.sort_by_key(|name| *name == *last.as_str());
    for name in names {
        let place = data.root().join(&name);
        std::fs::rename(staged.join(&name), &place)
            .with_context(|| format!("put {} in its place", place.display()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_into_the_folder_meanwhile_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataDir::open(&folder.path().join("new")).unwrap();
        let staged = data.root().join(".restoring-1");
        std::fs::create_dir(&staged).unwrap();
        std::fs::write(staged.join("world.json"), "restored").unwrap();
        let world = data.path(Place::World);
        std::fs::write(&world, "used").unwrap();
        let refused = put_in_place(&staged, &data).unwrap_err();
        assert!(refused.is::<NeedsPerson>(), "{refused:#}");
        assert_eq!(std::fs::read_to_string(&world).unwrap(), "used");

        std::fs::remove_file(&world).unwrap();
        std::fs::write(data.path(Place::UpLock), "").unwrap();
        put_in_place(&staged, &data).unwrap();
        assert_eq!(std::fs::read_to_string(&world).unwrap(), "restored");
    }
}
