//! From decoded sound to AAC: at most two channels at 48 kHz, which every platform takes.

use gstreamer::{self as gst, prelude::*};

use super::waiting_room;
use crate::stream::element;

/// Samples per second.
const RATE: i32 = 48_000;

/// Bits per second.
const BITRATE: i32 = 128_000;

/// The row of elements; the first takes decoded sound, the last gives coded sound.
pub(super) fn row() -> anyhow::Result<Vec<gst::Element>> {
    let filter = element("capsfilter")?;
    let caps = gst::Caps::builder("audio/x-raw")
        .field("rate", RATE)
        .field("channels", gst::IntRange::new(1_i32, 2_i32))
        .build();
    filter.set_property("caps", caps);
    let encoder = element("avenc_aac")?;
    encoder.set_property("bitrate", BITRATE);
    // The default searches for what nobody hears, and takes most of the time of a transcoding.
    encoder.set_property_from_str("aac-coder", "fast");
    Ok(vec![
        element("queue")?,
        element("audioconvert")?,
        element("audioresample")?,
        filter,
        encoder,
        waiting_room()?,
    ])
}
