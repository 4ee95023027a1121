//! Which pictures of a video become its keyframes.
//!
//! Good pictures are neither black nor the double of one already taken. Everything else that was
//! decoded is kept as a spare: a black or unchanging video still gets its pictures, and each says
//! why it was taken.

use std::ops::Range;

use gstreamer::ClockTime;

use crate::picture::Signature;

/// Mean luma below which a picture counts as black.
const BLACK: f64 = 16.0;

/// Hash distance up to which two pictures count as one.
const DOUBLE: u32 = 6;

/// A decoded picture that may become a keyframe.
pub(crate) struct Candidate<P> {
    pub(crate) at: ClockTime,
    pub(crate) signature: Signature,
    pub(crate) picture: P,
}

/// A picture that was taken, and why.
pub(crate) struct Chosen<P> {
    pub(crate) candidate: Candidate<P>,
    pub(crate) because: String,
}

/// The pictures taken so far, and the spares.
pub(crate) struct Selection<P> {
    taken: Vec<Chosen<P>>,
    spares: Vec<Candidate<P>>,
}

impl<P> Selection<P> {
    pub(crate) fn new() -> Self {
        Self {
            taken: Vec::new(),
            spares: Vec::new(),
        }
    }

    /// How many pictures were taken in this part of the video.
    pub(crate) fn taken_in(&self, part: &Range<ClockTime>) -> usize {
        self.taken
            .iter()
            .filter(|chosen| part.contains(&chosen.candidate.at))
            .count()
    }

    /// How many pictures were taken.
    pub(crate) fn len(&self) -> usize {
        self.taken.len()
    }

    /// Whether nothing was decoded at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.taken.is_empty() && self.spares.is_empty()
    }

    /// Keeps a picture for later; one of a time that is known already is dropped.
    pub(crate) fn spare(&mut self, candidate: Candidate<P>) {
        let known = self
            .taken
            .iter()
            .map(|chosen| &chosen.candidate)
            .chain(&self.spares);
        if known.into_iter().all(|known| known.at != candidate.at) {
            self.spares.push(candidate);
        }
    }

    /// Takes a picture if it is good, else keeps it as a spare; says whether it was taken.
    pub(crate) fn offer(&mut self, candidate: Candidate<P>, because: &str) -> bool {
        let at = candidate.at;
        self.spare(candidate);
        let Some(index) = self.spares.iter().position(|spare| spare.at == at) else {
            return false;
        };
        let good = self
            .spares
            .get(index)
            .is_some_and(|spare| self.is_good(spare));
        if good {
            self.take(index, because.to_owned());
        }
        good
    }

    /// Takes the good spare of this part that is closest to `target`, if there is one.
    pub(crate) fn take_near(
        &mut self,
        target: ClockTime,
        part: &Range<ClockTime>,
        because: &str,
    ) -> bool {
        let best = self.closest(target, part, |this, spare| this.is_good(spare));
        best.map(|index| self.take(index, because.to_owned()))
            .is_some()
    }

    /// Takes what there is in this part: rather a double than a black picture.
    pub(crate) fn settle(&mut self, target: ClockTime, part: &Range<ClockTime>) -> bool {
        if let Some(index) = self.closest(target, part, |_, spare| !is_black(spare)) {
            self.take(
                index,
                "nothing better here: it resembles another one".to_owned(),
            );
            return true;
        }
        let black = self.closest(target, part, |_, _| true);
        black
            .map(|index| self.take(index, "nothing better here: it is black".to_owned()))
            .is_some()
    }

    /// The middle of the longest stretch of the video without a picture.
    pub(crate) fn widest_gap(&self, duration: ClockTime) -> ClockTime {
        let mut times: Vec<_> = self
            .taken
            .iter()
            .map(|chosen| chosen.candidate.at)
            .collect();
        times.extend([ClockTime::ZERO, duration]);
        times.sort_unstable();
        let gaps = times.windows(2).filter_map(|pair| match pair {
            [from, to] => Some((*to - *from, *from + (*to - *from) / 2)),
            _ => None,
        });
        gaps.max_by_key(|(width, _)| *width)
            .map_or(ClockTime::ZERO, |(_, middle)| middle)
    }

    /// The pictures taken, in time order.
    pub(crate) fn into_taken(mut self) -> Vec<Chosen<P>> {
        self.taken.sort_by_key(|chosen| chosen.candidate.at);
        self.taken
    }

    fn is_good(&self, candidate: &Candidate<P>) -> bool {
        let hash = candidate.signature.hash;
        let mut taken = self
            .taken
            .iter()
            .map(|chosen| chosen.candidate.signature.hash);
        !is_black(candidate) && taken.all(|other| (hash ^ other).count_ones() > DOUBLE)
    }

    fn closest(
        &self,
        target: ClockTime,
        part: &Range<ClockTime>,
        fits: impl Fn(&Self, &Candidate<P>) -> bool,
    ) -> Option<usize> {
        let distance = |at: ClockTime| at.nseconds().abs_diff(target.nseconds());
        let here = self
            .spares
            .iter()
            .enumerate()
            .filter(|(_, spare)| part.contains(&spare.at));
        let fitting = here.filter(|(_, spare)| fits(self, spare));
        fitting
            .min_by_key(|(_, spare)| distance(spare.at))
            .map(|(index, _)| index)
    }

    fn take(&mut self, index: usize, because: String) {
        let candidate = self.spares.swap_remove(index);
        self.taken.push(Chosen { candidate, because });
    }
}

