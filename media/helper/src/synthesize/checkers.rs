//! A chessboard in two colours, as a picture to lay over a scene: GStreamer's own is always red
//! and green.

use gstreamer_video::VideoOverlayRectangle;
use media::{ClipSpec, Rgb};

use super::text::{bgra, rectangle};

/// Squares from side to side.
const SQUARES: u32 = 6;

/// The chessboard, as large as the clip.
pub(super) fn board(
    clip: &ClipSpec,
    front: Rgb,
    back: Rgb,
) -> anyhow::Result<VideoOverlayRectangle> {
    let side = (clip.width / SQUARES).max(1);
    let line = |first: Rgb, second: Rgb| {
        let square = |n: u32| if n.is_multiple_of(2) { first } else { second };
        (0..clip.width)
            .flat_map(|x| bgra(square(x / side), 0xff))
            .collect::<Vec<u8>>()
    };
    let (even, odd) = (line(front, back), line(back, front));
    let lines = (0..clip.height).map(|y| {
        if (y / side).is_multiple_of(2) {
            &even
        } else {
            &odd
        }
    });
    let pixels = lines.flatten().copied().collect();
    rectangle(
        pixels,
        (clip.width, clip.height),
        (0, 0),
        (clip.width, clip.height),
    )
}
