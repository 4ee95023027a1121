//! `flywheel backup`: takes one.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use engine::worker::stop_signal;
use jiff::Timestamp;
use tempfile::{NamedTempFile, TempDir};
use tokio_util::sync::CancellationToken;

use super::archive::Archive;
use super::database::{self, DatabaseCopy};
use super::manifest::Manifest;
use super::neighbours::Neighbours;
use super::{FORMAT, name};
use crate::cli::NeedsPerson;
use crate::data_dir::{DataDir, Place};
use crate::setup::Setup;

/// The supervisor's names of what is frozen.
const RESTATE: &str = "restate";
const SANDBOX: &str = "sandbox";
/// Small files, as far as they are there.
const SMALL: [Place; 3] = [Place::World, Place::Ports, Place::WebhookSecret];
/// Where videos are. What is made of them for the vision model is made again.
const VIDEOS: [Place; 3] = [Place::Inbox, Place::Fetched, Place::Converted];

/// A backup that was taken.
#[derive(Debug)]
pub(crate) struct Taken {
    /// The size of the file.
    pub(crate) bytes: u64,
    /// What is in it.
    pub(crate) manifest: Manifest,
}

/// Takes a backup into `file`, which must not be there yet; with `videos` it has those, too. Works
/// beside a running `up`, whose runs pause while Restate's store and the database are copied.
///
/// # Errors
/// When something cannot be copied, or the program is told to stop. No file is left then, and
/// whatever was frozen goes on.
pub(crate) async fn take(setup: &Setup, file: &Path, videos: bool) -> anyhow::Result<Taken> {
    let stop = stop_signal().context("watch for signals")?;
    database::check_copy(setup)?;
    if file.exists() {
        return Err(NeedsPerson(format!(
            "{} is there already, and nothing is written over it",
            file.display()
        ))
        .into());
    }
    // On the heap: all that is copied makes it large.
    let copying = Box::pin(copy_all(setup, file, videos, &stop));
    match stop.run_until_cancelled(copying).await {
        Some(taken) => taken,
        None => bail!("it was stopped; no backup was written"),
    }
}

async fn copy_all(
    setup: &Setup,
    file: &Path,
    videos: bool,
    stop: &CancellationToken,
) -> anyhow::Result<Taken> {
    let unfinished = beside(file)?;
    let opened = unfinished.reopen().context("open the backup")?;
    let archive = Archive::new(opened, stop.clone());
    let neighbours = Neighbours::of(setup)?;
    let scratch = scratch_beside(file)?;
    let (mut archive, taken_at, database) =
        copy_runs(setup, &neighbours, archive, scratch.path()).await?;
    let (copied, called) = (database.file.clone(), database.name.clone());
    archive = archive
        .with(move |archive| archive.file(&copied, called))
        .await?;
    archive = copy_small(&setup.data, archive).await?;
    archive = copy_sandbox(setup, &neighbours, archive).await?;
    if videos {
        archive = copy_videos(&setup.data, archive).await?;
    }
    let manifest = Manifest {
        format: FORMAT,
        program: env!("CARGO_PKG_VERSION").to_owned(),
        taken_at,
        database: database.kind,
        engine_migrations: database.engine_migrations,
        channel_migrations: database.channel_migrations,
        videos,
        parts: archive.parts().to_vec(),
    };
    archive.finish(&manifest)?;
    let kept = unfinished
        .persist_noclobber(file)
        .map_err(|refused| refused.error)
        .with_context(|| format!("write {}", file.display()))?;
    let bytes = kept.metadata().context("look at the backup")?.len();
    Ok(Taken { bytes, manifest })
}

/// Restate's store, and the rows: of one instant, the rows never older. See the module's own page.
async fn copy_runs(
    setup: &Setup,
    neighbours: &Neighbours<'_>,
    archive: Archive,
    scratch: &Path,
) -> anyhow::Result<(Archive, Timestamp, DatabaseCopy)> {
    let frozen = neighbours.freeze(RESTATE).await?;
    let taken_at = Timestamp::now();
    let (store, called) = place(&setup.data, Place::Restate);
    let archive = archive
        .with(move |archive| archive.folder(&store, &called))
        .await?;
    let database = database::copy(setup, scratch).await?;
    neighbours.check(RESTATE, frozen.as_ref())?;
    Ok((archive, taken_at, database))
}

async fn copy_small(data: &DataDir, archive: Archive) -> anyhow::Result<Archive> {
    let small = SMALL.map(|what| place(data, what));
    archive
        .with(move |archive| {
            for (path, name) in small {
                if path.is_file() {
                    archive.file(&path, name)?;
                }
            }
            Ok(())
        })
        .await
}

/// The world outside, where it is on this machine.
async fn copy_sandbox(
    setup: &Setup,
    neighbours: &Neighbours<'_>,
    archive: Archive,
) -> anyhow::Result<Archive> {
    if !setup.world.needs_sandbox() {
        return Ok(archive);
    }
    let frozen = neighbours.freeze(SANDBOX).await?;
    let (world, called) = place(&setup.data, Place::Sandbox);
    let archive = archive
        .with(move |archive| archive.folder(&world, &called))
        .await?;
    neighbours.check(SANDBOX, frozen.as_ref())?;
    Ok(archive)
}

async fn copy_videos(data: &DataDir, archive: Archive) -> anyhow::Result<Archive> {
    let folders = VIDEOS.map(|what| place(data, what));
    archive
        .with(move |archive| {
            for (path, name) in folders {
                archive.busy_folder(&path, &name)?;
            }
            Ok(())
        })
        .await
}

/// Where something is, and its name in the backup.
fn place(data: &DataDir, what: Place) -> (PathBuf, String) {
    (data.path(what), name(data, what))
}

/// A file that is not complete yet, and that only its owner reads, as temporary files are made.
fn beside(file: &Path) -> anyhow::Result<NamedTempFile> {
    let folder = folder_of(file);
    NamedTempFile::new_in(folder).with_context(|| format!("write into {}", folder.display()))
}

/// Where the copy of the database lies until it is in the backup: there is room for it twice.
fn scratch_beside(file: &Path) -> anyhow::Result<TempDir> {
    let folder = folder_of(file);
    tempfile::Builder::new()
        .permissions(Permissions::from_mode(0o700))
        .tempdir_in(folder)
        .with_context(|| format!("make a folder in {}", folder.display()))
}

fn folder_of(file: &Path) -> &Path {
    let folder = file.parent().unwrap_or(Path::new(""));
    match folder.as_os_str().is_empty() {
        true => Path::new("."),
        false => folder,
    }
}