fn is_black<P>(candidate: &Candidate<P>) -> bool {
    candidate.signature.luma < BLACK
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Range<ClockTime> = ClockTime::ZERO..ClockTime::from_seconds(60);

    fn at(ms: u64, luma: f64, hash: u64) -> Candidate<()> {
        let signature = Signature { luma, hash };
        Candidate {
            at: ClockTime::from_mseconds(ms),
            signature,
            picture: (),
        }
    }

    fn times(selection: Selection<()>) -> Vec<u64> {
        selection
            .into_taken()
            .iter()
            .map(|chosen| chosen.candidate.at.mseconds())
            .collect()
    }

    #[test]
    fn the_earliest_picture_that_is_not_black_opens() {
        let mut selection = Selection::new();
        for candidate in [
            at(0, 0.0, 0),
            at(200, 15.9, 1),
            at(400, 16.0, 2),
            at(600, 90.0, 3),
        ] {
            selection.spare(candidate);
        }
        assert!(selection.take_near(ClockTime::ZERO, &ALL, "first"));
        assert_eq!(times(selection), [400]);
    }

    #[test]
    fn a_double_is_refused_and_kept_as_a_spare() {
        let mut selection = Selection::new();
        assert!(selection.offer(at(0, 90.0, 0), "first"));
        assert!(!selection.offer(at(1000, 90.0, 0b11_1111), "six bits"));
        assert!(selection.offer(at(2000, 90.0, 0b111_1111), "seven bits"));
        assert!(selection.settle(ClockTime::ZERO, &ALL));
        assert_eq!(times(selection), [0, 1000, 2000]);
    }

    #[test]
    fn a_double_is_taken_rather_than_a_black_picture() {
        let mut selection = Selection::new();
        selection.offer(at(0, 90.0, 0), "first");
        selection.offer(at(500, 0.0, u64::MAX), "black");
        selection.offer(at(9000, 90.0, 0), "double");
        assert!(selection.settle(ClockTime::ZERO, &ALL));
        assert_eq!(times(selection), [0, 9000]);
    }

    #[test]
    fn one_time_is_never_taken_twice() {
        let mut selection = Selection::new();
        assert!(selection.offer(at(40, 90.0, 0), "first"));
        assert!(!selection.offer(at(40, 90.0, u64::MAX), "again"));
        assert!(!selection.settle(ClockTime::ZERO, &ALL));
        assert_eq!(selection.len(), 1);
    }

    #[test]
    fn the_widest_gap_is_where_nothing_was_taken() {
        let mut selection = Selection::new();
        selection.offer(at(1000, 90.0, 0), "first");
        let middle = selection.widest_gap(ClockTime::from_mseconds(5000));
        assert_eq!(middle.mseconds(), 3000);
    }
}
