//! The scenes of a clip, each drawn by its own source, joined by one `concat`.
//!
//! Each scene gives its pictures their time in the whole clip, so that the encoder sees one
//! uninterrupted stream.

use std::{
    ops::Range,
    sync::atomic::{AtomicU64, Ordering},
};

use anyhow::Context as _;
use gstreamer::{self as gst, prelude::*};
use gstreamer_video::VideoOverlayComposition;
use media::{Background, ClipSpec, Rgb, Scene};

use crate::stream::element;

/// What is laid over a scene's background.
pub(crate) type Overlay = VideoOverlayComposition;

/// Adds all scenes to the pipeline and returns the element that gives them in order.
pub(super) fn row(
    pipeline: &gst::Pipeline,
    clip: &ClipSpec,
    overlays: Vec<Option<Overlay>>,
) -> anyhow::Result<gst::Element> {
    let concat = element("concat")?;
    concat.set_property("adjust-base", false);
    pipeline.add(&concat).context("filling the pipeline")?;
    let mut start_ms = 0;
    let mut first_frame = 0;
    for (scene, overlay) in clip.scenes.iter().zip(overlays) {
        start_ms += scene.duration_ms;
        let next_frame = start_ms * u64::from(clip.frame_rate) / 1000;
        let frames = first_frame..next_frame;
        first_frame = next_frame;
        if frames.is_empty() {
            continue;
        }
        let chain = draw(clip, scene, overlay, frames)?;
        pipeline.add_many(&chain).context("filling the pipeline")?;
        gst::Element::link_many(&chain).context("linking a scene")?;
        chain
            .last()
            .context("an empty scene")?
            .link(&concat)
            .context("joining a scene")?;
    }
    Ok(concat)
}

fn draw(
    clip: &ClipSpec,
    scene: &Scene,
    overlay: Option<Overlay>,
    frames: Range<u64>,
) -> anyhow::Result<Vec<gst::Element>> {
    let step = clip.frame_rate.div_ceil(redraws(scene.background)).max(1);
    let count = frames.end - frames.start;
    let source = element("videotestsrc")?;
    // `videorate` repeats a picture only when it has the next one: one too many is drawn.
    let drawings = count.div_ceil(u64::from(step)) + 1;
    source.set_property("num-buffers", i32::try_from(drawings)?);
    paint(&source, scene.background);
    let softness = scene.softness.max(1);
    let drawn = |side: u32| ((side / softness).max(8)) & !1;
    let balance = element("videobalance")?;
    balance.set_property("contrast", scene.contrast.clamp(0.0, 2.0));
    balance.set_property("brightness", scene.brightness.clamp(-1.0, 1.0));
    let mut chain = vec![
        source,
        pictures(drawn(clip.width), drawn(clip.height), clip.frame_rate, step)?,
        balance,
        element("videoscale")?,
        pictures(clip.width, clip.height, clip.frame_rate, step)?,
    ];
    if let Some(overlay) = overlay {
        let layer = element("overlaycomposition")?;
        layer.connect("draw", false, move |_| Some(overlay.to_value()));
        chain.push(layer);
    }
    let repeat = element("videorate")?;
    repeat.set_property("skip-to-first", true);
    let out = element("queue")?;
    let entry = out
        .static_pad("sink")
        .context("a queue without a sink pad")?;
    stamp(&entry, clip, frames);
    chain.extend([
        repeat,
        pictures(clip.width, clip.height, clip.frame_rate, 1)?,
        out,
    ]);
    Ok(chain)
}

/// Gives each picture its time in the whole clip and drops those beyond the scene's end, and every
/// third of an uneven clip.
fn stamp(pad: &gst::Pad, clip: &ClipSpec, frames: Range<u64>) {
    let next = AtomicU64::new(frames.start);
    let (rate, uneven) = (u64::from(clip.frame_rate), clip.uneven);
    let at = move |n: u64| gst::ClockTime::from_nseconds(n * 1_000_000_000 / rate);
    pad.add_probe(gst::PadProbeType::BUFFER, move |_, info| {
        let n = next.fetch_add(1, Ordering::Relaxed);
        if n >= frames.end || (uneven && n % 3 == 1) {
            return gst::PadProbeReturn::Drop;
        }
        if let Some(buffer) = info.buffer_mut() {
            let buffer = buffer.make_mut();
            buffer.set_pts(at(n));
            buffer.set_duration(at(n + 1) - at(n));
        }
        gst::PadProbeReturn::Ok
    });
}

/// How often a second a background is drawn; the pictures in between repeat the last one, which
/// saves most of the time that a clip takes.
fn redraws(background: Background) -> u32 {
    match background {
        Background::Ball(..) | Background::Rings => 8,
        _ => 1,
    }
}

/// Pictures of this size, one for every `step` frames of the clip.
fn pictures(width: u32, height: u32, frame_rate: u32, step: u32) -> anyhow::Result<gst::Element> {
    let caps = gst::Caps::builder("video/x-raw")
        .field("format", "I420")
        .field("width", i32::try_from(width)?)
        .field("height", i32::try_from(height)?)
        .field(
            "framerate",
            gst::Fraction::new(i32::try_from(frame_rate)?, i32::try_from(step)?),
        )
        .field("pixel-aspect-ratio", gst::Fraction::new(1, 1))
        .build();
    let filter = element("capsfilter")?;
    filter.set_property("caps", caps);
    Ok(filter)
}

/// Sets the source's pattern and colours.
fn paint(source: &gst::Element, background: Background) {
    let (pattern, front, back) = match background {
        // The board is laid over it.
        Background::Checkers(colour, _) | Background::Plain(colour) => {
            ("solid-color", Some(colour), None)
        }
        Background::Bars => ("smpte75", None, None),
        Background::Ball(front, back) => ("ball", Some(front), Some(back)),
        Background::Rings => ("chroma-zone-plate", None, None),
        Background::Pinwheel(front, back) => ("pinwheel", Some(front), Some(back)),
        Background::Gradient => ("gradient", None, None),
    };
    source.set_property_from_str("pattern", pattern);
    if background == Background::Rings {
        source.set_property("kx2", 12_i32);
        source.set_property("ky2", 12_i32);
        source.set_property("kt", 3_i32);
    }
    if let Some(colour) = front {
        source.set_property("foreground-color", argb(colour));
    }
    if let Some(colour) = back {
        source.set_property("background-color", argb(colour));
    }
}

/// A colour as GStreamer's properties take it.
fn argb(Rgb(red, green, blue): Rgb) -> u32 {
    u32::from_be_bytes([0xff, red, green, blue])
}
