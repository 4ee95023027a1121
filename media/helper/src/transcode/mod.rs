//! Makes of any video that is accepted the one file that every platform takes: H.264 (8 bit, 4:2:0)
//! and AAC in MP4, index first.
//!
//! `demuxer ! decoder ! <pictures> ! muxer` and, where there is sound,
//! `demuxer ! decoder ! <sound> ! muxer`. Both rows stand, linked to the muxer, before the demuxer
//! starts: a muxer waits for every input that it has, and takes none later. Rotation is applied to
//! the pictures, because not every player and no platform's documentation says what it does with
//! the flag; what the file says about itself is left behind with it, so nothing turns them twice.
//!
//! Whoever asked gives the new file a folder of its own and its final name: this program may be
//! killed at any moment and tidies nothing up.

mod pictures;
mod size;
mod sound;

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use anyhow::{Context as _, anyhow};
use gstreamer::{self as gst, prelude::*};
use media::{Limits, Probe, RefusalCode, Target, Transcoded};

use crate::{
    codec::VideoCodec,
    failure::{Failure, refused},
    probe::{self, Facts},
    stream::{Stream, decoder, element},
};

/// The elements named in this folder.
pub(crate) const ELEMENTS: &[&str] = &[
    "queue",
    "deinterlace",
    "videoscale",
    "capsfilter",
    "videorate",
    "videoconvert",
    "videoflip",
    "x264enc",
    "audioconvert",
    "audioresample",
    "avenc_aac",
    "mp4mux",
    "filesink",
];

/// How often the bus is left to look at what was found out.
const GLANCE: gst::ClockTime = gst::ClockTime::from_mseconds(100);

/// Bytes of coded pictures or sound that wait for the other; minutes of the one, hours of the other.
const MOST_WAITING: u32 = 64 << 20;

/// Smallest side of a picture that the muxer takes, in pixels, and the largest that makes sense.
const SIDES: std::ops::RangeInclusive<u32> = 16..=8192;

/// Length that a new file may lack without being suspected, besides a tenth, in milliseconds.
const SLACK_MS: u64 = 1000;

/// Transcodes `file` to `out`, whose folder has nothing else in it.
pub(crate) fn transcode(
    file: &Path,
    out: &Path,
    target: &Target,
    limits: &Limits,
) -> Result<Transcoded, Failure> {
    check(target)?;
    let facts = probe::inspect(file, limits)?;
    if let (Some(codec), None) = (&facts.probe.audio_codec, facts.sound) {
        let message = format!("the sound's codec is not supported: {codec}");
        return Err(refused(RefusalCode::CodecUnsupported, message));
    }
    write(file, out, target, limits, &facts)?;
    let after = look_at(out, limits)?;
    nothing_lost(&facts.probe, &after)?;
    Ok(Transcoded {
        before: facts.probe,
        after,
    })
}

/// Refuses bounds within which there is no video.
fn check(target: &Target) -> Result<(), Failure> {
    let bounded = SIDES.contains(&target.max_width) && SIDES.contains(&target.max_height);
    let moves = (1..=240).contains(&target.max_frame_rate);
    let coded = (64..=200_000).contains(&target.max_video_kbits);
    if bounded && moves && coded {
        return Ok(());
    }
    Err(refused(
        RefusalCode::BadRequest,
        "a target needs sides from 16 to 8192 pixels, 1 to 240 frames and 64 to 200,000 kilobits \
         per second",
    ))
}

fn write(
    file: &Path,
    out: &Path,
    target: &Target,
    limits: &Limits,
    facts: &Facts,
) -> Result<(), Failure> {
    let pictures = pictures::row(facts, target)?;
    let sound = facts.sound.map(|_| sound::row()).transpose()?;
    let entry = pictures.first().context("an empty row")?.clone();
    let decoded = watch(&entry)?;
    let sound_entry = sound.as_ref().and_then(|row| row.first()).cloned();
    if let Some(entry) = &sound_entry {
        watch(entry)?;
    }
    let tail = move |codec: VideoCodec| Ok(vec![decoder(codec)?, entry.clone()]);
    let stream = Stream::new(file, facts.container, limits, Box::new(tail), sound_entry)?;
    join(&stream.pipeline, &[Some(pictures), sound], out)?;
    run(&stream)?;
    if !decoded.load(Ordering::Relaxed) {
        return Err(refused(
            RefusalCode::Undecodable,
            "no picture of the video can be decoded",
        ));
    }
    stream
        .pipeline
        .set_state(gst::State::Null)
        .context("closing the file")?;
    Ok(())
}

