//! A file on its way through its demuxer: `filesrc ! demuxer ! [parser] ! <what the caller wants>`.
//!
//! Only the first video stream is linked, and the first sound for a caller that wants it.

mod arrival;

use std::{
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use anyhow::Context as _;
use gstreamer::{self as gst, prelude::*};
use media::{Limits, Refusal, RefusalCode};

use self::arrival::Arrival;
use crate::{
    codec::{SoundCodec, VideoCodec},
    container::Container,
    failure::{Failure, refused},
};

/// The elements named here, besides the codecs'.
pub(crate) const ELEMENTS: &[&str] =
    &["filesrc", "qtdemux", "matroskademux", "fakesink", "appsink"];

/// Decoder threads: two helpers at once should not starve the machine.
const DECODER_THREADS: i32 = 2;

/// Builds an element by name.
pub(crate) fn element(name: &str) -> anyhow::Result<gst::Element> {
    gst::ElementFactory::make(name)
        .build()
        .with_context(|| format!("making the GStreamer element {name}"))
}

/// Builds a codec's decoder.
pub(crate) fn decoder(codec: VideoCodec) -> anyhow::Result<gst::Element> {
    let decoder = element(codec.decoder)?;
    if decoder
        .find_property("max-threads")
        .is_some_and(|spec| spec.value_type() == i32::static_type())
    {
        decoder.set_property("max-threads", DECODER_THREADS);
    }
    Ok(decoder)
}

/// What has been learned so far, written by GStreamer's threads.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// The video stream: its codec, the demuxer's pad, and its type after parsing.
    pub(crate) video: Option<(VideoCodec, gst::Pad)>,
    pub(crate) caps: Option<gst::Caps>,
    /// Codec of the first audio stream.
    pub(crate) audio: Option<String>,
    /// How the first sound that we decode is decoded.
    pub(crate) sound: Option<SoundCodec>,
    /// End of the latest picture that went by, for files that do not declare a duration.
    pub(crate) last_end: Option<gst::ClockTime>,
    /// All streams are known.
    pub(crate) complete: bool,
    refusal: Option<Refusal>,
    broken: Option<String>,
}

/// What follows the parser: built when the video stream appears. Elements that are in the pipeline
/// by then are linked where they are.
pub(crate) type Tail = dyn Fn(VideoCodec) -> anyhow::Result<Vec<gst::Element>> + Send + Sync;

/// The pipeline of one file; stops when dropped.
pub(crate) struct Stream {
    pub(crate) pipeline: gst::Pipeline,
    pub(crate) bus: gst::Bus,
    seen: Arc<Mutex<Seen>>,
}

impl Stream {
    /// Prepares the pipeline; nothing flows before [`start`](Self::start). Decoded sound goes to
    /// `sound`, and is left out without one.
    pub(crate) fn new(
        file: &Path,
        container: Container,
        limits: &Limits,
        tail: Box<Tail>,
        sound: Option<gst::Element>,
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
            sound,
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

/// A thread that panicked while holding the lock left nothing half-written.
fn lock(seen: &Mutex<Seen>) -> MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}
