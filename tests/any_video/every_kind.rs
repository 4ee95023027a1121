//! Videos that every platform takes, as they are or transcoded.

use media::ClipContainer::{Hevc, Matroska, Mov, Mp4, Webm};
use media::ClipSpec;

use crate::clips::{Clip, landscape, lasting, portrait, silent, sized};

/// Containers, codecs and shapes; with and without sound, turned, at an uneven rate; 3 to 180 s.
pub(crate) fn all() -> Vec<Clip> {
    let wide = |container| silent(landscape(container));
    let long = lasting(180_000, sized(180, 320, silent(portrait(Matroska))));
    vec![
        ("usual.mp4", "mp4 h264 aac 360x640 3 s", portrait(Mp4)),
        (
            "long.mkv",
            "matroska h264 silent 180x320 180 s",
            at_rate(8, long),
        ),
        ("usual.webm", "webm vp8 opus 360x640 3 s", portrait(Webm)),
        (
            "wide.mkv",
            "matroska h264 silent 640x360 3 s",
            wide(Matroska),
        ),
        (
            "telephone.mp4",
            "mp4 h265 aac 360x640 turned by 90 3 s",
            turned(90, landscape(Hevc)),
        ),
        (
            "silent.mp4",
            "mp4 h264 silent 360x640 3 s",
            silent(portrait(Mp4)),
        ),
        (
            "uneven.mp4",
            "mp4 h264 aac 360x640 3 s",
            uneven(at_rate(36, portrait(Mp4))),
        ),
        ("wide.webm", "webm vp8 silent 640x360 3 s", wide(Webm)),
        (
            "turned.mov",
            "mov h264 aac 360x640 turned by 270 3 s",
            turned(270, landscape(Mov)),
        ),
        ("ten_bit.mp4", "mp4 h265 silent 640x360 3 s", wide(Hevc)),
    ]
}

fn at_rate(frame_rate: u32, clip: ClipSpec) -> ClipSpec {
    ClipSpec { frame_rate, ..clip }
}

fn turned(rotation: u16, clip: ClipSpec) -> ClipSpec {
    ClipSpec { rotation, ..clip }
}

fn uneven(clip: ClipSpec) -> ClipSpec {
    ClipSpec {
        uneven: true,
        ..clip
    }
}
