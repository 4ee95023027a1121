//! How the stored pictures are turned for display.

use gstreamer::{self as gst, prelude::*};

/// A turn, after an optional mirroring from side to side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Orientation {
    /// Clockwise degrees: 0, 90, 180 or 270.
    pub(crate) degrees: u16,
    pub(crate) mirrored: bool,
}

impl Orientation {
    /// Reads what the demuxer said about the stream on `pad`.
    pub(crate) fn of(pad: &gst::Pad) -> Self {
        (0..)
            .map_while(|index| pad.sticky_event::<gst::event::Tag>(index))
            .find_map(|event| {
                let tag = event.tag().get::<gst::tags::ImageOrientation>()?;
                Some(Self::from_tag(tag.get()))
            })
            .unwrap_or_default()
    }

    /// The values of GStreamer's `image-orientation` tag.
    fn from_tag(tag: &str) -> Self {
        let (mirrored, turn) = match tag.strip_prefix("flip-") {
            Some(turn) => (true, turn),
            None => (false, tag),
        };
        let degrees = match turn {
            "rotate-90" => 90,
            "rotate-180" => 180,
            "rotate-270" => 270,
            _ => 0,
        };
        Self { degrees, mirrored }
    }

    /// Whether width and height change places.
    pub(crate) fn swaps_sides(self) -> bool {
        matches!(self.degrees, 90 | 270)
    }

    /// The value of `videoflip`'s `video-direction` that turns a stored picture for display.
    pub(crate) fn video_direction(self) -> &'static str {
        match (self.mirrored, self.degrees) {
            (false, 90) => "90r",
            (false, 180) => "180",
            (false, 270) => "90l",
            (false, _) => "identity",
            (true, 90) => "ur-ll",
            (true, 180) => "vert",
            (true, 270) => "ul-lr",
            (true, _) => "horiz",
        }
    }
}
