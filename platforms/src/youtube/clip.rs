//! The file of a video, and YouTube's rules for it.
//!
//! Source: <https://support.google.com/youtube/answer/71673>. A channel that is not verified may
//! post 15 minutes only, which YouTube says when it has the video.

use std::time::Duration;

use crate::Violation;

/// "256 GB", read in the stricter way.
const MOST_BYTES: u64 = 256_000_000_000;
const LONGEST: Duration = Duration::from_secs(12 * 60 * 60);

/// The facts of the file that YouTube has rules for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clip {
    /// Its size in bytes: at most 256 GB.
    pub bytes: u64,
    /// How long it plays: at most 12 hours.
    pub duration: Duration,
}

impl Clip {
    /// Every rule that is broken, in the order of the fields.
    #[must_use]
    pub fn violations(&self) -> Vec<Violation> {
        let mut found = Vec::new();
        let mut report = |field, problem| found.push(Violation { field, problem });
        match self.bytes {
            0 => report("bytes", "are none: the file is empty".to_owned()),
            bytes if bytes > MOST_BYTES => {
                report("bytes", format!("are {bytes}, {MOST_BYTES} are allowed"));
            }
            _ => {}
        }
        if self.duration > LONGEST {
            let (seconds, most) = (self.duration.as_secs(), LONGEST.as_secs());
            report("duration", format!("is {seconds} s, {most} s are allowed"));
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_exactly_at_every_limit_breaks_no_rule_and_beyond_each_of_them() {
        let most = Clip {
            bytes: MOST_BYTES,
            duration: LONGEST,
        };
        assert_eq!(most.violations(), []);
        let beyond = Clip {
            bytes: MOST_BYTES + 1,
            duration: LONGEST + Duration::from_secs(1),
        };
        let found: Vec<_> = beyond
            .violations()
            .iter()
            .map(Violation::to_string)
            .collect();
        insta::assert_snapshot!(found.join("\n"), @r"
        bytes are 256000000001, 256000000000 are allowed
        duration is 43201 s, 43200 s are allowed
        ");
        let empty = Clip { bytes: 0, ..most };
        assert_eq!(empty.violations().len(), 1);
    }
}
