//! The video codecs that are decoded, each with its elements by name.
//!
//! This table is what stands instead of GStreamer's automatic plugging: a stream whose type is not
//! here is refused, and no other element ever sees its bytes.

use gstreamer as gst;

/// Parser and decoder of one codec.
#[derive(Debug, Clone, Copy)]
pub(crate) struct VideoCodec {
    /// The name in a probe.
    pub(crate) name: &'static str,
    /// Reads the stream's own headers before the decoder does; none where the container is enough.
    pub(crate) parser: Option<&'static str>,
    pub(crate) decoder: &'static str,
}

/// Every element in [`video`].
pub(crate) const ELEMENTS: &[&str] = &[
    "h264parse",
    "avdec_h264",
    "h265parse",
    "avdec_h265",
    "vp8dec",
    "vp9parse",
    "vp9dec",
    "av1parse",
    "av1dec",
    "mpeg4videoparse",
    "avdec_mpeg4",
    "avdec_prores",
];

/// The codec of a video stream with this type, if it is one that we decode.
pub(crate) fn video(stream: &gst::StructureRef) -> Option<VideoCodec> {
    let (name, parser, decoder) = match stream.name().as_str() {
        "video/x-h264" => ("h264", Some("h264parse"), "avdec_h264"),
        "video/x-h265" => ("h265", Some("h265parse"), "avdec_h265"),
        "video/x-vp8" => ("vp8", None, "vp8dec"),
        "video/x-vp9" => ("vp9", Some("vp9parse"), "vp9dec"),
        "video/x-av1" => ("av1", Some("av1parse"), "av1dec"),
        "video/mpeg" if stream.get::<i32>("mpegversion") == Ok(4) => {
            ("mpeg4", Some("mpeg4videoparse"), "avdec_mpeg4")
        }
        "video/x-prores" => ("prores", None, "avdec_prores"),
        _ => return None,
    };
    Some(VideoCodec {
        name,
        parser,
        decoder,
    })
}

/// The name of an audio codec, which is only ever reported: no audio is decoded.
pub(crate) fn audio(stream: &gst::StructureRef) -> String {
    match (stream.name().as_str(), stream.get::<i32>("mpegversion")) {
        ("audio/mpeg", Ok(1)) => "mp3".to_owned(),
        ("audio/mpeg", _) => "aac".to_owned(),
        ("audio/x-raw", _) => "pcm".to_owned(),
        (other, _) => {
            let name = other.trim_start_matches("audio/");
            name.strip_prefix("x-").unwrap_or(name).to_owned()
        }
    }
}
