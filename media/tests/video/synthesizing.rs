//! That made-up clips look as described.

use std::{collections::BTreeMap, fs};

use media::{Background, ClipSpec, Place, Rgb, TextOverlay, looks};

use crate::studio::{Studio, plain, small};

#[tokio::test]
async fn everything_the_helper_needs_is_installed() {
    Studio::new()
        .media
        .check()
        .await
        .expect("nothing is missing");
}

#[tokio::test]
async fn text_is_drawn_where_it_belongs() {
    let studio = Studio::new();
    let text = TextOverlay::new("HELLO", 40, Place::Bottom).coloured(Rgb::WHITE, None);
    let clip = small(vec![plain(300, 0).text(text)]);
    let video = studio.clip("clip.mp4", &clip).await;
    let frames = studio
        .media
        .keyframes(&video, &studio.path("frames"), 1)
        .await;
    let picture = image::open(&frames.expect("a keyframe")[0].path)
        .expect("a JPEG")
        .into_luma8();
    let bright = |from: u32, to: u32| {
        picture
            .enumerate_rows()
            .filter(|(y, _)| (from..to).contains(y))
            .flat_map(|(_, row)| row)
            .filter(|(_, _, pixel)| pixel.0[0] > 180)
            .count()
    };
    assert_eq!(bright(0, 200), 0, "nothing above");
    assert!(bright(230, 300) > 300, "{} bright pixels", bright(230, 300));
}

#[tokio::test]
async fn a_letter_that_cannot_be_drawn_is_refused() {
    let studio = Studio::new();
    let clip = small(vec![plain(300, 90).text(TextOverlay::new(
        "好",
        40,
        Place::Top,
    ))]);
    let error = studio
        .media
        .synthesize(&clip, &studio.path("clip.mp4"))
        .await;
    let error = error.expect_err("a refusal");
    assert_eq!(
        (error.code(), error.is_terminal()),
        ("media_bad_request", true)
    );
    assert!(!studio.path("clip.mp4").exists());
}

#[tokio::test]
async fn a_clip_without_scenes_is_refused() {
    let studio = Studio::new();
    let error = studio
        .media
        .synthesize(&small(Vec::new()), &studio.path("clip.mp4"))
        .await;
    assert_eq!(error.expect_err("a refusal").code(), "media_bad_request");
}

#[tokio::test]
async fn a_folder_that_is_missing_is_our_failure_and_leaves_nothing() {
    let studio = Studio::new();
    let out = studio.path("nowhere/clip.mp4");
    let error = studio
        .media
        .synthesize(&small(vec![plain(300, 90)]), &out)
        .await;
    let error = error.expect_err("a failure");
    assert_eq!(
        (error.code(), error.is_terminal()),
        ("media_helper_failed", false)
    );
}

#[tokio::test]
async fn the_index_of_an_mp4_comes_first() {
    let studio = Studio::new();
    let video = studio.clip("clip.mp4", &small(vec![plain(1000, 90)])).await;
    let bytes = fs::read(video).expect("the clip");
    let at = |kind: &[u8]| bytes.windows(4).position(|window| window == kind);
    assert!(at(b"moov").expect("an index") < at(b"mdat").expect("pictures"));
}

#[tokio::test]
async fn the_demo_clips_look_different() {
    let studio = Studio::new();
    let mut lumas = BTreeMap::new();
    for (name, clip) in looks::demo() {
        let scenes = clip.scenes.into_iter().take(2).map(|mut scene| {
            scene.duration_ms = scene.duration_ms.min(1000);
            scene
        });
        let clip = ClipSpec {
            scenes: scenes.collect(),
            ..clip
        };
        let video = studio.clip(&format!("{name}.mp4"), &clip).await;
        let frames = studio.five(&video).await;
        let probe = studio.media.probe(&video).await.expect("a probe");
        assert_eq!(
            (probe.width * 16, probe.video_codec.as_str()),
            (probe.height * 9, "h264")
        );
        let mean = frames.iter().map(|frame| frame.mean_luma).sum::<f64>() / frames.len() as f64;
        lumas.insert(name, mean);
    }
    assert_eq!(lumas.len(), 6);
    assert!(lumas["dark_room"] < 16.0, "{lumas:?}");
    assert!(lumas["bright_hook"] > 120.0, "{lumas:?}");
}

#[tokio::test]
async fn colours_are_the_ones_asked_for() {
    let studio = Studio::new();
    let colours = [Rgb(220, 30, 40), Rgb(20, 160, 60), Rgb(30, 60, 200)];
    for Rgb(red, green, blue) in colours {
        let scene = media::Scene::new(300, Background::Plain(Rgb(red, green, blue)));
        let video = studio.clip("clip.mp4", &small(vec![scene])).await;
        let frames = studio
            .media
            .keyframes(&video, &studio.path("frames"), 1)
            .await;
        let picture = image::open(&frames.expect("a keyframe")[0].path)
            .expect("a JPEG")
            .into_rgb8();
        let seen = picture.get_pixel(90, 160).0;
        for (seen, asked) in seen.iter().zip([red, green, blue]) {
            assert!(seen.abs_diff(asked) <= 6, "{seen:?} instead of {asked}");
        }
    }
}
