//! Makes a clip from its description: scenes drawn by GStreamer's test source, one after the other,
//! encoded with settings that favour speed.

mod checkers;
mod scene;
mod text;
mod turn;

use std::{fs, path::Path};

use anyhow::{Context as _, anyhow};
use gstreamer::{self as gst, prelude::*};
use media::{ClipContainer, ClipSpec, Limits, RefusalCode};

use crate::{
    failure::{Failure, refused},
    stream::element,
};

/// The elements named in this folder.
pub(crate) const ELEMENTS: &[&str] = &[
    "videotestsrc",
    "capsfilter",
    "videoscale",
    "videobalance",
    "overlaycomposition",
    "videorate",
    "videoconvert",
    "concat",
    "queue",
    "x264enc",
    "x265enc",
    "vp8enc",
    "audiotestsrc",
    "audioconvert",
    "avenc_aac",
    "opusenc",
    "mp4mux",
    "qtmux",
    "matroskamux",
    "webmmux",
    "filesink",
    "videoflip",
    "jpegenc",
    "appsrc",
];

/// Samples per second and per buffer of the sound track; a rate that Opus and AAC both take.
const SOUND_RATE: i32 = 24_000;
const SOUND_BUFFER: i32 = 480;

/// Bits per second for each pixel of a picture: 1 Mbit/s at 540 × 960.
const BITS_PER_PIXEL: u64 = 2;

/// Writes the clip to `out`; a half-written file never stands under that name.
pub(crate) fn synthesize(clip: &ClipSpec, out: &Path, limits: &Limits) -> Result<(), Failure> {
    check(clip, limits)?;
    let scenes = clip.scenes.iter().map(|scene| text::compose(clip, scene));
    let overlays = scenes.collect::<Result<Vec<_>, Failure>>()?;
    let partial = out.with_added_extension("partial");
    let pipeline = gst::Pipeline::new();
    let made = build(&pipeline, clip, overlays, &partial).and_then(|()| run(&pipeline));
    let stopped = pipeline
        .set_state(gst::State::Null)
        .context("closing the file");
    let complete = made
        .and(stopped.map(|_| ()))
        .and_then(|()| match clip.rotation {
            0 => Ok(()),
            _ => turn::turn(clip, &partial),
        });
    if let Err(error) = complete {
        let _ = fs::remove_file(&partial);
        return Err(error.context("making a clip").into());
    }
    fs::rename(&partial, out).with_context(|| format!("renaming to {}", out.display()))?;
    Ok(())
}

/// Refuses descriptions that cannot be drawn.
fn check(clip: &ClipSpec, limits: &Limits) -> Result<(), Failure> {
    let bad = |message: &str| {
        Err(refused(
            RefusalCode::BadRequest,
            format!("the clip {message}"),
        ))
    };
    let sides = [clip.width, clip.height];
    if sides
        .iter()
        .any(|side| !(16..=8192).contains(side) || side % 2 == 1)
    {
        return bad("needs even sides from 16 to 8192 pixels");
    }
    if u64::from(clip.width) * u64::from(clip.height) > limits.max_pixels {
        return bad("has more pixels than the limits allow");
    }
    if !(1..=120).contains(&clip.frame_rate) || clip.sync_every == 0 {
        return bad("needs 1 to 120 frames per second and a sync frame now and then");
    }
    let longest = u64::try_from(limits.max_duration.as_millis()).unwrap_or(u64::MAX);
    if clip.scenes.is_empty() || !(1..=longest).contains(&clip.duration_ms()) {
        return bad("needs at least one scene, and a length within the limits");
    }
    if !clip.audio && !clip.video {
        return bad("has neither picture nor sound");
    }
    if ![0, 90, 180, 270].contains(&clip.rotation) {
        return bad("can be turned by 0, 90, 180 or 270 degrees only");
    }
    let turns = is_boxes(clip.container) && clip.video;
    if clip.rotation != 0 && !turns {
        return bad("can be turned as MP4 or MOV with a picture only");
    }
    Ok(())
}

/// Whether the file is made of boxes (ISO/IEC 14496-12), and so has an index and a matrix.
fn is_boxes(container: ClipContainer) -> bool {
    match container {
        ClipContainer::Mp4 | ClipContainer::Mov | ClipContainer::Hevc => true,
        ClipContainer::Matroska | ClipContainer::Webm => false,
    }
}

