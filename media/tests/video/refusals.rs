//! Files that are no videos, or more than is allowed: refused for good, each with its code.

use std::{fs, path::Path, time::Duration};

use media::{ClipContainer, ClipSpec, Limits};

use crate::studio::{Studio, lively, small};

async fn code(studio: &Studio, file: &Path) -> &'static str {
    studio.refusal(file).await.code()
}

#[tokio::test]
async fn what_is_no_video_is_refused_whatever_its_name() {
    let studio = Studio::new();
    let jpeg = [&[0xff, 0xd8, 0xff, 0xe0, 0, 16][..], b"JFIF\0", &[0; 64]].concat();
    let heic = [&[0, 0, 0, 24][..], b"ftypheic", &[0; 64]].concat();
    let contents: [(&str, &[u8]); 8] = [
        ("empty", b""),
        ("short", b"abc"),
        ("text", b"This is not a video at all, only a few words.\n"),
        ("ffconcat", b"ffconcat version 1.0\nfile /etc/passwd\n"),
        (
            "hls",
            b"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:9,\nhttp://127.0.0.1:9/a.ts\n",
        ),
        ("jpeg", &jpeg),
        ("heic", &heic),
        (
            "ebml",
            &[
                0x1a, 0x45, 0xdf, 0xa3, 0x84, 0x42, 0x82, 0x81, b'x', 0, 0, 0,
            ],
        ),
    ];
    for (name, content) in contents {
        let file = studio.file(&format!("{name}.mp4"), content);
        assert_eq!(code(&studio, &file).await, "media_not_a_video", "{name}");
    }
}

#[tokio::test]
async fn a_missing_file_a_folder_and_a_link_are_refused() {
    let studio = Studio::new();
    assert_eq!(
        code(&studio, &studio.path("gone.mp4")).await,
        "media_file_missing"
    );
    let folder = studio.path("folder.mp4");
    fs::create_dir(&folder).expect("a folder");
    assert_eq!(code(&studio, &folder).await, "media_not_a_file");
    let video = studio.clip("clip.mp4", &small(vec![lively(300)])).await;
    let link = studio.path("link.mp4");
    std::os::unix::fs::symlink(&video, &link).expect("a link");
    assert_eq!(code(&studio, &link).await, "media_not_a_file");
}

#[tokio::test]
async fn a_file_that_was_cut_off_is_refused_as_such() {
    let studio = Studio::new();
    for container in [
        ClipContainer::Mp4,
        ClipContainer::Matroska,
        ClipContainer::Webm,
    ] {
        let clip = ClipSpec {
            container,
            audio: true,
            ..small(vec![lively(1500)])
        };
        let whole = fs::read(studio.clip("whole", &clip).await).expect("the clip");
        for kept in [200, whole.len() / 2, whole.len() - 1] {
            let file = studio.file("cut", &whole[..kept]);
            assert_eq!(
                code(&studio, &file).await,
                "media_truncated",
                "{container:?} {kept}"
            );
        }
    }
}

#[tokio::test]
async fn an_index_full_of_noise_is_undecodable() {
    let studio = Studio::new();
    let clip = small(vec![lively(500)]);
    let mut bytes = fs::read(studio.clip("clip.mp4", &clip).await).expect("the clip");
    let moov = find(&bytes, b"moov").expect("an index");
    for (n, byte) in bytes[moov + 4..moov + 400].iter_mut().enumerate() {
        *byte = (n * 151 % 251) as u8;
    }
    let file = studio.file("noise.mp4", &bytes);
    let error = studio.refusal(&file).await;
    assert!(
        ["media_undecodable", "media_no_video_stream"].contains(&error.code()),
        "{error}"
    );
}

#[tokio::test]
async fn sound_alone_is_no_video() {
    let studio = Studio::new();
    for container in [ClipContainer::Mp4, ClipContainer::Matroska] {
        let clip = ClipSpec {
            video: false,
            audio: true,
            container,
            ..small(vec![lively(1000)])
        };
        let file = studio.clip("sound.mp4", &clip).await;
        assert_eq!(
            code(&studio, &file).await,
            "media_no_video_stream",
            "{container:?}"
        );
    }
}

#[tokio::test]
async fn files_beyond_the_limits_are_refused() {
    let clip = small(vec![lively(2000)]);
    let usual = Limits::default();
    for (limits, expected) in [
        (
            Limits {
                max_bytes: 1000,
                ..usual
            },
            "media_too_large",
        ),
        (
            Limits {
                max_duration: Duration::from_secs(1),
                ..usual
            },
            "media_too_long",
        ),
        (
            Limits {
                max_pixels: 180 * 320 - 1,
                ..usual
            },
            "media_too_many_pixels",
        ),
    ] {
        let studio = Studio::with_limits(limits);
        let file = studio.clip("clip.mp4", &clip).await;
        assert_eq!(code(&studio, &file).await, expected);
    }
}

#[tokio::test]
async fn pictures_larger_than_the_container_says_are_refused_before_they_are_decoded() {
    let studio = Studio::with_limits(Limits {
        max_pixels: 100 * 100,
        ..Limits::default()
    });
    let clip = small(vec![lively(500)]);
    let mut bytes = fs::read(studio.clip("clip.mp4", &clip).await).expect("the clip");
    let table = find(&bytes, b"stsd").expect("a sample description");
    let entry = table + find(&bytes[table..], b"avc1").expect("an H.264 entry");
    let sides = &mut bytes[entry + 28..entry + 32];
    assert_eq!(sides, [0, 180, 1, 64]);
    sides.copy_from_slice(&[0, 16, 0, 16]);
    let file = studio.file("liar.mp4", &bytes);
    let error = studio.refusal(&file).await;
    assert_eq!(error.code(), "media_too_many_pixels");
    assert!(error.to_string().contains("180x320"), "{error}");
}

#[tokio::test]
async fn a_codec_that_is_not_decoded_is_named() {
    let studio = Studio::new();
    let clip = small(vec![lively(500)]);
    let mut bytes = fs::read(studio.clip("clip.mp4", &clip).await).expect("the clip");
    let table = find(&bytes, b"stsd").expect("a sample description");
    let entry = table + find(&bytes[table..], b"avc1").expect("an H.264 entry");
    bytes[entry..entry + 4].copy_from_slice(b"SVQ3");
    let file = studio.file("sorenson.mp4", &bytes);
    let error = studio.refusal(&file).await;
    assert_eq!(error.code(), "media_codec_unsupported");
    assert!(error.to_string().contains("svq"), "{error}");
}

#[tokio::test]
async fn asking_for_no_pictures_is_refused() {
    let studio = Studio::new();
    let video = studio.clip("clip.mp4", &small(vec![lively(300)])).await;
    let none = studio
        .media
        .keyframes(&video, &studio.path("frames"), 0)
        .await;
    assert_eq!(none.expect_err("a refusal").code(), "media_bad_request");
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}
