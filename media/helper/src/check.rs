//! Says which of the GStreamer elements we name are not installed.

use anyhow::anyhow;

use crate::{codec, failure::Failure, stream, synthesize, transcode};

/// Fails with the names of all missing elements.
pub(crate) fn check() -> Result<(), Failure> {
    let missing: Vec<&str> = codec::ELEMENTS
        .iter()
        .chain(stream::ELEMENTS)
        .chain(synthesize::ELEMENTS)
        .chain(transcode::ELEMENTS)
        .copied()
        .filter(|name| gstreamer::ElementFactory::find(name).is_none())
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(anyhow!(
        "GStreamer elements are missing: {} (the plugin sets base, good, bad, ugly and libav have them)",
        missing.join(", ")
    )
    .into())
}
