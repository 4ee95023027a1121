//! Video files: from a video's source to a checked file under the inbox, and its bytes.

use std::io::{self, ErrorKind, SeekFrom};
use std::path::{Component, Path, PathBuf};

use engine::StepError;
use schema::posts;
use schema::videos::VideoSource;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha256};
use tokio::fs::File;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};

use crate::endings::Plain;

/// A file that was read once through. Another file under its name changes nothing here: all bytes
/// come through the one handle.
#[derive(Debug)]
pub(crate) struct VideoFile {
    file: File,
    pub(crate) bytes: u64,
    /// Lower-case hex.
    pub(crate) sha256: String,
}

/// The path of a video's file: under the inbox, through no symlink out of it.
pub(crate) async fn locate(inbox: &Path, source: &VideoSource) -> Result<PathBuf, StepError> {
    let VideoSource::Path(path) = source else {
        return Err(bad(
            "source_url_unsupported",
            "this build takes files under the inbox; an https source is not fetched yet".to_owned(),
        ));
    };
    let relative = Path::new(path);
    if !relative
        .components()
        .all(|part| matches!(part, Component::Normal(_) | Component::CurDir))
    {
        return Err(bad(
            "source_outside_inbox",
            format!("the path {path} leads out of the inbox"),
        ));
    }
    let inbox = tokio::fs::canonicalize(inbox)
        .await
        .map_err(|error| StepError::retry("inbox_unreadable", error))?;
    // `inbox/v_1.mp4` and `v_1.mp4` both mean the file in the inbox.
    let inside = relative.strip_prefix("inbox").unwrap_or(relative);
    let file = tokio::fs::canonicalize(inbox.join(inside))
        .await
        .map_err(|error| match error.kind() {
            ErrorKind::NotFound => bad(
                "source_missing",
                format!("there is no file {path} in the inbox: {error}"),
            ),
            // A folder that cannot be reached just now says nothing about the file.
            _ => unreadable(error),
        })?;
    if !file.starts_with(&inbox) {
        return Err(bad(
            "source_outside_inbox",
            format!("the path {path} leads out of the inbox"),
        ));
    }
    Ok(file)
}

impl VideoFile {
    /// Opens a file and takes its size and hash.
    pub(crate) async fn open(path: &Path) -> Result<Self, StepError> {
        let mut file = File::open(path).await.map_err(unreadable)?;
        let mut hash = Sha256::new();
        let mut bytes = 0u64;
        let mut buffer = vec![0; 1 << 20];
        loop {
            let read = file.read(&mut buffer).await.map_err(unreadable)?;
            let Some(part) = buffer.get(..read).filter(|part| !part.is_empty()) else {
                break;
            };
            hash.update(part);
            bytes += part.len() as u64;
        }
        let sha256 = hash
            .finalize()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        Ok(Self {
            file,
            bytes,
            sha256,
        })
    }

    /// Refuses a file that is another one than the post's upload was opened for.
    pub(crate) fn must_be_of(&self, post: &posts::Model) -> Result<(), StepError> {
        match post.content_sha256.as_deref() == Some(self.sha256.as_str()) {
            true => Ok(()),
            false => Err(bad(
                "source_changed",
                format!(
                    "the file of {} is no longer the one that its upload was opened for",
                    post.video_id
                ),
            )),
        }
    }

    /// `length` bytes from `offset` on, fewer at the end of the file.
    pub(crate) async fn part(&mut self, offset: u64, length: u64) -> Result<Vec<u8>, StepError> {
        self.file
            .seek(SeekFrom::Start(offset))
            .await
            .map_err(unreadable)?;
        let mut bytes = Vec::new();
        (&mut self.file)
            .take(length)
            .read_to_end(&mut bytes)
            .await
            .map_err(unreadable)?;
        Ok(bytes)
    }
}

/// A value that [`write_json`] kept; nothing if there is none, or none that can be read.
pub(crate) async fn read_json<T: DeserializeOwned>(path: &Path) -> Option<T> {
    serde_json::from_slice(&tokio::fs::read(path).await.ok()?).ok()
}

/// Keeps a value as a whole or not at all.
pub(crate) async fn write_json<T: Serialize>(path: &Path, value: &T) -> Result<(), StepError> {
    let unwritable = |error| StepError::retry("file_unwritable", error);
    let unfinished = path.with_extension("unfinished");
    tokio::fs::write(&unfinished, serde_json::to_vec(value)?)
        .await
        .map_err(unwritable)?;
    tokio::fs::rename(&unfinished, path)
        .await
        .map_err(unwritable)
}

fn unreadable(error: io::Error) -> StepError {
    StepError::retry("source_unreadable", error)
}

fn bad(code: &'static str, text: String) -> StepError {
    StepError::terminal(code, Plain(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_open_file_stays_the_same_when_another_one_takes_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let (path, other) = (folder.path().join("v_1.mp4"), folder.path().join("other"));
        std::fs::write(&path, "what was hashed").unwrap();
        let mut file = VideoFile::open(&path).await.unwrap();
        std::fs::write(&other, "something else!").unwrap();
        std::fs::rename(&other, &path).unwrap();
        assert_eq!(file.part(5, 3).await.unwrap(), b"was");
        assert_eq!(file.part(9, 100).await.unwrap(), b"hashed");
        assert_ne!(
            VideoFile::open(&path).await.unwrap().sha256,
            file.sha256,
            "the name now stands for another file"
        );
    }
}
