//! What goes over the pipe between [`Media`](crate::Media) and the helper.
//!
//! One JSON line each way: a [`Request`] on the helper's stdin, a [`Reply`] on its stdout. The
//! helper exits 0 whenever it could reply, also when it refuses the file; anything else is a crash.
//! Both sides are built from this file, so it carries no version.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::{ClipSpec, Keyframe, Limits, Probe, Target, Transcoded};

/// One question, and what answering it may cost.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Request {
    /// What to do.
    pub job: Job,
    /// What it may cost.
    pub limits: Limits,
}

/// What the helper can do.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Job {
    /// Say whether everything that the other jobs need is installed.
    Check,
    /// Say what the file is.
    Probe {
        /// The video.
        file: PathBuf,
    },
    /// Write still pictures as JPEG.
    Keyframes {
        /// The video.
        file: PathBuf,
        /// Folder for the pictures; created when missing.
        out_dir: PathBuf,
        /// How many pictures.
        count: usize,
    },
    /// Make a clip up.
    Synthesize {
        /// What it shows.
        clip: ClipSpec,
        /// The file to write.
        out: PathBuf,
    },
    /// Make an H.264 and AAC file in MP4 of a video.
    Transcode {
        /// The video.
        file: PathBuf,
        /// The file to write, in a folder that is nobody else's: after a crash, what is in it is
        /// half-written.
        out: PathBuf,
        /// What the new file may be.
        target: Target,
    },
}

impl Job {
    /// The operation's name for messages.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Check => "check",
            Self::Probe { .. } => "probe",
            Self::Keyframes { .. } => "keyframes",
            Self::Synthesize { .. } => "synthesize",
            Self::Transcode { .. } => "transcode",
        }
    }
}

/// The helper's answer.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// To [`Job::Check`]: nothing is missing.
    Checked,
    /// To [`Job::Probe`].
    Probe(Probe),
    /// To [`Job::Keyframes`], in time order.
    Keyframes(Vec<Keyframe>),
    /// To [`Job::Synthesize`].
    Synthesized,
    /// To [`Job::Transcode`].
    Transcoded(Transcoded),
    /// The input is at fault: the same answer would come again.
    Refused(Refusal),
    /// The helper is at fault, or its surroundings (a missing plugin, a full disk).
    Failed {
        /// The chain of causes in words.
        message: String,
    },
}

/// Why an input is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// The stable reason.
    pub code: RefusalCode,
    /// The same with the particulars, in words.
    pub message: String,
}

/// The reasons for which an input is not accepted; each is an error code of the docs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefusalCode {
    /// Nothing is at the path.
    FileMissing,
    /// A folder, a link or a device.
    NotAFile,
    /// The content is no MP4, MOV, Matroska or `WebM`.
    NotAVideo,
    /// The container holds no video stream.
    NoVideoStream,
    /// The codec of the video stream, or of the sound where it is needed, is none that Flywheel
    /// decodes.
    CodecUnsupported,
    /// The file ends before its content does.
    Truncated,
    /// The content contradicts itself, or no picture can be decoded.
    Undecodable,
    /// More bytes than [`Limits::max_bytes`].
    TooLarge,
    /// Longer than [`Limits::max_duration`].
    TooLong,
    /// More pixels than [`Limits::max_pixels`].
    TooManyPixels,
    /// A request that makes no sense: no pictures, a clip without scenes, a character no font has.
    BadRequest,
}

impl RefusalCode {
    /// The stable code, as it stands in logs, rows and docs.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::FileMissing => "media_file_missing",
            Self::NotAFile => "media_not_a_file",
            Self::NotAVideo => "media_not_a_video",
            Self::NoVideoStream => "media_no_video_stream",
            Self::CodecUnsupported => "media_codec_unsupported",
            Self::Truncated => "media_truncated",
            Self::Undecodable => "media_undecodable",
            Self::TooLarge => "media_too_large",
            Self::TooLong => "media_too_long",
            Self::TooManyPixels => "media_too_many_pixels",
            Self::BadRequest => "media_bad_request",
        }
    }
}
