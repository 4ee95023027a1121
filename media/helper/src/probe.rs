//! Says what a file is: the demuxer and the parser read headers, no picture is decoded.

use std::path::Path;

use gstreamer::{self as gst, prelude::*};
use media::{Limits, Probe, RefusalCode};

use crate::{
    codec::SoundCodec,
    container::{self, Container},
    failure::{Failure, refused},
    orientation::Orientation,
    stream::{Stream, element},
};

/// How often the bus is left to look at what the demuxer found.
const GLANCE: gst::ClockTime = gst::ClockTime::from_mseconds(20);

/// A probe and what only the helper needs besides.
pub(crate) struct Facts {
    pub(crate) probe: Probe,
    pub(crate) container: Container,
    pub(crate) orientation: Orientation,
    pub(crate) duration: gst::ClockTime,
    /// The type of the video stream, as its own headers say.
    pub(crate) caps: gst::Caps,
    /// How the first sound that we decode is decoded; `None` for sound in no such codec, too.
    pub(crate) sound: Option<SoundCodec>,
}

/// Probes a file.
pub(crate) fn probe(file: &Path, limits: &Limits) -> Result<Probe, Failure> {
    inspect(file, limits).map(|facts| facts.probe)
}

/// Probes a file and keeps what a decoder needs to know.
pub(crate) fn inspect(file: &Path, limits: &Limits) -> Result<Facts, Failure> {
    let (container, bytes) = container::identify(file, limits)?;
    let stream = Stream::new(
        file,
        container,
        limits,
        Box::new(|_| Ok(vec![element("fakesink")?])),
        None,
    )?;
    stream.start(gst::State::Paused)?;
    wait_for_headers(&stream)?;
    let duration = duration(&stream)?;
    if duration.nseconds() > u64::try_from(limits.max_duration.as_nanos()).unwrap_or(u64::MAX) {
        let most = limits.max_duration.as_secs();
        let message = format!(
            "the video lasts {} s, at most {most} s are accepted",
            duration.seconds()
        );
        return Err(refused(RefusalCode::TooLong, message));
    }
    let seen = stream.seen();
    let (Some((codec, pad)), Some(caps)) = (&seen.video, &seen.caps) else {
        return Err(refused(
            RefusalCode::NoVideoStream,
            "the file has no video stream",
        ));
    };
    let orientation = Orientation::of(pad);
    let (width, height) = shown(caps, orientation).ok_or_else(|| {
        refused(
            RefusalCode::Undecodable,
            "the video stream does not say how large it is",
        )
    })?;
    let probe = Probe {
        container: container.name().to_owned(),
        video_codec: codec.name.to_owned(),
        audio_codec: seen.audio.clone(),
        duration_ms: rounded_ms(duration),
        width,
        height,
        rotation: orientation.degrees,
        frame_rate: frame_rate(caps),
        bytes,
    };
    Ok(Facts {
        probe,
        container,
        orientation,
        duration,
        caps: caps.clone(),
        sound: seen.sound,
    })
}

/// Milliseconds, rounded: a time on the grid of 1/30 s is never more than half a millisecond off.
pub(crate) fn rounded_ms(time: gst::ClockTime) -> u64 {
    (time + gst::ClockTime::from_useconds(500)).mseconds()
}

/// Waits until all streams are known and the first picture's headers were read.
fn wait_for_headers(stream: &Stream) -> Result<(), Failure> {
    loop {
        if let Some(failure) = stream.finding() {
            return Err(failure);
        }
        let (complete, typed) = {
            let seen = stream.seen();
            (
                seen.complete,
                seen.caps.is_some() && seen.last_end.is_some(),
            )
        };
        if complete && typed {
            return Ok(());
        }
        let kinds = [gst::MessageType::Error, gst::MessageType::Eos];
        let Some(message) = stream.bus.timed_pop_filtered(GLANCE, &kinds) else {
            continue;
        };
        match message.view() {
            gst::MessageView::Error(error) => {
                return Err(stream.failure(&error.error().to_string()));
            }
            _ => return Err(stream.failure("it ends before its first picture")),
        }
    }
}

/// The declared length, or the measured one when none is declared (a recording of a browser).
fn duration(stream: &Stream) -> Result<gst::ClockTime, Failure> {
    if let Some(declared) = stream.pipeline.query_duration::<gst::ClockTime>()
        && !declared.is_zero()
    {
        return Ok(declared);
    }
    stream.start(gst::State::Playing)?;
    let kinds = [gst::MessageType::Error, gst::MessageType::Eos];
    let ended = stream.bus.timed_pop_filtered(gst::ClockTime::NONE, &kinds);
    if let Some(gst::MessageView::Error(error)) = ended.as_ref().map(|message| message.view()) {
        return Err(stream.failure(&error.error().to_string()));
    }
    let end = stream.seen().last_end;
    end.ok_or_else(|| refused(RefusalCode::Undecodable, "the video has no duration"))
}

/// Width and height as a player shows them: square pixels, turned.
fn shown(caps: &gst::Caps, orientation: Orientation) -> Option<(u32, u32)> {
    let stream = caps.structure(0)?;
    let side = |name| {
        stream
            .get::<i32>(name)
            .ok()
            .and_then(|side| u32::try_from(side).ok())
    };
    let (width, height) = (side("width")?, side("height")?);
    let width = match stream.get::<gst::Fraction>("pixel-aspect-ratio") {
        Ok(ratio) => square_pixels(width, ratio),
        Err(_none) => width,
    };
    if width == 0 || height == 0 {
        return None;
    }
    Some(if orientation.swaps_sides() {
        (height, width)
    } else {
        (width, height)
    })
}

/// The width that `width` pixels of this aspect ratio take.
pub(crate) fn square_pixels(width: u32, ratio: gst::Fraction) -> u32 {
    let parts = (u64::try_from(ratio.numer()), u64::try_from(ratio.denom()));
    let (Ok(wide @ 1..), Ok(high @ 1..)) = parts else {
        return width;
    };
    u32::try_from((u64::from(width) * wide + high / 2) / high).unwrap_or(width)
}

/// The declared rate; 0/1 stands for a variable one.
fn frame_rate(caps: &gst::Caps) -> Option<f64> {
    let rate = caps.structure(0)?.get::<gst::Fraction>("framerate").ok()?;
    (rate.numer() > 0 && rate.denom() > 0)
        .then(|| f64::from(rate.numer()) / f64::from(rate.denom()))
}
