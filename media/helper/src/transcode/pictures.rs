//! From decoded pictures to H.264.
//!
//! `queue ! deinterlace ! videoscale ! [videorate] ! videoconvert ! videoflip ! x264enc ! queue`.
//! They are made smaller first, so that all that follows has less to do, and turned last, when
//! they are in a format that can be turned.

use gstreamer::{self as gst, prelude::*};
use gstreamer_video::{VideoColorMatrix, VideoColorimetry};
use media::Target;

use super::{size, waiting_room};
use crate::{probe::Facts, stream::element};

/// Decoded pictures that wait for the encoder; one of 4096 × 2160 has up to 26 MB.
const MOST_DECODED: u32 = 3;

/// Two helpers at once should not starve the machine.
const THREADS: u32 = 2;

/// Constant rate factor: hardly to be told from the original, and the platform codes it again.
const QUALITY: u32 = 21;

/// Frames between sync frames: 2 s at 60 frames per second, 5 s at 24.
const SYNC_EVERY: u32 = 120;

/// The row of elements; the first takes decoded pictures, the last gives coded ones.
pub(super) fn row(facts: &Facts, target: &Target) -> anyhow::Result<Vec<gst::Element>> {
    let flip = element("videoflip")?;
    flip.set_property_from_str("video-direction", facts.orientation.video_direction());
    let mut row = vec![
        entry()?,
        progressive()?,
        scaler()?,
        stored_size(facts, target)?,
    ];
    row.extend(fewer_frames(facts, target)?);
    row.extend([
        converter()?,
        format(facts)?,
        flip,
        encoder(target)?,
        waiting_room()?,
    ]);
    Ok(row)
}

/// Lets the decoder work while the encoder does.
fn entry() -> anyhow::Result<gst::Element> {
    let queue = element("queue")?;
    queue.set_property("max-size-buffers", MOST_DECODED);
    queue.set_property("max-size-bytes", 0_u32);
    queue.set_property("max-size-time", 0_u64);
    Ok(queue)
}

/// Makes one picture of two fields; whole pictures go by as they are.
fn progressive() -> anyhow::Result<gst::Element> {
    let deinterlace = element("deinterlace")?;
    deinterlace.set_property_from_str("fields", "top");
    Ok(deinterlace)
}

fn scaler() -> anyhow::Result<gst::Element> {
    let scale = element("videoscale")?;
    // A side that was rounded would get a black line.
    scale.set_property("add-borders", false);
    scale.set_property("n-threads", THREADS);
    Ok(scale)
}

/// The size in which the pictures are coded if they need no turning, with square pixels.
fn stored_size(facts: &Facts, target: &Target) -> anyhow::Result<gst::Element> {
    let (width, height) = size::fit((facts.probe.width, facts.probe.height), target);
    let (width, height) = if facts.orientation.swaps_sides() {
        (height, width)
    } else {
        (width, height)
    };
    let caps = gst::Caps::builder("video/x-raw")
        .field("width", i32::try_from(width)?)
        .field("height", i32::try_from(height)?)
        .field("pixel-aspect-ratio", gst::Fraction::new(1, 1));
    filter(caps.build())
}

/// Leaves frames out where the file declares more than the target takes. Elsewhere every picture
/// keeps its time: `videorate` would take a file's mean rate for its highest.
fn fewer_frames(facts: &Facts, target: &Target) -> anyhow::Result<Option<gst::Element>> {
    let most = target.max_frame_rate;
    let declared = facts.probe.frame_rate;
    if !declared.is_some_and(|rate| rate > f64::from(most)) {
        return Ok(None);
    }
    let rate = element("videorate")?;
    rate.set_property("drop-only", true);
    rate.set_property("max-rate", i32::try_from(most)?);
    Ok(Some(rate))
}

fn converter() -> anyhow::Result<gst::Element> {
    let convert = element("videoconvert")?;
    convert.set_property("n-threads", THREADS);
    Ok(convert)
}

/// Eight bits, 4:2:0. The wide colours of BT.2020 become those of BT.709, which every player
/// knows. A high dynamic range is left as it is coded: on a usual screen HLG is made to be shown
/// that way, and PQ looks pale.
fn format(facts: &Facts) -> anyhow::Result<gst::Element> {
    let caps = gst::Caps::builder("video/x-raw").field("format", "I420");
    if is_wide(&facts.caps) {
        return filter(caps.field("colorimetry", "bt709").build());
    }
    filter(caps.build())
}

fn is_wide(caps: &gst::CapsRef) -> bool {
    caps.structure(0)
        .and_then(|stream| stream.get::<&str>("colorimetry").ok())
        .and_then(|name| name.parse::<VideoColorimetry>().ok())
        .is_some_and(|colours| colours.matrix() == VideoColorMatrix::Bt2020)
}

/// Without B-frames, whose times a muxer can only tell with an edit list, and cuts the end of a
/// variable rate with.
fn encoder(target: &Target) -> anyhow::Result<gst::Element> {
    let encoder = element("x264enc")?;
    encoder.set_property_from_str("speed-preset", "superfast");
    encoder.set_property_from_str("pass", "qual");
    encoder.set_property("quantizer", QUALITY);
    encoder.set_property("bitrate", target.max_video_kbits);
    encoder.set_property("key-int-max", SYNC_EVERY);
    encoder.set_property("bframes", 0_u32);
    encoder.set_property("threads", THREADS);
    Ok(encoder)
}

fn filter(caps: gst::Caps) -> anyhow::Result<gst::Element> {
    let filter = element("capsfilter")?;
    filter.set_property("caps", caps);
    Ok(filter)
}
