//! The codecs that are decoded, each with its elements by name.
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

/// Elements that decode the sound of one codec; raw samples need none.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SoundCodec {
    /// Cuts the stream into the pieces that the decoder wants; none where the container did.
    pub(crate) parser: Option<&'static str>,
    pub(crate) decoder: Option<&'static str>,
}

/// Every element in [`video`] and [`sound`].
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
    "mpegaudioparse",
    "avdec_mp3",
    "avdec_aac",
    "opusdec",
    "vorbisdec",
    "flacparse",
    "flacdec",
    "avdec_alac",
    "ac3parse",
    "avdec_ac3",
    "avdec_eac3",
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

/// The codec of an audio stream with this type, if it is one that we decode.
pub(crate) fn sound(stream: &gst::StructureRef) -> Option<SoundCodec> {
    let mpeg = stream.get::<i32>("mpegversion");
    let (parser, decoder) = match (stream.name().as_str(), mpeg) {
        ("audio/mpeg", Ok(1)) => (Some("mpegaudioparse"), Some("avdec_mp3")),
        ("audio/mpeg", Ok(2 | 4)) => (None, Some("avdec_aac")),
        ("audio/x-opus", _) => (None, Some("opusdec")),
        ("audio/x-vorbis", _) => (None, Some("vorbisdec")),
        ("audio/x-flac", _) => (Some("flacparse"), Some("flacdec")),
        ("audio/x-alac", _) => (None, Some("avdec_alac")),
        ("audio/x-ac3", _) => (Some("ac3parse"), Some("avdec_ac3")),
        ("audio/x-eac3", _) => (Some("ac3parse"), Some("avdec_eac3")),
        ("audio/x-raw", _) => (None, None),
        _ => return None,
    };
    Some(SoundCodec { parser, decoder })
}

/// The name of an audio codec for a probe, whether it is decoded or not.
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
