//! What is done with a stream that the demuxer finds: it is noted, and linked if it is wanted.
//!
//! The pictures' size is checked twice before a decoder may see it: as the container declares it,
//! and as the stream's own headers say (each time they change), because a file can claim to be
//! small in one place and be huge in the other.

use std::sync::{Arc, Mutex};

use anyhow::Context as _;
use gstreamer::{self as gst, prelude::*};
use media::{Refusal, RefusalCode};

use super::{Seen, Tail, element, lock};
use crate::codec::{self, SoundCodec, VideoCodec};

/// What happens when the demuxer finds a stream.
pub(super) struct Arrival {
    pub(super) pipeline: gst::glib::WeakRef<gst::Pipeline>,
    pub(super) seen: Arc<Mutex<Seen>>,
    pub(super) max_pixels: u64,
    pub(super) tail: Box<Tail>,
    pub(super) sound: Option<gst::Element>,
}

impl Arrival {
    pub(super) fn pad_added(&self, pad: &gst::Pad) {
        let caps = pad.current_caps().unwrap_or_else(|| pad.query_caps(None));
        let Some(stream) = caps.structure(0) else {
            return;
        };
        let kind = stream.name().as_str();
        if kind.starts_with("audio/") {
            self.sound_added(pad, stream);
            return;
        }
        let is_video = kind.starts_with("video/") || kind.starts_with("image/");
        if !is_video || lock(&self.seen).video.is_some() {
            return;
        }
        let Some(codec) = codec::video(stream) else {
            let message = format!("the video stream's codec is not supported: {kind}");
            let refusal = Refusal {
                code: RefusalCode::CodecUnsupported,
                message,
            };
            lock(&self.seen).refusal.get_or_insert(refusal);
            return;
        };
        if let Some(refusal) = too_many_pixels(stream, self.max_pixels) {
            lock(&self.seen).refusal.get_or_insert(refusal);
            return;
        }
        lock(&self.seen).video = Some((codec, pad.clone()));
        if let Err(error) = self.link(pad, codec) {
            lock(&self.seen).broken = Some(format!("{error:#}"));
        }
    }

    /// Notes a sound stream, and links the first that is decoded.
    fn sound_added(&self, pad: &gst::Pad, stream: &gst::StructureRef) {
        let codec = codec::sound(stream);
        {
            let mut seen = lock(&self.seen);
            seen.audio.get_or_insert_with(|| codec::audio(stream));
            if seen.sound.is_some() {
                return;
            }
            seen.sound = codec;
        }
        if let (Some(codec), Some(sound)) = (codec, &self.sound)
            && let Err(error) = self.link_sound(pad, codec, sound)
        {
            lock(&self.seen).broken = Some(format!("{error:#}"));
        }
    }

    /// Puts the parser and what follows behind the demuxer's pad.
    fn link(&self, pad: &gst::Pad, codec: VideoCodec) -> anyhow::Result<()> {
        let tail = (self.tail)(codec)?;
        let guarded = sink_of(tail.first())?;
        let parser = codec.parser.map(element).transpose()?;
        let chain: Vec<gst::Element> = parser.into_iter().chain(tail).collect();
        let first = self.join(&chain)?;
        self.guard(&guarded);
        if codec.parser.is_some() {
            forget_declared_size(&first);
        }
        pad.link(&first).context("linking the video stream")?;
        Ok(())
    }

    /// Puts the decoder between the demuxer's pad and where the sound goes.
    fn link_sound(
        &self,
        pad: &gst::Pad,
        codec: SoundCodec,
        sound: &gst::Element,
    ) -> anyhow::Result<()> {
        let names = [codec.parser, codec.decoder].into_iter().flatten();
        let mut chain = names.map(element).collect::<anyhow::Result<Vec<_>>>()?;
        chain.push(sound.clone());
        let first = self.join(&chain)?;
        pad.link(&first).context("linking the sound")?;
        Ok(())
    }

    /// Puts a row of elements into the pipeline, linked and started; returns where it begins.
    fn join(&self, chain: &[gst::Element]) -> anyhow::Result<gst::Pad> {
        let pipeline = self.pipeline.upgrade().context("the pipeline is gone")?;
        for element in chain.iter().filter(|element| element.parent().is_none()) {
            pipeline.add(element).context("adding a decoder")?;
        }
        gst::Element::link_many(chain).context("linking a decoder")?;
        for element in chain {
            element
                .sync_state_with_parent()
                .context("starting a decoder")?;
        }
        sink_of(chain.first())
    }

    /// Watches what is about to enter the decoder: its type, and when it ends.
    fn guard(&self, entry: &gst::Pad) {
        let (seen, most) = (Arc::clone(&self.seen), self.max_pixels);
        entry.add_probe(gst::PadProbeType::EVENT_DOWNSTREAM, move |_, info| {
            let Some(gst::EventView::Caps(event)) = info.event().map(|event| event.view()) else {
                return gst::PadProbeReturn::Ok;
            };
            let mut seen = lock(&seen);
            match event
                .caps()
                .structure(0)
                .and_then(|stream| too_many_pixels(stream, most))
            {
                Some(refusal) => {
                    seen.refusal.get_or_insert(refusal);
                    gst::PadProbeReturn::Drop
                }
                None => {
                    seen.caps = Some(event.caps_owned());
                    gst::PadProbeReturn::Ok
                }
            }
        });
        let seen = Arc::clone(&self.seen);
        entry.add_probe(gst::PadProbeType::BUFFER, move |_, info| {
            let mut seen = lock(&seen);
            if seen.refusal.is_some() {
                return gst::PadProbeReturn::Drop;
            }
            let end = info.buffer().and_then(|buffer| {
                Some(buffer.pts()? + buffer.duration().unwrap_or(gst::ClockTime::ZERO))
            });
            seen.last_end = seen.last_end.max(end);
            gst::PadProbeReturn::Ok
        });
    }
}

/// Where an element takes its input.
fn sink_of(element: Option<&gst::Element>) -> anyhow::Result<gst::Pad> {
    element
        .context("nothing to link")?
        .static_pad("sink")
        .context("an element without a sink pad")
}

/// Keeps the size that the container declares from the parser, which would repeat it instead of
/// reading the stream's own.
fn forget_declared_size(parser: &gst::Pad) {
    parser.add_probe(gst::PadProbeType::EVENT_DOWNSTREAM, |_, info| {
        let told = match info.event().map(|event| event.view()) {
            Some(gst::EventView::Caps(event)) => event.caps_owned(),
            _ => return gst::PadProbeReturn::Ok,
        };
        let mut caps = told;
        if let Some(stream) = caps.make_mut().structure_mut(0) {
            stream.remove_fields(["width", "height"]);
        }
        info.data = Some(gst::PadProbeData::Event(gst::event::Caps::new(&caps)));
        gst::PadProbeReturn::Ok
    });
}

/// The refusal of a stream type whose pictures are too large, if they are.
fn too_many_pixels(stream: &gst::StructureRef, most: u64) -> Option<Refusal> {
    let side = |name| {
        stream
            .get::<i32>(name)
            .ok()
            .and_then(|side| u64::try_from(side).ok())
    };
    let (width, height) = (side("width")?, side("height")?);
    (width.saturating_mul(height) > most).then(|| Refusal {
        code: RefusalCode::TooManyPixels,
        message: format!("pictures of {width}x{height} have more than {most} pixels"),
    })
}
