//! How much one question about a file may cost.
//!
//! The limits travel with each request; the helper refuses a file that exceeds the first three and
//! dies of the last two. They are generous for a short video and small for a machine.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Limits of one helper process and of the file it may look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Largest file, in bytes. Default 2 GiB.
    pub max_bytes: u64,
    /// Longest video. Default 10 minutes: the longest that TikTok takes.
    pub max_duration: Duration,
    /// Most pixels in one picture, width × height as coded. Default 4096 × 2160.
    pub max_pixels: u64,
    /// Address space of the helper (`RLIMIT_AS`), in bytes. Default 2 GiB: a 4K 10-bit stream with
    /// a full reference list needs less than half of it.
    pub memory_bytes: u64,
    /// Wall time after which the helper is killed. Default 2 minutes. Its CPU time is limited to
    /// twice this, which only matters when nobody is left to kill it.
    pub time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_bytes: 2 << 30,
            max_duration: Duration::from_secs(600),
            max_pixels: 4096 * 2160,
            memory_bytes: 2 << 30,
            time: Duration::from_secs(120),
        }
    }
}
