//! That a video of any kind becomes the one that every platform takes, and looks as it did.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use media::{Background, ClipContainer, ClipSpec, Limits, Media, Scene, Target, Transcoded};

use crate::studio::{Studio, helper, lively, plain, small};

const INPUT: &str = "input";
const OUTPUT: &str = "output.mp4";

/// Makes the clip and transcodes it; sees to what must hold of every new file.
async fn transcoded(studio: &Studio, clip: &ClipSpec, target: &Target) -> (Transcoded, PathBuf) {
    let (input, output) = (studio.clip(INPUT, clip).await, studio.path(OUTPUT));
    let made = studio.media.transcode(&input, &output, target).await;
    let made = made.expect("it can be transcoded");
    let probe = studio.media.probe(&output).await.expect("a probe");
    assert_eq!(made.after, probe, "the answer is about the file");
    let kind = (probe.container.as_str(), probe.video_codec.as_str());
    assert_eq!((kind, probe.rotation), (("mp4", "h264"), 0));
    let lost = made.before.duration_ms.abs_diff(probe.duration_ms);
    assert!(lost <= 100, "{made:?}");
    assert_eq!(names(&output), [INPUT, OUTPUT], "nothing else is left");
    (made, output)
}

/// What is in a file's folder, hidden or not, in order.
fn names(file: &Path) -> Vec<String> {
    let folder = fs::read_dir(file.parent().expect("a folder")).expect("its files");
    let name = |entry: std::io::Result<fs::DirEntry>| {
        let name = entry.expect("a file").file_name();
        name.into_string().expect("a name in UTF-8")
    };
    let mut names: Vec<String> = folder.map(name).collect();
    names.sort();
    names
}

fn find(bytes: &[u8], what: &[u8]) -> usize {
    let at = bytes.windows(what.len()).position(|window| window == what);
    at.unwrap_or_else(|| panic!("no {}", String::from_utf8_lossy(what)))
}

#[tokio::test]
async fn every_container_and_codec_becomes_h264_and_aac_in_mp4_with_its_index_first() {
    use ClipContainer::{Hevc, Matroska, Mov, Mp4, Webm};
    let studio = Studio::new();
    for (container, video, sound) in [
        (Webm, "vp8", "opus"),
        (Matroska, "h264", "aac"),
        (Mov, "h264", "aac"),
        (Mp4, "h264", "aac"),
        (Hevc, "h265", "aac"),
    ] {
        let clip = ClipSpec {
            container,
            audio: true,
            ..small(vec![lively(1000)])
        };
        let (made, output) = transcoded(&studio, &clip, &Target::default()).await;
        let before = (made.before.video_codec.as_str(), made.before.audio_codec);
        assert_eq!(before, (video, Some(sound.to_owned())), "{container:?}");
        assert_eq!(made.after.audio_codec.as_deref(), Some("aac"));
        assert_eq!((made.after.width, made.after.height), (180, 320));
        let bytes = fs::read(output).expect("the new file");
        assert!(find(&bytes, b"moov") < find(&bytes, b"mdat"));
        // Baseline, Main and High have 8 bits and 4:2:0 only (ISO/IEC 14496-15, 5.3.3.1).
        let profile = bytes[find(&bytes, b"avcC") + 5];
        assert!([66, 77, 100].contains(&profile), "{container:?} {profile}");
    }
}

#[tokio::test]
async fn no_sound_is_made_where_there_is_none() {
    let studio = Studio::new();
    let clip = small(vec![lively(500)]);
    let (made, output) = transcoded(&studio, &clip, &Target::default()).await;
    assert_eq!(
        (made.before.audio_codec, made.after.audio_codec),
        (None, None)
    );
    let bytes = fs::read(output).expect("the new file");
    assert!(!bytes.windows(4).any(|window| window == b"soun"));
}

