//! Video files: from a video's source to a checked file, to what a platform takes of it, and its
//! bytes.

use std::io::{self, ErrorKind, SeekFrom};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use engine::{StepContext, StepError};
use media::{Media, Probe};
use platforms::fetch::Fetcher;
use schema::posts;
use schema::videos::VideoSource;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha256};
use tokio::fs::File;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};
use tokio::sync::Mutex;

use crate::endings::{self, Plain};
use crate::posting::Clip;
use crate::services::Services;

/// A file that was read once through. Another file under its name changes nothing here: all bytes
/// come through the one handle.
#[derive(Debug)]
pub(crate) struct VideoFile {
    file: File,
    pub(crate) bytes: u64,
    /// Lower-case hex.
    pub(crate) sha256: String,
}

/// Where videos come from, and where what was made of them is kept.
pub(crate) struct Files {
    inbox: PathBuf,
    fetched: PathBuf,
    converted: PathBuf,
    fetcher: Fetcher,
    media: Arc<Media>,
    /// One conversion at a time: the targets of one video want the same.
    converting: Mutex<()>,
}

/// A file that leaves, and its content.
#[derive(Debug)]
pub(crate) struct Outgoing {
    pub(crate) path: PathBuf,
    pub(crate) content: VideoFile,
}

impl Files {
    pub(crate) fn new(services: &Services) -> Self {
        Self {
            inbox: services.inbox.clone(),
            fetched: services.fetched.clone(),
            converted: services.converted.clone(),
            fetcher: services.fetcher.clone(),
            media: services.media.clone(),
            converting: Mutex::default(),
        }
    }

    /// The file that a platform is to get: the source, or what is made of one that it does not
    /// take. That is made once, and kept by the source's content. Gives its facts.
    pub(crate) async fn for_post(
        &self,
        cx: &StepContext,
        source: &VideoSource,
        takes: impl Fn(&Probe) -> bool,
    ) -> Result<Clip, StepError> {
        let path = self.locate(cx, source).await?;
        let probe = self.media.probe(&path).await;
        let probe = probe.map_err(|error| endings::media(cx, error))?;
        let content = VideoFile::open(&path).await?;
        if takes(&probe) {
            return Ok(Clip::of(probe, &content));
        }
        let converted = self.converted(&content);
        let _only_one = self.converting.lock().await;
        if !is_there(&converted).await? {
            self.media
                .transcode(&path, &converted, &media::Target::default())
                .await
                .map_err(|error| endings::media(cx, error))?;
        }
        self.clip(cx, &Outgoing::open(converted).await?).await
    }

    /// The facts of a file that leaves.
    pub(crate) async fn clip(&self, cx: &StepContext, file: &Outgoing) -> Result<Clip, StepError> {
        let probe = self.media.probe(&file.path).await;
        let probe = probe.map_err(|error| endings::media(cx, error))?;
        Ok(Clip::of(probe, &file.content))
    }

    /// The file that a post's upload was opened for.
    pub(crate) async fn of_post(
        &self,
        cx: &StepContext,
        source: &VideoSource,
        post: &posts::Model,
    ) -> Result<Outgoing, StepError> {
        let path = self.locate(cx, source).await?;
        let content = VideoFile::open(&path).await?;
        let is_it = |file: &VideoFile| post.content_sha256.as_deref() == Some(&file.sha256);
        if is_it(&content) {
            return Ok(Outgoing { path, content });
        }
        let converted = self.converted(&content);
        if is_there(&converted).await? {
            let outgoing = Outgoing::open(converted).await?;
            if is_it(&outgoing.content) {
                return Ok(outgoing);
            }
        }
        Err(bad(
            "source_changed",
            format!(
                "the file of {} is no longer the one that its upload was opened for",
                post.video_id
            ),
        ))
    }

    fn converted(&self, source: &VideoFile) -> PathBuf {
        self.converted.join(format!("{}.mp4", source.sha256))
    }

    /// The path of a video's file: in the inbox, or fetched, which is done once.
    async fn locate(&self, cx: &StepContext, source: &VideoSource) -> Result<PathBuf, StepError> {
        match source {
            VideoSource::Path(path) => locate(&self.inbox, path).await,
            VideoSource::Url(url) => {
                let name = hex(Sha256::digest(url));
                let file = self.fetched.join(name);
                if !is_there(&file).await? {
                    self.fetch(cx, url, &file).await?;
                }
                Ok(file)
            }
        }
    }

    /// Several runs may fetch the same URL at once, and its host may send each of them something else.
    /// The first that is complete stays, because somebody may work with it by then.
    async fn fetch(&self, cx: &StepContext, url: &str, file: &Path) -> Result<(), StepError> {
        let own = format!(".{}", hex(Sha256::digest(cx.key())));
        let own = self.fetched.join(own);
        let fetched = self.fetcher.fetch(url, &own).await;
        fetched.map_err(|error| endings::platform(cx, error))?;
        let kept = tokio::fs::hard_link(&own, file).await;
        // If it stays, the next worker removes it.
        let _ = tokio::fs::remove_file(&own).await;
        match kept {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(unreadable(error)),
            _ => Ok(()),
        }
    }
}

impl Outgoing {
    async fn open(path: PathBuf) -> Result<Self, StepError> {
        let content = VideoFile::open(&path).await?;
        Ok(Self { path, content })
    }
}

async fn is_there(path: &Path) -> Result<bool, StepError> {
    tokio::fs::try_exists(path).await.map_err(unreadable)
}

/// The path of a file under the inbox, through no symlink out of it.
async fn locate(inbox: &Path, path: &str) -> Result<PathBuf, StepError> {
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
            ErrorKind::NotFound
            | ErrorKind::NotADirectory
            | ErrorKind::InvalidFilename
            | ErrorKind::InvalidInput => bad(
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
    match tokio::fs::metadata(&file).await.map_err(unreadable)? {
        is if is.is_file() => Ok(file),
        is if is.is_dir() => Err(bad(
            "source_not_a_file",
            format!("{path} in the inbox is a folder; name the video in it"),
        )),
        _ => Err(bad(
            "source_not_a_file",
            format!("{path} in the inbox is no regular file"),
        )),
    }
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
        Ok(Self {
            file,
            bytes,
            sha256: hex(hash.finalize()),
        })
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

    /// All of it, from the start, as a stream of its own.
    pub(crate) async fn stream(&mut self) -> Result<File, StepError> {
        self.file
            .seek(SeekFrom::Start(0))
            .await
            .map_err(unreadable)?;
        self.file.try_clone().await.map_err(unreadable)
    }
}

fn hex(bytes: impl AsRef<[u8]>) -> String {
    let digits = bytes.as_ref().iter().map(|byte| format!("{byte:02x}"));
    digits.collect()
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
