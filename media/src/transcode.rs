//! What a transcoded file may be, and what became of it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::Probe;

/// The bounds of a transcoded file, and of the work on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// Most pixels from side to side, as displayed. Default 1080.
    pub max_width: u32,
    /// Most pixels from top to bottom, as displayed. Default 1920. Pictures beyond either bound are
    /// made smaller in the same shape; smaller ones stay, but for an odd last line or column.
    pub max_height: u32,
    /// Most frames per second; of a file that declares more, frames are left out. Default 60.
    pub max_frame_rate: u32,
    /// Most kilobits per second of pictures, over a second or so: their quality is constant below.
    /// Default 12,000, with which three minutes stay below 300 MB.
    pub max_video_kbits: u32,
    /// Wall time after which the helper is killed, in place of
    /// [`Limits::time`](crate::Limits::time). Default 10 minutes.
    pub time: Duration,
}

impl Default for Target {
    fn default() -> Self {
        Self {
            max_width: 1080,
            max_height: 1920,
            max_frame_rate: 60,
            max_video_kbits: 12_000,
            time: Duration::from_secs(600),
        }
    }
}

/// A file that was transcoded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Transcoded {
    /// What the input is.
    pub before: Probe,
    /// What the output is.
    pub after: Probe,
}
