//! The demo's clips: which there are, and making them through the media helper.

use std::io::ErrorKind;
use std::path::Path;

use anyhow::Context as _;
use futures::StreamExt as _;
use media::{Background, ClipSpec, Media, Place, Rgb, TextOverlay, looks};
use tokio::sync::mpsc::UnboundedSender;

use super::video::{DemoVideo, Source};
use crate::video_ready::put_in_inbox;

/// Helpers at once: the loops of the first clips need the processor too.
const AT_ONCE: usize = 2;

/// A clip is there, or could not be made.
pub(super) struct Made {
    /// Which video.
    pub(super) index: usize,
    /// Whether it is there.
    pub(super) result: anyhow::Result<()>,
}

/// As many clips as asked for, with their names, none like another.
pub(super) fn looks(count: usize, seed: u64) -> Vec<(String, ClipSpec)> {
    let known = looks::demo();
    let rounds = (0u64..).flat_map(|round| known.iter().map(move |look| (round, look)));
    let clip = |(round, (name, clip)): (u64, &(&'static str, ClipSpec))| {
        let variation = round + seed.saturating_sub(1);
        let name = if variation == 0 {
            (*name).to_owned()
        } else {
            format!("{name}_{}", variation + 1)
        };
        (name, small(vary(clip.clone(), variation)))
    };
    rounds.take(count).map(clip).collect()
}

/// The look at two thirds of its size. The helper takes a third of the time to make it and to look
/// at it, and a look is still told from the others.
fn small(mut clip: ClipSpec) -> ClipSpec {
    const TWO_THIRDS: (u32, u32) = (2, 3);
    let scale = |length: u32| length * TWO_THIRDS.0 / TWO_THIRDS.1;
    // Video is stored in blocks of two by two.
    (clip.width, clip.height) = (scale(clip.width) & !1, scale(clip.height) & !1);
    for text in clip.scenes.iter_mut().flat_map(|scene| &mut scene.texts) {
        text.height = scale(text.height);
    }
    clip
}

/// Variation 0 is the look itself; every other one has other colours, and its number on it.
fn vary(mut clip: ClipSpec, variation: u64) -> ClipSpec {
    if variation == 0 {
        return clip;
    }
    for scene in &mut clip.scenes {
        scene.background = recolour(scene.background, variation);
    }
    if let Some(scene) = clip.scenes.last_mut() {
        let text = TextOverlay::new(format!("part {}", variation + 1), 48, Place::Bottom);
        // Two lines in one place would cover each other.
        scene.texts.retain(|line| line.place != Place::Bottom);
        scene.texts.push(text);
    }
    clip
}

fn recolour(background: Background, variation: u64) -> Background {
    let turn = |Rgb(r, g, b): Rgb| match variation % 3 {
        0 => Rgb(r, g, b),
        1 => Rgb(g, b, r),
        _ => Rgb(b, r, g),
    };
    match background {
        Background::Plain(a) => Background::Plain(turn(a)),
        Background::Checkers(a, b) => Background::Checkers(turn(a), turn(b)),
        Background::Ball(a, b) => Background::Ball(turn(a), turn(b)),
        Background::Pinwheel(a, b) => Background::Pinwheel(turn(a), turn(b)),
        other @ (Background::Bars | Background::Rings | Background::Gradient) => other,
    }
}

/// Puts every video into the inbox and tells of each. A demo that went away needs no more clips.
pub(super) async fn make_all(
    media: &Media,
    videos: &[DemoVideo],
    inbox: &Path,
    made: UnboundedSender<Made>,
) {
    let making = videos.iter().enumerate().map(|(index, video)| async move {
        let result = match &video.source {
            Source::File(file) => hand_in(file, inbox, video).await,
            Source::Made(clip) => {
                let out = inbox.join(video.file_name());
                media
                    .synthesize(clip, &out)
                    .await
                    .with_context(|| format!("make the clip {}", video.look))
            }
        };
        Made { index, result }
    });
    let mut making = futures::stream::iter(making).buffer_unordered(AT_ONCE);
    while let Some(one) = making.next().await {
        if made.send(one).is_err() {
            return;
        }
    }
}

/// Copies a file of the user's. What is none is handed in as it is, for the run to say so.
async fn hand_in(file: &Path, inbox: &Path, video: &DemoVideo) -> anyhow::Result<()> {
    match tokio::fs::metadata(file).await {
        Ok(what) if what.is_dir() => {
            let folder = inbox.join(video.file_name());
            tokio::fs::create_dir(&folder)
                .await
                .with_context(|| format!("make the folder {}", folder.display()))
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        _ => put_in_inbox(file, inbox, &video.id).await.map(drop),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twenty_clips_are_twenty_different_clips() {
        let clips = looks(20, 1);
        assert_eq!(clips[0].0, "bright_hook");
        assert_eq!((clips[0].1.width, clips[0].1.height), (360, 640));
        for (at, (name, clip)) in clips.iter().enumerate() {
            let like = clips
                .iter()
                .filter(|(other, spec)| other == name || spec == clip)
                .count();
            assert_eq!(like, 1, "clip {at}");
        }
    }

    #[test]
    fn another_seed_makes_other_clips() {
        let names = |seed| {
            looks(6, seed)
                .into_iter()
                .map(|(_, clip)| format!("{clip:?}"))
                .collect::<Vec<_>>()
        };
        assert!(names(1).iter().zip(names(2)).all(|(one, two)| *one != two));
    }
}
