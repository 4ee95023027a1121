//! A file in the making: a hidden folder beside its place, which goes when it is not needed.
//!
//! The helper may be killed at any moment and cannot tidy up, so this side owns the folder. Only a
//! crash of this process leaves one behind.

use std::{
    io,
    path::{Path, PathBuf},
};

use tempfile::TempDir;
use tokio::fs;

/// What the folders' names begin with.
const PREFIX: &str = ".transcoding-";

/// A folder for one file that is not complete; it is removed with all that is in it when dropped.
#[derive(Debug)]
pub(crate) struct Draft {
    folder: TempDir,
}

impl Draft {
    /// A new folder in the folder of `output`, so that a rename leads from one to the other.
    pub(crate) fn beside(output: &Path) -> io::Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix(PREFIX)
            .tempdir_in(parent(output))?;
        Ok(Self { folder })
    }

    /// Where the file is made.
    pub(crate) fn file(&self) -> PathBuf {
        self.folder.path().join("video.mp4")
    }

    /// Gives the complete file its name, once its content is on disk.
    pub(crate) async fn put_in_place(self, output: &Path) -> io::Result<()> {
        let file = self.file();
        fs::File::open(&file).await?.sync_all().await?;
        fs::rename(&file, output).await?;
        // The name is on disk when its folder is.
        fs::File::open(parent(output)).await?.sync_all().await
    }
}

/// The folder that a path is in.
fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}
