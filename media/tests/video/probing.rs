//! What a file is said to be.

use media::{ClipContainer, ClipSpec};

use crate::studio::{Studio, lively, small};

#[tokio::test]
async fn an_mp4_with_sound_is_described() {
    let studio = Studio::new();
    let clip = ClipSpec {
        audio: true,
        frame_rate: 30,
        ..small(vec![lively(2000)])
    };
    let file = studio.clip("clip.mp4", &clip).await;
    let probe = studio.media.probe(&file).await.expect("a probe");
    assert_eq!(
        (probe.container.as_str(), probe.video_codec.as_str()),
        ("mp4", "h264")
    );
    assert_eq!(probe.audio_codec.as_deref(), Some("aac"));
    assert_eq!((probe.width, probe.height, probe.rotation), (180, 320, 0));
    assert_eq!(probe.frame_rate, Some(30.0));
    assert!(
        probe.duration_ms.abs_diff(2000) <= 60,
        "{} ms",
        probe.duration_ms
    );
    assert_eq!(
        probe.bytes,
        std::fs::metadata(&file).expect("the file").len()
    );
}

#[tokio::test]
async fn a_silent_clip_has_no_audio_codec() {
    let studio = Studio::new();
    let file = studio.clip("clip.mp4", &small(vec![lively(1000)])).await;
    let probe = studio.media.probe(&file).await.expect("a probe");
    assert_eq!(probe.audio_codec, None);
    assert_eq!(probe.duration_ms, 1000);
}

#[tokio::test]
async fn a_landscape_clip_is_wider_than_high() {
    let studio = Studio::new();
    let clip = ClipSpec {
        width: 320,
        height: 180,
        ..small(vec![lively(500)])
    };
    let file = studio.clip("clip.mp4", &clip).await;
    let probe = studio.media.probe(&file).await.expect("a probe");
    assert_eq!((probe.width, probe.height), (320, 180));
}

#[tokio::test]
async fn a_turned_clip_is_described_as_it_is_displayed() {
    let studio = Studio::new();
    for (rotation, size) in [(90, (180, 320)), (180, (320, 180)), (270, (180, 320))] {
        let clip = ClipSpec {
            width: 320,
            height: 180,
            rotation,
            ..small(vec![lively(500)])
        };
        let file = studio.clip("clip.mp4", &clip).await;
        let probe = studio.media.probe(&file).await.expect("a probe");
        assert_eq!(
            (probe.rotation, (probe.width, probe.height)),
            (rotation, size)
        );
    }
}

#[tokio::test]
async fn matroska_and_webm_are_described() {
    let studio = Studio::new();
    for (container, name, video, audio) in [
        (ClipContainer::Matroska, "matroska", "h264", "aac"),
        (ClipContainer::Webm, "webm", "vp8", "opus"),
    ] {
        let clip = ClipSpec {
            container,
            audio: true,
            ..small(vec![lively(1000)])
        };
        let file = studio.clip(name, &clip).await;
        let probe = studio.media.probe(&file).await.expect("a probe");
        assert_eq!(probe.container, name);
        assert_eq!(probe.video_codec, video);
        assert_eq!(probe.audio_codec.as_deref(), Some(audio));
        assert_eq!((probe.width, probe.height), (180, 320));
        assert!(
            probe.duration_ms.abs_diff(1000) <= 60,
            "{} ms",
            probe.duration_ms
        );
    }
}

#[tokio::test]
async fn the_name_of_a_file_does_not_matter() {
    let studio = Studio::new();
    let file = studio.clip("notes.txt", &small(vec![lively(500)])).await;
    assert_eq!(
        studio.media.probe(&file).await.expect("a probe").container,
        "mp4"
    );
}
