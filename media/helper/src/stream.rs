//! A file on its way through its demuxer: `filesrc ! demuxer ! [parser] ! <what the caller wants>`.
//!
//! Only the first video stream is linked. Its size is checked twice before a decoder may see it: as
//! the container declares it, and as the stream's own headers say (each time they change), because
//! a file can claim to be small in one place and be huge in the other.

use std::{
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use anyhow::Context as _;
use gstreamer::{self as gst, prelude::*};
use media::{Limits, Refusal, RefusalCode};

use crate::{
    codec::{self, VideoCodec},
    container::Container,
    failure::{Failure, refused},
};

/// The elements named here, besides the codecs'.
pub(crate) const ELEMENTS: &[&str] =
    &["filesrc", "qtdemux", "matroskademux", "fakesink", "appsink"];

/// Builds an element by name.
pub(crate) fn element(name: &str) -> anyhow::Result<gst::Element> {
    gst::ElementFactory::make(name)
        .build()
        .with_context(|| format!("making the GStreamer element {name}"))
}

/// What has been learned so far, written by GStreamer's threads.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// The video stream: its codec, the demuxer's pad, and its type after parsing.
    pub(crate) video: Option<(VideoCodec, gst::Pad)>,
    pub(crate) caps: Option<gst::Caps>,
    /// Codec of the first audio stream.
    pub(crate) audio: Option<String>,
    /// End of the latest picture that went by, for files that do not declare a duration.
    pub(crate) last_end: Option<gst::ClockTime>,
    /// All streams are known.
    pub(crate) complete: bool,
    refusal: Option<Refusal>,
    broken: Option<String>,
}

/// What follows the parser: built when the video stream appears.
pub(crate) type Tail = dyn Fn(VideoCodec) -> anyhow::Result<Vec<gst::Element>> + Send + Sync;

/// The pipeline of one file; stops when dropped.
pub(crate) struct Stream {
    pub(crate) pipeline: gst::Pipeline,
    pub(crate) bus: gst::Bus,
    seen: Arc<Mutex<Seen>>,
}

impl Stream {
    /// Prepares the pipeline; nothing flows before [`start`](Self::start).
    pub(crate) fn new(
        file: &Path,
        container: Container,
        limits: &Limits,
        tail: Box<Tail>,
    ) -> Result<Self, Failure> {
        let location = file.to_str().context("the file's path is not UTF-8")?;
        let source = element("filesrc")?;
        source.set_property("location", location);
        let demuxer = element(container.demuxer())?;
        let pipeline = gst::Pipeline::new();
        pipeline
            .add_many([&source, &demuxer])
            .context("filling the pipeline")?;
        source.link(&demuxer).context("linking the demuxer")?;
        let seen = Arc::new(Mutex::new(Seen::default()));
        let arriving = Arrival {
            pipeline: pipeline.downgrade(),
            seen: Arc::clone(&seen),
            max_pixels: limits.max_pixels,
            tail,
        };
        demuxer.connect_pad_added(move |_, pad| arriving.pad_added(pad));
        let at_end = Arc::clone(&seen);
        demuxer.connect_no_more_pads(move |_| lock(&at_end).complete = true);
        let bus = pipeline.bus().context("the pipeline has no bus")?;
        Ok(Self {
            pipeline,
            bus,
            seen,
        })
    }

    /// Sets the pipeline going; what goes wrong later is on the bus.
    pub(crate) fn start(&self, state: gst::State) -> Result<(), Failure> {
        match self.pipeline.set_state(state) {
            Ok(_) => Ok(()),
            Err(_refused) => Err(self.failure("the pipeline does not start")),
        }
    }

    /// What has been learned so far.
    pub(crate) fn seen(&self) -> MutexGuard<'_, Seen> {
        lock(&self.seen)
    }

    /// The failure to report after GStreamer said `message`: a finding of ours comes first.
    pub(crate) fn failure(&self, message: &str) -> Failure {
        let seen = self.seen();
        if let Some(refusal) = &seen.refusal {
            return Failure::Refused(refusal.clone());
        }
        if let Some(broken) = &seen.broken {
            return Failure::Broken(anyhow::anyhow!("{broken}"));
        }
        if seen.complete && seen.video.is_none() {
            return no_video();
        }
        refused(
            RefusalCode::Undecodable,
            format!("the video cannot be read: {message}"),
        )
    }

    /// A finding that ends the job, if there is one by now.
    pub(crate) fn finding(&self) -> Option<Failure> {
        let found = {
            let seen = self.seen();
            seen.refusal.is_some()
                || seen.broken.is_some()
                || (seen.complete && seen.video.is_none())
        };
        found.then(|| self.failure("no video stream"))
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        let _ = self.pipeline.set_state(gst::State::Null);
    }
}

/// The refusal of a file in which there is nothing to see.
fn no_video() -> Failure {
    refused(RefusalCode::NoVideoStream, "the file has no video stream")
}

/// What happens when the demuxer finds a stream.
struct Arrival {
    pipeline: gst::glib::WeakRef<gst::Pipeline>,
    seen: Arc<Mutex<Seen>>,
    max_pixels: u64,
    tail: Box<Tail>,
}

impl Arrival {
    fn pad_added(&self, pad: &gst::Pad) {
        let caps = pad.current_caps().unwrap_or_else(|| pad.query_caps(None));
        let Some(stream) = caps.structure(0) else {
            return;
        };
        let kind = stream.name().as_str();
        if kind.starts_with("audio/") {
            lock(&self.seen)
                .audio
                .get_or_insert_with(|| codec::audio(stream));
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

    /// Puts the parser and what follows behind the demuxer's pad.
    fn link(&self, pad: &gst::Pad, codec: VideoCodec) -> anyhow::Result<()> {
        let pipeline = self.pipeline.upgrade().context("the pipeline is gone")?;
        let tail = (self.tail)(codec)?;
        let guarded = tail.first().context("nothing to link")?.clone();
        let parser = codec.parser.map(element).transpose()?;
        let chain: Vec<gst::Element> = parser.into_iter().chain(tail).collect();
        pipeline.add_many(&chain).context("adding the decoder")?;
        gst::Element::link_many(&chain).context("linking the decoder")?;
        let entry = guarded
            .static_pad("sink")
            .context("an element without a sink pad")?;
        self.guard(&entry);
        for element in &chain {
            element
                .sync_state_with_parent()
                .context("starting the decoder")?;
        }
        let first = chain.first().and_then(|first| first.static_pad("sink"));
        let first = first.context("an element without a sink pad")?;
        if codec.parser.is_some() {
            forget_declared_size(&first);
        }
        pad.link(&first).context("linking the video stream")?;
        Ok(())
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

/// A thread that panicked while holding the lock left nothing half-written.
fn lock(seen: &Mutex<Seen>) -> MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}
