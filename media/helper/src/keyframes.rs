//! Takes keyframes out of a video: finds them, turns them, writes them.
//!
//! The opening is read from its start, where decoding is cheap because the video begins with a sync
//! frame. After it, sync frames are taken where they serve (one decoded picture each); only where
//! they lie elsewhere, are black or double, is the video decoded on from the sync frame before.

use std::{fs, ops::Range, path::Path};

use anyhow::Context as _;
use gstreamer::ClockTime;
use media::{Keyframe, Limits, RefusalCode};

use crate::{
    choose::{Candidate, Chosen, Selection},
    failure::{Failure, refused},
    jpeg,
    orientation::Orientation,
    picture::{Lens, Picture},
    plan::Plan,
    probe::{self, rounded_ms},
    reader::{Reader, Snap},
};

/// More pictures than this are no question about a short video any more.
const MOST: usize = 32;

/// Candidates looked at in the opening for each picture that is wanted of it, and at least.
const CANDIDATES_EACH: u64 = 2;
const LEAST_CANDIDATES: u64 = 10;

/// How far behind its target a picture after the opening may lie.
const WALK: ClockTime = ClockTime::from_seconds(4);

/// Distance between candidates there.
const STRIDE: ClockTime = ClockTime::from_mseconds(500);

/// How much may be decoded to get to a target: a video of ten minutes with a single sync frame
/// keeps a processor busy for minutes otherwise.
const LONGEST_APPROACH: ClockTime = ClockTime::from_seconds(30);

/// Writes up to `count` pictures of `file` into `out_dir`.
pub(crate) fn keyframes(
    file: &Path,
    out_dir: &Path,
    count: usize,
    limits: &Limits,
) -> Result<Vec<Keyframe>, Failure> {
    if !(1..=MOST).contains(&count) {
        let message = format!("{count} keyframes were asked for: from 1 to {MOST} make sense");
        return Err(refused(RefusalCode::BadRequest, message));
    }
    let facts = probe::inspect(file, limits)?;
    let mut search = Search {
        reader: Reader::open(file, facts.container, limits)?,
        lens: Lens::new(facts.orientation),
        found: Selection::new(),
    };
    search.run(&Plan::new(facts.duration, count), facts.duration, count)?;
    if search.found.is_empty() {
        return Err(refused(
            RefusalCode::Undecodable,
            "no picture of the video can be decoded",
        ));
    }
    fs::create_dir_all(out_dir).with_context(|| format!("creating {}", out_dir.display()))?;
    let taken = search.found.into_taken();
    taken
        .into_iter()
        .enumerate()
        .map(|(n, chosen)| Ok(write(n, chosen, facts.orientation, out_dir)?))
        .collect()
}

fn write(
    n: usize,
    chosen: Chosen<Picture>,
    orientation: Orientation,
    out_dir: &Path,
) -> anyhow::Result<Keyframe> {
    let path = out_dir.join(format!("frame_{n}.jpg"));
    let Candidate {
        at,
        signature,
        picture,
    } = chosen.candidate;
    let (width, height) = jpeg::write(&picture, orientation, &path)?;
    Ok(Keyframe {
        path,
        timestamp_ms: rounded_ms(at),
        width,
        height,
        mean_luma: signature.luma,
        chosen_because: chosen.because,
    })
}

/// The search through one video.
struct Search {
    reader: Reader,
    lens: Lens,
    found: Selection<Picture>,
}

impl Search {
    fn run(&mut self, plan: &Plan, duration: ClockTime, count: usize) -> Result<(), Failure> {
        let whole = self.tolerant(|search| search.opening(plan))?;
        for (n, target) in plan.opening_targets.iter().enumerate() {
            let because = match n {
                0 => "the first picture that is not black".to_owned(),
                _ => format!("unlike the others, close to {:.1} s", seconds(*target)),
            };
            self.found.take_near(*target, &plan.opening, &because);
        }
        if whole {
            for part in &plan.parts {
                if !self.tolerant(|search| search.part(part))? {
                    break;
                }
            }
        }
        self.fill(plan, duration, count);
        Ok(())
    }

