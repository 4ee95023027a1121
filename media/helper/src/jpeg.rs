//! Turns a picture for display and writes it as JPEG.

use std::{fs, path::Path};

use anyhow::{Context as _, anyhow};
use gstreamer::{self as gst, prelude::*};
use gstreamer_app::{AppSink, AppSrc};

use crate::{
    orientation::Orientation,
    picture::{Picture, square_caps},
    stream::element,
};

/// Text stays readable and five pictures stay well below a megabyte.
const QUALITY: i32 = 85;

/// How long encoding one picture may take.
const PATIENCE: gst::ClockTime = gst::ClockTime::from_seconds(10);

/// Writes the picture and returns its width and height as displayed.
pub(crate) fn write(
    picture: &Picture,
    orientation: Orientation,
    path: &Path,
) -> anyhow::Result<(u32, u32)> {
    let caps = square_caps(picture)?;
    let source = AppSrc::builder()
        .caps(&caps)
        .format(gst::Format::Time)
        .build();
    let flip = element("videoflip")?;
    flip.set_property_from_str("video-direction", orientation.video_direction());
    let encoder = element("jpegenc")?;
    encoder.set_property("quality", QUALITY);
    let sink = AppSink::builder().sync(false).build();
    let pipeline = gst::Pipeline::new();
    let chain = [
        source.upcast_ref(),
        &flip,
        &encoder,
        sink.upcast_ref::<gst::Element>(),
    ];
    pipeline
        .add_many(chain)
        .context("filling the JPEG pipeline")?;
    gst::Element::link_many(chain).context("linking the JPEG pipeline")?;
    pipeline
        .set_state(gst::State::Playing)
        .context("starting the JPEG pipeline")?;
    let sample = encode(&source, &sink, picture);
    let stopped = pipeline.set_state(gst::State::Null);
    let sample = sample?;
    stopped.context("stopping the JPEG pipeline")?;
    let bytes = sample.buffer().context("an empty JPEG")?;
    let bytes = bytes.map_readable().context("mapping a JPEG")?;
    fs::write(path, &bytes).with_context(|| format!("writing {}", path.display()))?;
    size(&sample).context("a JPEG without a size")
}

fn encode(source: &AppSrc, sink: &AppSink, picture: &Picture) -> anyhow::Result<gst::Sample> {
    source
        .push_buffer(picture.rgb.clone())
        .context("encoding a picture")?;
    source.end_of_stream().context("encoding a picture")?;
    sink.try_pull_sample(PATIENCE)
        .ok_or_else(|| anyhow!("a picture could not be encoded as JPEG"))
}

fn size(sample: &gst::Sample) -> Option<(u32, u32)> {
    let stream = sample.caps()?.structure(0)?;
    let side = |name| {
        stream
            .get::<i32>(name)
            .ok()
            .and_then(|side| u32::try_from(side).ok())
    };
    Some((side("width")?, side("height")?))
}
