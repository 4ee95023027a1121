//! The file of a post, and TikTok's rules for it.
//!
//! Codecs are not among them: what TikTok cannot decode is turned into something that it can
//! before it comes here.
//!
//! Source: <https://developers.tiktok.com/doc/content-posting-api-media-transfer-guide>.

use std::ops::RangeInclusive;
use std::time::Duration;

use super::{CreatorInfo, MOST_BYTES};
use crate::Violation;

/// Fewest and most pixels of either side.
const SIDE_PIXELS: RangeInclusive<u32> = 360..=4096;
/// Fewest and most frames per second.
const FRAME_RATES: RangeInclusive<f64> = 23.0..=60.0;

/// The facts of the file that TikTok has rules for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Clip {
    /// Its size in bytes.
    pub bytes: u64,
    /// How long it plays.
    pub duration: Duration,
    /// Width in pixels, as displayed.
    pub width: u32,
    /// Height in pixels, as displayed.
    pub height: u32,
    /// Frames per second; nothing for a variable or undeclared rate.
    pub frame_rate: Option<f64>,
}

impl Clip {
    /// Every rule that is broken, in the order of the fields.
    pub(super) fn violations(&self, creator: &CreatorInfo) -> Vec<Violation> {
        let mut found = Vec::new();
        let mut report = |field, problem| found.push(Violation { field, problem });
        if self.bytes == 0 {
            report("bytes", "are none: the file is empty".to_owned());
        }
        if self.bytes > MOST_BYTES {
            let bytes = self.bytes;
            report("bytes", format!("are {bytes}, {MOST_BYTES} are allowed"));
        }
        if self.duration > Duration::from_secs(creator.longest_video_s.into()) {
            let seconds = self.duration.as_secs_f64();
            let longest = creator.longest_video_s;
            report(
                "duration",
                format!("is {seconds:.2} s, this creator may post {longest} s"),
            );
        }
        for (field, pixels) in [("width", self.width), ("height", self.height)] {
            if !SIDE_PIXELS.contains(&pixels) {
                report(
                    field,
                    format!("is {pixels} pixels, 360 to 4096 are allowed"),
                );
            }
        }
        // Rounded, because cameras declare 60.02 and the like and mean 60.
        if let Some(rate) = self.frame_rate
            && !FRAME_RATES.contains(&rate.round())
        {
            report(
                "frame_rate",
                format!("is {rate:.2} frames per second, 23 to 60 are allowed"),
            );
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clip() -> Clip {
        Clip {
            bytes: 1,
            duration: Duration::from_secs(31),
            width: 1080,
            height: 1920,
            frame_rate: Some(30.0),
        }
    }

    #[track_caller]
    fn check(clip: Clip, problem: Option<&str>) {
        let creator = CreatorInfo {
            username: String::new(),
            nickname: String::new(),
            privacy_levels: Vec::new(),
            comments_disabled: false,
            duets_disabled: false,
            stitches_disabled: false,
            longest_video_s: 180,
        };
        let found = clip.violations(&creator);
        let found: Vec<String> = found.iter().map(Violation::to_string).collect();
        assert_eq!(found, Vec::from_iter(problem));
    }

    #[test]
    fn a_file_is_measured_by_its_size_and_by_the_creator_s_longest_video() {
        let sized = |bytes| Clip { bytes, ..clip() };
        check(sized(MOST_BYTES), None);
        check(
            sized(MOST_BYTES + 1),
            Some("bytes are 4000000001, 4000000000 are allowed"),
        );
        let lasting = |millis| Clip {
            duration: Duration::from_millis(millis),
            ..clip()
        };
        check(lasting(180_000), None);
        check(
            lasting(180_010),
            Some("duration is 180.01 s, this creator may post 180 s"),
        );
    }

    #[test]
    fn a_frame_rate_is_measured_as_it_is_meant_and_not_at_all_where_there_is_none() {
        let fast = |frame_rate| Clip {
            frame_rate,
            ..clip()
        };
        for rate in [None, Some(22.98), Some(23.976), Some(59.94), Some(60.02)] {
            check(fast(rate), None);
        }
        check(
            fast(Some(120.0)),
            Some("frame_rate is 120.00 frames per second, 23 to 60 are allowed"),
        );
    }
}