    /// Runs a part of the search; says whether the video can be read on. Damage behind the first
    /// picture ends the search, not the job.
    fn tolerant(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<(), Failure>,
    ) -> Result<bool, Failure> {
        match work(self) {
            Ok(()) => Ok(true),
            Err(Failure::Refused(refusal))
                if refusal.code == RefusalCode::Undecodable && !self.found.is_empty() =>
            {
                Ok(false)
            }
            Err(failure) => Err(failure),
        }
    }

    /// Reads the opening, keeping a few pictures at equal distances.
    fn opening(&mut self, plan: &Plan) -> Result<(), Failure> {
        let wanted = plan.opening_targets.len() as u64;
        let stride = plan.opening.end / (wanted * CANDIDATES_EACH).max(LEAST_CANDIDATES);
        let mut due = ClockTime::ZERO;
        while let Some(frame) = self.reader.next()? {
            if frame.at >= plan.opening.end && !self.found.is_empty() {
                break;
            }
            if frame.at >= due {
                due = frame.at + stride;
                let (picture, signature) = self.lens.look(&frame)?;
                self.found.spare(Candidate {
                    at: frame.at,
                    signature,
                    picture,
                });
            }
        }
        Ok(())
    }

    /// Looks for one good picture in a part after the opening.
    fn part(&mut self, part: &Range<ClockTime>) -> Result<(), Failure> {
        let width = part.end - part.start;
        let middle = part.start + width / 2;
        for target in [middle, part.start + width / 4, part.start + width * 3 / 4] {
            if !self.reader.seek(target, Snap::Nearest) {
                return Ok(());
            }
            let Some(frame) = self.reader.next()? else {
                continue;
            };
            if part.contains(&frame.at) {
                let (picture, signature) = self.lens.look(&frame)?;
                let candidate = Candidate {
                    at: frame.at,
                    signature,
                    picture,
                };
                let because = format!("a sync frame close to {:.1} s", seconds(target));
                if self.found.offer(candidate, &because) {
                    return Ok(());
                }
            }
        }
        self.walk(middle, middle + WALK.min(width / 2))
    }

    /// Decodes from the sync frame before `from` and takes the first good picture up to `to`.
    fn walk(&mut self, from: ClockTime, to: ClockTime) -> Result<(), Failure> {
        if !self.reader.seek(from, Snap::Before) {
            return Ok(());
        }
        let mut due = from;
        while let Some(frame) = self.reader.next()? {
            if frame.at > to || frame.at + LONGEST_APPROACH < from {
                return Ok(());
            }
            if frame.at < due {
                continue;
            }
            due = frame.at + STRIDE;
            let (picture, signature) = self.lens.look(&frame)?;
            let candidate = Candidate {
                at: frame.at,
                signature,
                picture,
            };
            let because = format!("no sync frame serves close to {:.1} s", seconds(from));
            if self.found.offer(candidate, &because) {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Fills what is missing from the spares: first the opening's share, then good ones anywhere,
    /// then what there is.
    fn fill(&mut self, plan: &Plan, duration: ClockTime, count: usize) {
        let everywhere = ClockTime::ZERO..ClockTime::MAX;
        for target in plan.opening_targets.iter().rev() {
            if self.found.taken_in(&plan.opening) >= plan.opening_targets.len() {
                break;
            }
            self.found.settle(*target, &plan.opening);
        }
        while self.found.len() < count {
            let gap = self.found.widest_gap(duration);
            let because = "in place of a black or double picture elsewhere";
            if !self.found.take_near(gap, &everywhere, because)
                && !self.found.settle(gap, &everywhere)
            {
                break;
            }
        }
    }
}

/// For messages.
fn seconds(time: ClockTime) -> f64 {
    time.nseconds() as f64 / 1e9
}
