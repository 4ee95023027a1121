//! Video files: from a video's source to a checked file under the inbox, and its bytes.

use std::io::SeekFrom;
use std::path::{Component, Path, PathBuf};

use engine::StepError;
use schema::videos::VideoSource;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};

use crate::endings::Plain;

/// A file as it was when it was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct VideoFile {
    pub(crate) path: PathBuf,
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
        .map_err(|error| {
            StepError::terminal(
                "source_missing",
                Plain(format!("there is no file {path} in the inbox: {error}")),
            )
        })?;
    if !file.starts_with(&inbox) {
        return Err(bad(
            "source_outside_inbox",
            format!("the path {path} leads out of the inbox"),
        ));
    }
    Ok(file)
}

/// Size and hash of a file.
pub(crate) async fn read(path: PathBuf) -> Result<VideoFile, StepError> {
    let mut file = tokio::fs::File::open(&path)
        .await
        .map_err(|error| StepError::retry("source_unreadable", error))?;
    let mut hash = Sha256::new();
    let mut bytes = 0u64;
    let mut buffer = vec![0; 1 << 20];
    loop {
        let read = file
            .read(&mut buffer)
            .await
            .map_err(|error| StepError::retry("source_unreadable", error))?;
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
    Ok(VideoFile {
        path,
        bytes,
        sha256,
    })
}

/// `length` bytes from `offset` on, fewer at the end of the file.
pub(crate) async fn part(path: &Path, offset: u64, length: u64) -> Result<Vec<u8>, StepError> {
    let unreadable = |error| StepError::retry("source_unreadable", error);
    let mut file = tokio::fs::File::open(path).await.map_err(unreadable)?;
    file.seek(SeekFrom::Start(offset))
        .await
        .map_err(unreadable)?;
    let mut bytes = Vec::new();
    file.take(length)
        .read_to_end(&mut bytes)
        .await
        .map_err(unreadable)?;
    Ok(bytes)
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

fn bad(code: &'static str, text: String) -> StepError {
    StepError::terminal(code, Plain(text))
}