/// Fills the pipeline.
fn build(
    pipeline: &gst::Pipeline,
    clip: &ClipSpec,
    overlays: Vec<Option<scene::Overlay>>,
    out: &Path,
) -> anyhow::Result<()> {
    let muxer = match clip.container {
        ClipContainer::Mp4 | ClipContainer::Hevc => element("mp4mux")?,
        ClipContainer::Mov => element("qtmux")?,
        ClipContainer::Matroska => element("matroskamux")?,
        ClipContainer::Webm => element("webmmux")?,
    };
    if is_boxes(clip.container) {
        muxer.set_property("faststart", true);
    }
    let sink = element("filesink")?;
    sink.set_property(
        "location",
        out.to_str().context("the clip's path is not UTF-8")?,
    );
    pipeline
        .add_many([&muxer, &sink])
        .context("filling the pipeline")?;
    muxer.link(&sink).context("linking the file")?;
    if clip.video {
        let mut chain = vec![scene::row(pipeline, clip, overlays)?];
        chain.extend(video_encoder(clip)?);
        chain.push(element("queue")?);
        link_to_muxer(pipeline, &chain, &muxer)?;
    }
    if clip.audio {
        link_to_muxer(pipeline, &sound(clip)?, &muxer)?;
    }
    Ok(())
}

fn link_to_muxer(
    pipeline: &gst::Pipeline,
    chain: &[gst::Element],
    muxer: &gst::Element,
) -> anyhow::Result<()> {
    for element in chain.iter().filter(|element| element.parent().is_none()) {
        pipeline.add(element).context("filling the pipeline")?;
    }
    gst::Element::link_many(chain).context("linking an encoder")?;
    chain
        .last()
        .context("an empty chain")?
        .link(muxer)
        .context("linking the muxer")
}

fn video_encoder(clip: &ClipSpec) -> anyhow::Result<Vec<gst::Element>> {
    let bits = u64::from(clip.width) * u64::from(clip.height) * BITS_PER_PIXEL;
    let kilobits = u32::try_from(bits / 1000)?.max(64);
    match clip.container {
        ClipContainer::Webm => {
            let encoder = element("vp8enc")?;
            encoder.set_property("deadline", 1_i64);
            encoder.set_property("cpu-used", 8_i32);
            encoder.set_property("threads", 2_i32);
            encoder.set_property("keyframe-max-dist", i32::try_from(clip.sync_every)?);
            encoder.set_property("target-bitrate", i32::try_from(bits)?);
            Ok(vec![encoder])
        }
        ClipContainer::Hevc => {
            let ten_bits = element("capsfilter")?;
            let caps = gst::Caps::builder("video/x-raw").field("format", "I420_10LE");
            ten_bits.set_property("caps", caps.build());
            let encoder = element("x265enc")?;
            encoder.set_property_from_str("speed-preset", "ultrafast");
            encoder.set_property("key-int-max", i32::try_from(clip.sync_every)?);
            encoder.set_property("bitrate", kilobits);
            let (convert, parse) = (element("videoconvert")?, element("h265parse")?);
            Ok(vec![convert, ten_bits, encoder, parse])
        }
        ClipContainer::Mp4 | ClipContainer::Mov | ClipContainer::Matroska => {
            let encoder = element("x264enc")?;
            encoder.set_property_from_str("speed-preset", "ultrafast");
            encoder.set_property("key-int-max", clip.sync_every);
            encoder.set_property("bitrate", kilobits);
            Ok(vec![encoder])
        }
    }
}

fn sound(clip: &ClipSpec) -> anyhow::Result<Vec<gst::Element>> {
    let source = element("audiotestsrc")?;
    let samples = clip.duration_ms() * SOUND_RATE as u64 / 1000;
    source.set_property(
        "num-buffers",
        i32::try_from(samples / SOUND_BUFFER as u64)?.max(1),
    );
    source.set_property("samplesperbuffer", SOUND_BUFFER);
    source.set_property("freq", 220.0);
    source.set_property("volume", 0.05);
    let filter = element("capsfilter")?;
    let caps = gst::Caps::builder("audio/x-raw")
        .field("rate", SOUND_RATE)
        .field("channels", 1);
    filter.set_property("caps", caps.build());
    let encoder = match clip.container {
        ClipContainer::Webm => element("opusenc")?,
        _ => {
            let encoder = element("avenc_aac")?;
            encoder.set_property_from_str("aac-coder", "fast");
            encoder
        }
    };
    Ok(vec![
        source,
        filter,
        element("audioconvert")?,
        encoder,
        element("queue")?,
    ])
}

/// Runs until the file is complete.
fn run(pipeline: &gst::Pipeline) -> anyhow::Result<()> {
    let bus = pipeline.bus().context("the pipeline has no bus")?;
    let started = pipeline.set_state(gst::State::Playing);
    let kinds = [gst::MessageType::Error, gst::MessageType::Eos];
    let wait = if started.is_ok() {
        gst::ClockTime::NONE
    } else {
        Some(gst::ClockTime::ZERO)
    };
    let ended = bus.timed_pop_filtered(wait, &kinds);
    match ended.as_ref().map(|message| message.view()) {
        Some(gst::MessageView::Error(error)) => {
            let debug = error.debug().unwrap_or_default();
            Err(anyhow!("{} ({debug})", error.error()))
        }
        Some(_) => Ok(()),
        None => Err(anyhow!("the encoder does not start")),
    }
}