#[tokio::test]
async fn a_turned_video_is_turned_for_good_and_looks_the_same() {
    let studio = Studio::new();
    for (container, rotation) in [
        (ClipContainer::Mp4, 90),
        (ClipContainer::Mp4, 180),
        (ClipContainer::Mov, 270),
        (ClipContainer::Hevc, 90),
    ] {
        // Dark at one end only: a wrong turn shows.
        let clip = ClipSpec {
            width: 320,
            height: 180,
            container,
            rotation,
            ..small(vec![Scene::new(500, Background::Gradient)])
        };
        let (made, output) = transcoded(&studio, &clip, &Target::default()).await;
        assert_eq!(made.before.rotation, rotation);
        let sizes = [made.before, made.after].map(|probe| (probe.width, probe.height));
        assert_eq!(sizes[0], sizes[1]);
        let sides = [
            sides(&studio, &studio.path(INPUT)).await,
            sides(&studio, &output).await,
        ];
        for (before, after) in sides[0].iter().zip(sides[1]) {
            assert!(before.abs_diff(after) <= 10, "{rotation} {sides:?}");
        }
        let [least, most] = [sides[0].iter().min(), sides[0].iter().max()];
        assert!(
            least
                .zip(most)
                .is_some_and(|(least, most)| most - least > 100)
        );
    }
}

/// How bright the first picture is near each of its four sides.
async fn sides(studio: &Studio, video: &Path) -> [u8; 4] {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let frames = studio.media.keyframes(video, folder.path(), 1).await;
    let picture = image::open(&frames.expect("a keyframe")[0].path);
    let picture = picture.expect("a JPEG").into_luma8();
    let (right, bottom) = (picture.width() - 1, picture.height() - 1);
    [
        (right / 2, 6),
        (right - 6, bottom / 2),
        (right / 2, bottom - 6),
        (6, bottom / 2),
    ]
    .map(|(x, y)| picture.get_pixel(x, y).0[0])
}

#[tokio::test]
async fn pictures_are_made_smaller_within_the_bounds_and_never_larger() {
    let studio = Studio::new();
    let target = Target {
        max_width: 360,
        max_height: 360,
        ..Target::default()
    };
    for (stored, rotation, after) in [
        ((640, 360), 0, (360, 202)),
        ((640, 360), 90, (202, 360)),
        ((180, 320), 0, (180, 320)),
    ] {
        let (width, height) = stored;
        let clip = ClipSpec {
            width,
            height,
            rotation,
            ..small(vec![lively(300)])
        };
        let (made, _) = transcoded(&studio, &clip, &target).await;
        assert_eq!((made.after.width, made.after.height), after, "{stored:?}");
    }
}

#[tokio::test]
async fn every_picture_is_still_shown_at_its_time_at_an_even_and_an_uneven_rate() {
    // Eight greys of half a second each: the grey of a picture says when it was shown.
    let greys = || (0..8_u64).map(|n| plain(500, 40 + 20 * n as u8));
    let studio = Studio::new();
    for (container, uneven) in [
        (ClipContainer::Webm, false),
        (ClipContainer::Mp4, true),
        (ClipContainer::Matroska, true),
    ] {
        let clip = ClipSpec {
            container,
            uneven,
            ..small(greys().collect())
        };
        let (_, output) = transcoded(&studio, &clip, &Target::default()).await;
        let folder = tempfile::tempdir().expect("a temporary folder");
        let frames = studio.media.keyframes(&output, folder.path(), 5).await;
        let frames = frames.expect("keyframes");
        assert_eq!(frames.len(), 5, "{frames:#?}");
        for frame in frames {
            let shown = 40.0 + 20.0 * (frame.timestamp_ms / 500) as f64;
            let off = (frame.mean_luma - shown).abs();
            assert!(off < 6.0, "{container:?} {uneven} {shown} {frame:?}");
        }
    }
}

#[tokio::test]
async fn frames_beyond_the_highest_rate_are_left_out() {
    let studio = Studio::new();
    for (frame_rate, after) in [(120, 60.0), (60, 60.0), (24, 24.0)] {
        let clip = ClipSpec {
            frame_rate,
            ..small(vec![lively(500)])
        };
        let (made, _) = transcoded(&studio, &clip, &Target::default()).await;
        let rate = made.after.frame_rate.expect("a frame rate");
        assert!((rate - after).abs() < 1.0, "{frame_rate} became {rate}");
    }
}