/// Puts the rows and the muxer behind them into the pipeline.
fn join(
    pipeline: &gst::Pipeline,
    rows: &[Option<Vec<gst::Element>>],
    out: &Path,
) -> anyhow::Result<()> {
    let path = |path: &Path| -> anyhow::Result<String> {
        let path = path.to_str().context("the new file's path is not UTF-8")?;
        Ok(path.to_owned())
    };
    let muxer = element("mp4mux")?;
    muxer.set_property("faststart", true);
    // Until the index is known the rest waits here, not where all programs have their scraps.
    muxer.set_property("faststart-file", path(&out.with_extension("waiting"))?);
    let sink = element("filesink")?;
    sink.set_property("location", path(out)?);
    pipeline
        .add_many([&muxer, &sink])
        .context("filling the pipeline")?;
    muxer.link(&sink).context("linking the file")?;
    for row in rows.iter().flatten() {
        pipeline.add_many(row).context("filling the pipeline")?;
        gst::Element::link_many(row).context("linking an encoder")?;
        let last = row.last().context("an empty row")?;
        last.link(&muxer).context("linking the muxer")?;
    }
    Ok(())
}

/// Keeps what the file says about itself (how to turn it, where it was made) from what follows, and
/// notes when something was decoded.
fn watch(entry: &gst::Element) -> anyhow::Result<Arc<AtomicBool>> {
    let pad = entry
        .static_pad("sink")
        .context("an element without a sink pad")?;
    pad.add_probe(gst::PadProbeType::EVENT_DOWNSTREAM, |_, info| {
        match info.event().map(|event| event.type_()) {
            Some(gst::EventType::Tag) => gst::PadProbeReturn::Drop,
            _ => gst::PadProbeReturn::Ok,
        }
    });
    let decoded = Arc::new(AtomicBool::new(false));
    let noted = Arc::clone(&decoded);
    pad.add_probe(gst::PadProbeType::BUFFER, move |_, _| {
        noted.store(true, Ordering::Relaxed);
        gst::PadProbeReturn::Remove
    });
    Ok(decoded)
}

/// What waits between a coder and the muxer: enough that neither row ever stops the other.
fn waiting_room() -> anyhow::Result<gst::Element> {
    let queue = element("queue")?;
    queue.set_property("max-size-buffers", 0_u32);
    queue.set_property("max-size-time", 0_u64);
    queue.set_property("max-size-bytes", MOST_WAITING);
    Ok(queue)
}

/// Runs until the file is complete.
fn run(stream: &Stream) -> Result<(), Failure> {
    let started = stream.pipeline.set_state(gst::State::Playing).is_ok();
    let kinds = [gst::MessageType::Error, gst::MessageType::Eos];
    loop {
        let message = stream.bus.timed_pop_filtered(GLANCE, &kinds);
        if let Some(failure) = stream.finding() {
            return Err(failure);
        }
        match message.as_ref().map(|message| message.view()) {
            None if started => {}
            None => return Err(anyhow!("the encoder does not start").into()),
            Some(gst::MessageView::Error(error)) => {
                let said = error.error();
                // A full disk, a file that cannot be read: nothing is wrong with the video.
                if said.is::<gst::ResourceError>() {
                    let debug = error.debug().unwrap_or_default();
                    return Err(anyhow!("transcoding: {said} ({debug})").into());
                }
                return Err(stream.failure(&said.to_string()));
            }
            Some(_) => return Ok(()),
        }
    }
}

/// Probes the new file; whatever is wrong with it is not the old one's fault.
fn look_at(out: &Path, limits: &Limits) -> Result<Probe, Failure> {
    let ours = Limits {
        max_bytes: u64::MAX,
        max_duration: Duration::MAX,
        ..*limits
    };
    probe::probe(out, &ours).map_err(|failure| match failure {
        Failure::Refused(refusal) => {
            anyhow!("the new file cannot be read: {}", refusal.message).into()
        }
        broken @ Failure::Broken(_) => broken,
    })
}

/// A decoder passes over what it cannot read without a word, so the lengths are compared.
fn nothing_lost(before: &Probe, after: &Probe) -> Result<(), Failure> {
    let least = before.duration_ms - before.duration_ms / 10;
    if after.duration_ms.saturating_add(SLACK_MS) >= least {
        return Ok(());
    }
    let (whole, read) = (before.duration_ms, after.duration_ms);
    let message = format!("only {read} ms of the {whole} ms that the video declares are in it");
    Err(refused(RefusalCode::Undecodable, message))
}
