//! Where in a video its keyframes are looked for.
//!
//! The first three seconds decide whether people stay, so two pictures come from there; the others
//! are spread over the rest. A video that hardly outlasts its opening has only an opening.

use std::ops::Range;

use gstreamer::ClockTime;

/// The part that a viewer sees before deciding to stay.
const OPENING: ClockTime = ClockTime::from_seconds(3);

/// Pictures from the opening of a longer video.
const IN_OPENING: usize = 2;

/// The end is often a fade or a still logo.
const AVOIDED_END: ClockTime = ClockTime::from_mseconds(300);

/// Parts shorter than this are not worth a picture of their own.
const SHORTEST_PART: ClockTime = ClockTime::from_mseconds(400);

/// Where to look.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    /// The part that is read picture by picture.
    pub(crate) opening: Range<ClockTime>,
    /// Times in the opening near which a picture is wanted; the first is the earliest that serves.
    pub(crate) opening_targets: Vec<ClockTime>,
    /// Parts after the opening, each of which should give one picture.
    pub(crate) parts: Vec<Range<ClockTime>>,
}

impl Plan {
    /// A plan for `count` pictures of a video this long.
    pub(crate) fn new(duration: ClockTime, count: usize) -> Self {
        let rest = OPENING..duration.saturating_sub(AVOIDED_END).max(OPENING);
        let wanted = count.saturating_sub(IN_OPENING);
        let width = match wanted {
            0 => ClockTime::ZERO,
            parts => (rest.end - rest.start) / parts as u64,
        };
        if wanted > 0 && width >= SHORTEST_PART {
            let part = |n: usize| {
                let start = rest.start + width * n as u64;
                start..start + width
            };
            let opening = ClockTime::ZERO..OPENING;
            let opening_targets = spread(OPENING, IN_OPENING);
            return Self {
                opening,
                opening_targets,
                parts: (0..wanted).map(part).collect(),
            };
        }
        // Either the video is short, or no more pictures are wanted than the opening gives.
        let end = if wanted > 0 {
            duration
        } else {
            duration.min(OPENING)
        };
        let opening_targets = spread(end, count);
        Self {
            opening: ClockTime::ZERO..end,
            opening_targets,
            parts: Vec::new(),
        }
    }
}

/// `count` times from zero on, at equal distances.
fn spread(length: ClockTime, count: usize) -> Vec<ClockTime> {
    (0..count)
        .map(|n| length * n as u64 / count.max(1) as u64)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: u64) -> ClockTime {
        ClockTime::from_mseconds(ms)
    }

    #[test]
    fn a_long_video_gives_two_pictures_of_its_opening_and_one_of_each_third() {
        let plan = Plan::new(ms(12_300), 5);
        assert_eq!(plan.opening_targets, [ms(0), ms(1500)]);
        assert_eq!(
            plan.parts,
            [ms(3000)..ms(6000), ms(6000)..ms(9000), ms(9000)..ms(12_000)]
        );
    }

    #[test]
    fn a_short_video_is_all_opening() {
        let plan = Plan::new(ms(2000), 5);
        assert_eq!(plan.opening, ms(0)..ms(2000));
        assert_eq!(
            plan.opening_targets,
            [ms(0), ms(400), ms(800), ms(1200), ms(1600)]
        );
        assert_eq!(plan.parts, []);
    }

    #[test]
    fn a_video_a_little_longer_than_the_opening_still_has_two_targets_in_it() {
        let plan = Plan::new(ms(4000), 5);
        let early = plan
            .opening_targets
            .iter()
            .filter(|at| **at < OPENING)
            .count();
        assert!(early >= 2, "{plan:?}");
        assert_eq!(plan.opening_targets.len() + plan.parts.len(), 5);
    }

    #[test]
    fn one_or_two_pictures_come_from_the_opening() {
        assert_eq!(Plan::new(ms(60_000), 1).opening_targets, [ms(0)]);
        let two = Plan::new(ms(60_000), 2);
        assert_eq!(
            (two.opening_targets, two.parts),
            (vec![ms(0), ms(1500)], vec![])
        );
    }
}
