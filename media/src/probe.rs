//! What a video file is, read from its headers without decoding a picture.

use serde::{Deserialize, Serialize};

/// The facts of a video file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Probe {
    /// `mp4`, `mov`, `matroska` or `webm`.
    pub container: String,
    /// `h264`, `h265`, `vp8`, `vp9`, `av1`, `mpeg4` or `prores`.
    pub video_codec: String,
    /// The first audio stream's codec (`aac`, `opus`, `mp3`, …), or `None` for a silent file.
    pub audio_codec: Option<String>,
    /// Length in milliseconds.
    pub duration_ms: u64,
    /// Width in pixels as displayed: after rotation, with square pixels.
    pub width: u32,
    /// Height in pixels as displayed: after rotation, with square pixels.
    pub height: u32,
    /// How far the stored pictures are turned clockwise for display: 0, 90, 180 or 270 degrees.
    pub rotation: u16,
    /// Frames per second as the file declares them; `None` for a variable or undeclared rate.
    pub frame_rate: Option<f64>,
    /// Size of the file in bytes.
    pub bytes: u64,
}
