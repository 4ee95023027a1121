//! Decoded pictures of a file, one after the other, from any sync frame on.
//!
//! Seeks go to sync frames only. An accurate seek would make the decoder cut the picture at the
//! sought time and report that time as the picture's own; here whoever needs a certain time reads
//! on from the sync frame before it, and every picture keeps its true timestamp.

use std::path::Path;

use gstreamer::{self as gst, prelude::*};
use gstreamer_app::AppSink;
use media::Limits;

use crate::{
    codec::VideoCodec,
    container::Container,
    failure::Failure,
    stream::{Stream, decoder},
};

/// How long to wait for a picture before looking whether something went wrong.
const GLANCE: gst::ClockTime = gst::ClockTime::from_mseconds(20);

/// A decoded picture.
pub(crate) struct Frame {
    /// Its presentation time from the start of the video.
    pub(crate) at: gst::ClockTime,
    pub(crate) sample: gst::Sample,
}

/// Which sync frame a seek goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Snap {
    /// The last one at or before the time.
    Before,
    /// The one closest to the time.
    Nearest,
}

/// A file being decoded.
pub(crate) struct Reader {
    stream: Stream,
    sink: AppSink,
}

impl Reader {
    /// Opens the file and starts decoding at its beginning.
    pub(crate) fn open(
        file: &Path,
        container: Container,
        limits: &Limits,
    ) -> Result<Self, Failure> {
        // One picture waits, decoding pauses until it is taken; no clock is involved.
        let sink = AppSink::builder()
            .sync(false)
            .max_buffers(1)
            .wait_on_eos(false)
            .build();
        sink.set_property("enable-last-sample", false);
        let end = sink.clone();
        let tail = move |codec: VideoCodec| Ok(vec![decoder(codec)?, end.clone().upcast()]);
        let stream = Stream::new(file, container, limits, Box::new(tail), None)?;
        stream.start(gst::State::Playing)?;
        let reader = Self { stream, sink };
        // The sink only joins the pipeline when the video stream is found, and until it has its
        // first picture it cannot be told from one at the end.
        while reader.sink.current_state() < gst::State::Paused {
            reader.complain(GLANCE)?;
        }
        Ok(reader)
    }

    /// The next picture, or `None` at the end of the video.
    pub(crate) fn next(&mut self) -> Result<Option<Frame>, Failure> {
        loop {
            if let Some(sample) = self.sink.try_pull_sample(GLANCE) {
                if let Some(at) = presentation_time(&sample) {
                    return Ok(Some(Frame { at, sample }));
                }
                continue;
            }
            self.complain(gst::ClockTime::ZERO)?;
            if self.sink.is_eos() {
                return Ok(None);
            }
        }
    }

    /// Fails if anything went wrong by now, or does while waiting.
    fn complain(&self, wait: gst::ClockTime) -> Result<(), Failure> {
        if let Some(failure) = self.stream.finding() {
            return Err(failure);
        }
        let error = self
            .stream
            .bus
            .timed_pop_filtered(wait, &[gst::MessageType::Error]);
        match error.as_ref().map(|error| error.view()) {
            Some(gst::MessageView::Error(error)) => {
                Err(self.stream.failure(&error.error().to_string()))
            }
            _ => Ok(()),
        }
    }

    /// Goes to a sync frame; says whether the file allows it.
    pub(crate) fn seek(&mut self, to: gst::ClockTime, snap: Snap) -> bool {
        let snap = match snap {
            Snap::Before => gst::SeekFlags::SNAP_BEFORE,
            Snap::Nearest => gst::SeekFlags::SNAP_NEAREST,
        };
        let flags = gst::SeekFlags::FLUSH | gst::SeekFlags::KEY_UNIT | snap;
        self.stream.pipeline.seek_simple(flags, to).is_ok()
    }
}

/// A picture's time in the video, independent of edit lists and of where the last seek went.
fn presentation_time(sample: &gst::Sample) -> Option<gst::ClockTime> {
    let segment = sample.segment()?.downcast_ref::<gst::ClockTime>()?;
    segment.to_stream_time(sample.buffer()?.pts()?)
}
