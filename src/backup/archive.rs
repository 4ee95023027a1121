//! Writing the file. Everything here blocks.

use std::fs::File;
use std::io::{BufWriter, ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use tokio_util::sync::CancellationToken;

use super::MANIFEST;
use super::manifest::{Manifest, Part};
use super::measured::Measured;

/// Read and written by its owner.
const MODE: u32 = 0o600;

/// A backup that is being written.
pub(super) struct Archive {
    tar: tar::Builder<BufWriter<File>>,
    parts: Vec<Part>,
    stop: CancellationToken,
}

impl Archive {
    pub(super) fn new(file: File, stop: CancellationToken) -> Self {
        Self {
            tar: tar::Builder::new(BufWriter::new(file)),
            parts: Vec::new(),
            stop,
        }
    }

    /// Does it on a thread where blocking is in nobody's way.
    pub(super) async fn with(
        self,
        work: impl FnOnce(&mut Self) -> anyhow::Result<()> + Send + 'static,
    ) -> anyhow::Result<Self> {
        let working = tokio::task::spawn_blocking(move || {
            let mut archive = self;
            work(&mut archive)?;
            anyhow::Ok(archive)
        });
        working.await.context("copy files")?
    }

    /// A file, as it is now.
    pub(super) fn file(&mut self, path: &Path, name: String) -> anyhow::Result<()> {
        let copying = || format!("copy {}", path.display());
        let file = File::open(path).with_context(copying)?;
        let bytes = file.metadata().with_context(copying)?.len();
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(tar::EntryType::Regular);
        header.set_mode(MODE);
        header.set_size(bytes);
        // What is appended meanwhile belongs to a later instant.
        let mut content = Measured::new(file.take(bytes), &self.stop);
        self.tar
            .append_data(&mut header, &name, &mut content)
            .with_context(copying)?;
        let part = content.into_part(name);
        if part.bytes != bytes {
            bail!("{} became shorter while it was copied", path.display());
        }
        self.parts.push(part);
        Ok(())
    }

    /// Every file below a folder, if that is there.
    pub(super) fn folder(&mut self, folder: &Path, name: &str) -> anyhow::Result<()> {
        for (path, name) in files_below(folder, name)? {
            self.file(&path, name)?;
        }
        Ok(())
    }

    /// The same for a folder that others work in: what is gone by its turn is left out, and so is what
    /// is not complete, whose name begins with a dot.
    pub(super) fn busy_folder(&mut self, folder: &Path, name: &str) -> anyhow::Result<()> {
        for (path, name) in files_below(folder, name)? {
            let own = path.file_name().unwrap_or_default();
            if own.as_encoded_bytes().starts_with(b".") {
                continue;
            }
            match self.file(&path, name) {
                Err(error) if is_gone(&error) => {
                    tracing::warn!(file = %path.display(), "It is gone, and not in the backup.");
                }
                copied => copied?,
            }
        }
        Ok(())
    }

    /// What is in it by now.
    pub(super) fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// Ends the file, and sees it onto the disk.
    pub(super) fn finish(mut self, manifest: &Manifest) -> anyhow::Result<()> {
        let text = serde_json::to_vec_pretty(manifest).context("write the manifest as JSON")?;
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(tar::EntryType::Regular);
        header.set_mode(MODE);
        header.set_size(text.len() as u64);
        self.tar
            .append_data(&mut header, MANIFEST, text.as_slice())
            .context("write the manifest")?;
        let written = self.tar.into_inner().context("end the backup")?;
        let file = written.into_inner().context("end the backup")?;
        file.sync_all().context("keep the backup")
    }
}

fn is_gone(error: &anyhow::Error) -> bool {
    let cause = error.root_cause().downcast_ref::<std::io::Error>();
    cause.is_some_and(|cause| cause.kind() == ErrorKind::NotFound)
}

/// All files below a folder with their names in the backup, sorted. Links are followed to files, and
/// not to folders; what has a name that is no UTF-8 is left out, for nothing of ours has.
fn files_below(folder: &Path, name: &str) -> anyhow::Result<Vec<(PathBuf, String)>> {
    let listing = || format!("list {}", folder.display());
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error).with_context(listing),
    };
    let mut entries = entries
        .collect::<std::io::Result<Vec<_>>>()
        .with_context(listing)?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.path();
        let Ok(own) = entry.file_name().into_string() else {
            tracing::warn!(file = %path.display(), "Its name is no UTF-8: it is not in the backup.");
            continue;
        };
        let name = format!("{name}/{own}");
        let kind = entry.file_type().with_context(listing)?;
        if kind.is_dir() {
            found.extend(files_below(&path, &name)?);
        } else if path.is_file() {
            found.push((path, name));
        }
    }
    Ok(found)
}
