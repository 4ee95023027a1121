//! What kind of file this is, decided by its content before GStreamer sees a byte of it.
//!
//! Only MP4/MOV and Matroska/WebM pass, and only when their outer structure fits into the file: a
//! playlist, a subtitle file or an `ffconcat` script named `.mp4` never reaches a demuxer, and an
//! upload that was cut off is told apart from one that is broken.

mod ebml;
mod isobmff;

use std::{
    fs::{self, File},
    io::{self, ErrorKind, Read as _, Seek as _, SeekFrom},
    path::Path,
};

use anyhow::Context as _;
use media::{Limits, RefusalCode};

use crate::failure::{Failure, refused};

/// The file formats that are opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Container {
    Mp4,
    Mov,
    Matroska,
    Webm,
}

impl Container {
    /// The name in a probe.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Mp4 => "mp4",
            Self::Mov => "mov",
            Self::Matroska => "matroska",
            Self::Webm => "webm",
        }
    }

    /// The one element that may take the file apart.
    pub(crate) fn demuxer(self) -> &'static str {
        match self {
            Self::Mp4 | Self::Mov => "qtdemux",
            Self::Matroska | Self::Webm => "matroskademux",
        }
    }
}

/// Checks that `path` is a regular file of an accepted format and size; returns both.
pub(crate) fn identify(path: &Path, limits: &Limits) -> Result<(Container, u64), Failure> {
    let shown = path.display();
    let about = match fs::symlink_metadata(path) {
        Ok(about) => about,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Err(refused(
                RefusalCode::FileMissing,
                format!("there is no file {shown}"),
            ));
        }
        Err(error) => {
            return Err(anyhow::Error::new(error)
                .context(format!("looking at {shown}"))
                .into());
        }
    };
    if !about.is_file() {
        return Err(refused(
            RefusalCode::NotAFile,
            format!("{shown} is not a regular file"),
        ));
    }
    if about.len() > limits.max_bytes {
        let (is, most) = (about.len(), limits.max_bytes);
        let message = format!("{shown} has {is} bytes, at most {most} are accepted");
        return Err(refused(RefusalCode::TooLarge, message));
    }
    let file = File::open(path).with_context(|| format!("opening {shown}"))?;
    let mut bytes = Bytes {
        file,
        length: about.len(),
    };
    let found = match bytes
        .at::<4>(0)
        .with_context(|| format!("reading {shown}"))?
    {
        Some(ebml::MAGIC) => ebml::identify(&mut bytes),
        _ => isobmff::identify(&mut bytes),
    };
    match found.with_context(|| format!("reading {shown}"))? {
        Ok(container) => Ok((container, about.len())),
        Err(Rejection::Foreign) => Err(refused(
            RefusalCode::NotAVideo,
            format!("{shown} is no MP4, MOV, Matroska or WebM file"),
        )),
        Err(Rejection::CutOff(what)) => Err(refused(
            RefusalCode::Truncated,
            format!("{shown} is cut off: {what}"),
        )),
    }
}

/// Why the outer structure does not pass.
#[derive(Debug, PartialEq, Eq)]
enum Rejection {
    /// Another kind of file.
    Foreign,
    /// The right kind, but it ends too early.
    CutOff(String),
}

/// A file read in small pieces at given places.
struct Bytes {
    file: File,
    length: u64,
}

impl Bytes {
    /// The `N` bytes at `offset`, or `None` if the file ends before.
    fn at<const N: usize>(&mut self, offset: u64) -> io::Result<Option<[u8; N]>> {
        if offset
            .checked_add(N as u64)
            .is_none_or(|end| end > self.length)
        {
            return Ok(None);
        }
        let mut piece = [0; N];
        self.file.seek(SeekFrom::Start(offset))?;
        self.file.read_exact(&mut piece)?;
        Ok(Some(piece))
    }
}
