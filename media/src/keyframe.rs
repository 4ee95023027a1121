//! One picture taken out of a video.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// A picture on disk and where in the video it was.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Keyframe {
    /// The JPEG file: `frame_<n>.jpg`, numbered in time order from 0.
    pub path: PathBuf,
    /// The presentation time of the decoded picture, in milliseconds from the start of the video
    /// (rounded): not the time that was sought.
    pub timestamp_ms: u64,
    /// Width of the JPEG in pixels.
    pub width: u32,
    /// Height of the JPEG in pixels.
    pub height: u32,
    /// Mean luma of the picture, 0 (black) to 255 (white): Rec. 709 weights on full-range RGB.
    pub mean_luma: f64,
    /// Why this picture and no other, in words for a person.
    pub chosen_because: String,
}
