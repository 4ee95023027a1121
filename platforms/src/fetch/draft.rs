//! A file while it arrives: under another name, counted, hashed, and looked at.

use std::io;
use std::path::Path;

use sha2::{Digest as _, Sha256};
use tempfile::TempPath;
use tokio::fs::File;
use tokio::io::AsyncWriteExt as _;

use super::content::{HEAD_BYTES, VideoKind};

/// How the names of files that are not complete begin and end.
const PREFIX: &str = ".fetching-";
const SUFFIX: &str = ".part";

/// The file; it is removed when dropped.
pub(super) struct Draft {
    file: File,
    path: TempPath,
    hash: Sha256,
    bytes: u64,
    head: Vec<u8>,
}

impl Draft {
    /// A new file in the folder of `place`, so that a rename leads from one to the other.
    pub(super) fn beside(place: &Path) -> io::Result<Self> {
        let made = tempfile::Builder::new()
            .prefix(PREFIX)
            .suffix(SUFFIX)
            .tempfile_in(folder(place))?;
        let (file, path) = made.into_parts();
        Ok(Self {
            file: File::from_std(file),
            path,
            hash: Sha256::new(),
            bytes: 0,
            head: Vec::with_capacity(HEAD_BYTES),
        })
    }

    /// Adds what has arrived.
    pub(super) async fn write(&mut self, chunk: &[u8]) -> io::Result<()> {
        self.file.write_all(chunk).await?;
        self.hash.update(chunk);
        self.bytes += chunk.len() as u64;
        let missing = HEAD_BYTES - self.head.len();
        self.head.extend(chunk.iter().take(missing));
        Ok(())
    }

    /// Bytes so far.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Whether it is clear by now that this is no video.
    pub(super) fn is_foreign(&self) -> bool {
        self.head.len() == HEAD_BYTES && self.kind().is_none()
    }

    /// What it is; of a file that is not complete this is a guess.
    pub(super) fn kind(&self) -> Option<VideoKind> {
        VideoKind::of(&self.head)
    }

    /// The SHA-256 of the bytes so far, as hexadecimal digits.
    pub(super) fn sha256(&self) -> String {
        hex::encode(self.hash.clone().finalize())
    }

    /// Gives the complete file its name, once its content is on disk.
    pub(super) async fn put_in_place(mut self, place: &Path) -> io::Result<()> {
        self.file.flush().await?;
        self.file.sync_all().await?;
        self.path.persist(place).map_err(|error| error.error)?;
        // The name is on disk when its folder is.
        File::open(folder(place)).await?.sync_all().await
    }
}

/// The folder that a path is in.
fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}