/// The code with which `input` is not transcoded; a file that stands in the new one's place stays.
async fn failure(studio: &Studio, media: &Media, input: &Path, target: &Target) -> &'static str {
    let output = studio.file(OUTPUT, b"an older file");
    let before = names(&output);
    let error = media.transcode(input, &output, target).await;
    let error = error.expect_err("it is not transcoded");
    assert_eq!(fs::read(&output).expect("the file"), b"an older file");
    assert_eq!(names(&output), before, "{error}");
    error.code()
}

#[tokio::test]
async fn what_is_no_video_or_too_much_is_refused_and_leaves_nothing() {
    let studio = Studio::new();
    let target = Target::default();
    let clip = ClipSpec {
        audio: true,
        ..small(vec![lively(500)])
    };
    let silent = ClipSpec {
        video: false,
        ..clip.clone()
    };
    let whole = fs::read(studio.clip("whole.mp4", &clip).await).expect("the clip");
    let mut amr = whole.clone();
    let codec = find(&amr, b"mp4a");
    amr[codec..codec + 4].copy_from_slice(b"samr");
    for (input, code) in [
        (
            studio.file("text.mp4", b"only words\n"),
            "media_not_a_video",
        ),
        (
            studio.file("cut.mp4", &whole[..whole.len() / 2]),
            "media_truncated",
        ),
        (studio.file("speech.mp4", &amr), "media_codec_unsupported"),
        (
            studio.clip("sound.mp4", &silent).await,
            "media_no_video_stream",
        ),
        (studio.path("gone.mp4"), "media_file_missing"),
    ] {
        let found = failure(&studio, &studio.media, &input, &target).await;
        assert_eq!(found, code, "{}", input.display());
    }
    let limits = Limits {
        max_pixels: 1000,
        ..Limits::default()
    };
    let (strict, input) = (Media::new(helper(), limits), studio.path("whole.mp4"));
    let found = failure(&studio, &strict, &input, &target).await;
    assert_eq!(found, "media_too_many_pixels");
}

#[tokio::test]
async fn bounds_that_make_no_sense_are_refused() {
    let studio = Studio::new();
    let input = studio.clip("clip.mp4", &small(vec![lively(300)])).await;
    let usual = Target::default();
    for target in [
        Target {
            max_width: 0,
            ..usual
        },
        Target {
            max_height: 9000,
            ..usual
        },
        Target {
            max_frame_rate: 0,
            ..usual
        },
        Target {
            max_video_kbits: 1,
            ..usual
        },
    ] {
        let found = failure(&studio, &studio.media, &input, &target).await;
        assert_eq!(found, "media_bad_request", "{target:?}");
    }
}

#[tokio::test]
async fn work_that_takes_too_long_is_one_failed_attempt_and_leaves_nothing() {
    let studio = Studio::new();
    let clip = ClipSpec {
        width: 1280,
        height: 720,
        ..small(vec![plain(10_000, 90)])
    };
    let input = studio.clip("clip.mp4", &clip).await;
    let target = Target {
        time: Duration::from_millis(200),
        ..Target::default()
    };
    let found = failure(&studio, &studio.media, &input, &target).await;
    assert_eq!(found, "media_helper_timeout");
}

#[tokio::test]
async fn a_folder_that_is_missing_is_our_failure() {
    let studio = Studio::new();
    let input = studio.clip("clip.mp4", &small(vec![lively(300)])).await;
    let output = studio.path("nowhere/clip.mp4");
    let target = Target::default();
    let error = studio.media.transcode(&input, &output, &target).await;
    let error = error.expect_err("a failure");
    assert_eq!(
        (error.code(), error.is_terminal()),
        ("media_output_unwritable", false)
    );
}
