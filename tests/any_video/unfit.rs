//! What is called a video and cannot be posted.

use std::fs;
use std::path::{Path, PathBuf};

use media::ClipContainer::{Mov, Mp4, Webm};
use media::ClipSpec;

use crate::clips::{self, landscape, lasting, portrait, silent, sized};

/// Makes the files, and two good ones among them. Each comes with the code that its run ends with,
/// if it does not go all the way.
pub(crate) fn make_among_good_ones(folder: &Path) -> Vec<(PathBuf, Option<&'static str>)> {
    make(folder);
    let ends = [
        ("good.mp4", None),
        ("empty.mp4", Some("media_not_a_video")),
        ("text.mp4", Some("media_not_a_video")),
        ("cut.mp4", Some("media_truncated")),
        ("sound.mp4", Some("media_no_video_stream")),
        ("huge.webm", Some("media_too_many_pixels")),
        ("ffconcat.mp4", Some("media_not_a_video")),
        ("hls.mp4", Some("media_not_a_video")),
        ("missing.mp4", Some("source_missing")),
        // To TikTok.
        ("narrow.mp4", Some("tiktok_invalid_post")),
        ("good.mov", None),
        // To Instagram.
        ("brief.mp4", Some("instagram_invalid_reel")),
        ("folder.mp4", Some("source_not_a_file")),
    ];
    ends.map(|(name, code)| (folder.join(name), code)).into()
}

fn make(folder: &Path) {
    let narrow = sized(180, 320, portrait(Mp4));
    let sound = ClipSpec {
        video: false,
        ..portrait(Mp4)
    };
    let large = lasting(1000, silent(portrait(Webm)));
    clips::make(
        folder,
        vec![
            ("good.mp4", "mp4 h264 aac 360x640 3 s", portrait(Mp4)),
            ("good.mov", "mov h264 aac 640x360 3 s", landscape(Mov)),
            ("narrow.mp4", "mp4 h264 aac 180x320 3 s", narrow),
            (
                "brief.mp4",
                "mp4 h264 aac 360x640 2 s",
                lasting(2000, portrait(Mp4)),
            ),
            ("sound.mp4", "no video", sound),
            ("huge.webm", "webm vp8 silent 360x640 1 s", large),
        ],
    );
    let read = |name: &str| fs::read(folder.join(name)).unwrap();
    let write = |name: &str, content: &[u8]| fs::write(folder.join(name), content).unwrap();
    let whole = read("good.mp4");
    write("cut.mp4", &whole[..whole.len() / 2]);
    write("huge.webm", &enlarged(read("huge.webm")));
    write("empty.mp4", b"");
    write("text.mp4", b"This is not a video, only a few words.\n");
    // Both name the first video as it is called in the inbox: who follows them finds one.
    write("ffconcat.mp4", b"ffconcat version 1.0\nfile demo_01.mp4\n");
    write(
        "hls.mp4",
        b"#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:3,\ndemo_01.mp4\n#EXT-X-ENDLIST\n",
    );
    fs::create_dir(folder.join("folder.mp4")).unwrap();
}

/// A clip of 360 × 640 whose pictures become 12000 × 12000: its track says so (`PixelWidth` and
/// `PixelHeight`; RFC 9559, 5.1.4.1.28), and its first key frame (RFC 6386, 9.1).
fn enlarged(mut webm: Vec<u8>) -> Vec<u8> {
    const CHANGES: [(&[u8], &[u8]); 3] = [
        (&[0xb0, 0x82, 0x01, 0x68], &[0xb0, 0x82, 0x2e, 0xe0]),
        (&[0xba, 0x82, 0x02, 0x80], &[0xba, 0x82, 0x2e, 0xe0]),
        (
            &[0x9d, 0x01, 0x2a, 0x68, 0x01, 0x80, 0x02],
            &[0x9d, 0x01, 0x2a, 0xe0, 0x2e, 0xe0, 0x2e],
        ),
    ];
    for (small, large) in CHANGES {
        let at = webm.windows(small.len()).position(|bytes| bytes == small);
        let at = at.unwrap();
        webm[at..at + large.len()].copy_from_slice(large);
    }
    webm
}
