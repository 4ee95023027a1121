//! Which pictures are taken, and that each is the one it says it is.

use image::{ImageReader, RgbImage};
use media::{Background, ClipContainer, ClipSpec, Keyframe, Rgb, Scene};

use crate::studio::{Studio, lively, plain, small};

fn picture(frame: &Keyframe) -> RgbImage {
    let reader = ImageReader::open(&frame.path).expect("the JPEG file");
    let picture = reader.decode().expect("a JPEG").into_rgb8();
    assert_eq!(picture.dimensions(), (frame.width, frame.height));
    picture
}

fn luma_at(picture: &RgbImage, x: u32, y: u32) -> f64 {
    let [red, green, blue] = picture.get_pixel(x, y).0.map(f64::from);
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

fn times(frames: &[Keyframe]) -> Vec<u64> {
    let times: Vec<u64> = frames.iter().map(|frame| frame.timestamp_ms).collect();
    assert!(
        times.is_sorted_by(|a, b| a < b),
        "in time order, none twice: {times:?}"
    );
    times
}

fn early(frames: &[Keyframe]) -> usize {
    frames
        .iter()
        .filter(|frame| frame.timestamp_ms < 3000)
        .count()
}

fn doubles(frames: &[Keyframe]) -> usize {
    frames
        .iter()
        .filter(|frame| frame.chosen_because.contains("resembles"))
        .count()
}

#[tokio::test]
async fn a_lively_clip_gives_five_different_pictures_two_of_them_early() {
    let studio = Studio::new();
    let clip = small(vec![
        lively(4000),
        Scene::new(3000, Background::Bars),
        Scene::new(3000, Background::Rings),
    ]);
    let video = studio.clip("clip.mp4", &clip).await;
    let frames = studio.five(&video).await;
    assert_eq!(frames.len(), 5);
    assert!(early(&frames) >= 2, "{:?}", times(&frames));
    assert!(times(&frames)[4] < 9700, "not in the last 0.3 s");
    assert_eq!(doubles(&frames), 0, "{frames:#?}");
    for (n, frame) in frames.iter().enumerate() {
        assert!(frame.path.ends_with(format!("frame_{n}.jpg")));
        assert!(frame.mean_luma >= 16.0);
        assert_eq!(picture(frame).dimensions(), (180, 320));
    }
}

#[tokio::test]
async fn a_black_start_is_passed_over() {
    let studio = Studio::new();
    let video = studio
        .clip("clip.mp4", &small(vec![plain(1000, 0), lively(8000)]))
        .await;
    let frames = studio.five(&video).await;
    assert_eq!(frames.len(), 5);
    assert!(early(&frames) >= 2);
    assert!(times(&frames)[0] >= 1000);
    assert!(
        frames.iter().all(|frame| frame.mean_luma >= 16.0),
        "{frames:#?}"
    );
}

#[tokio::test]
async fn a_black_part_later_is_replaced_by_pictures_from_elsewhere() {
    let studio = Studio::new();
    let clip = small(vec![lively(4000), plain(4000, 0), lively(3000)]);
    let video = studio.clip("clip.mp4", &clip).await;
    let frames = studio.five(&video).await;
    assert_eq!(frames.len(), 5);
    assert!(
        frames.iter().all(|frame| frame.mean_luma >= 16.0),
        "{frames:#?}"
    );
}

#[tokio::test]
async fn a_still_clip_gives_five_times_and_says_that_they_are_alike() {
    let studio = Studio::new();
    let video = studio
        .clip("clip.mp4", &small(vec![Scene::new(8000, Background::Bars)]))
        .await;
    let frames = studio.five(&video).await;
    assert_eq!(times(&frames).len(), 5);
    assert!(early(&frames) >= 2);
    assert_eq!(doubles(&frames), 4, "{frames:#?}");
}

#[tokio::test]
async fn an_all_black_clip_still_gives_its_pictures() {
    let studio = Studio::new();
    let video = studio.clip("clip.mp4", &small(vec![plain(6000, 0)])).await;
    let frames = studio.five(&video).await;
    assert_eq!(times(&frames).len(), 5);
    assert!(early(&frames) >= 2);
    assert!(
        frames
            .iter()
            .all(|frame| frame.chosen_because.contains("black")),
        "{frames:#?}"
    );
    assert!(
        frames.iter().all(|frame| frame.mean_luma < 4.0),
        "{frames:#?}"
    );
}

#[tokio::test]
async fn a_clip_of_two_seconds_gives_five_pictures() {
    let studio = Studio::new();
    let video = studio.clip("clip.mp4", &small(vec![lively(2000)])).await;
    let frames = studio.five(&video).await;
    assert_eq!(times(&frames).len(), 5);
    assert!(times(&frames)[4] < 2000);
}

#[tokio::test]
async fn a_clip_of_one_picture_gives_one() {
    let studio = Studio::new();
    let video = studio.clip("clip.mp4", &small(vec![plain(42, 200)])).await;
    assert_eq!(times(&studio.five(&video).await), [0]);
}

#[tokio::test]
async fn every_picture_is_the_one_that_is_shown_at_its_time() {
    // Twenty greys of half a second each: the grey of a picture says when it was shown.
    let greys = || (0..20_u64).map(|n| plain(500, 40 + 10 * n as u8));
    let studio = Studio::new();
    // With a sync frame every two seconds, and with none after the first.
    for (container, sync_every) in [
        (ClipContainer::Mp4, 48),
        (ClipContainer::Mp4, 1000),
        (ClipContainer::Matroska, 48),
        (ClipContainer::Webm, 48),
    ] {
        let clip = ClipSpec {
            sync_every,
            container,
            ..small(greys().collect())
        };
        let video = studio.clip("clip", &clip).await;
        let frames = studio.five(&video).await;
        assert_eq!(times(&frames).len(), 5);
        assert!(
            times(&frames)[4] > 6000,
            "{container:?} {sync_every}: {frames:#?}"
        );
        for frame in &frames {
            let shown = 40.0 + 10.0 * (frame.timestamp_ms / 500) as f64;
            let seen = luma_at(&picture(frame), 90, 160);
            assert!(
                (seen - shown).abs() < 5.0,
                "{container:?} {shown} {seen} {frame:?}"
            );
            let step = frame.timestamp_ms as f64 * 24.0 / 1000.0;
            assert!(
                (step - step.round()).abs() < 0.03,
                "{} is on no frame",
                frame.timestamp_ms
            );
        }
    }
}

#[tokio::test]
async fn large_pictures_are_made_smaller_and_small_ones_stay() {
    let studio = Studio::new();
    for (stored, rotation, written) in [
        ((1080, 1920), 0, (720, 1280)),
        ((1280, 720), 0, (720, 405)),
        ((1280, 720), 90, (720, 1280)),
        ((180, 320), 0, (180, 320)),
    ] {
        let (width, height) = stored;
        let clip = ClipSpec {
            width,
            height,
            rotation,
            ..small(vec![lively(300)])
        };
        let video = studio.clip("clip.mp4", &clip).await;
        let frames = studio
            .media
            .keyframes(&video, &studio.path("frames"), 1)
            .await;
        let frames = frames.expect("a keyframe");
        assert_eq!(picture(&frames[0]).dimensions(), written);
    }
}

#[tokio::test]
async fn a_turned_clip_is_turned_the_right_way() {
    // The gradient is dark at one end of the stored picture; turning moves that end around.
    let studio = Studio::new();
    let mut dark_sides = Vec::new();
    for rotation in [0, 90, 180, 270] {
        let scene = Scene::new(300, Background::Gradient);
        let clip = ClipSpec {
            width: 320,
            height: 320,
            rotation,
            ..small(vec![scene])
        };
        let video = studio.clip("clip.mp4", &clip).await;
        let frames = studio
            .media
            .keyframes(&video, &studio.path("frames"), 1)
            .await;
        let picture = picture(&frames.expect("a keyframe")[0]);
        let sides = [(160, 8), (311, 160), (160, 311), (8, 160)];
        let lumas = sides.map(|(x, y)| luma_at(&picture, x, y) as u32);
        let dark = (0..4).min_by_key(|side| lumas[*side]).expect("four sides");
        dark_sides.push(dark);
    }
    // Sides are numbered clockwise from the top.
    let start = dark_sides[0];
    assert_eq!(
        dark_sides,
        [start, (start + 1) % 4, (start + 2) % 4, (start + 3) % 4]
    );
}

#[tokio::test]
async fn the_mean_luma_is_that_of_the_written_picture() {
    let studio = Studio::new();
    let scene = Scene::new(1000, Background::Plain(Rgb(200, 120, 40)));
    let video = studio.clip("clip.mp4", &small(vec![scene])).await;
    let frames = studio.five(&video).await;
    let expected = 0.2126 * 200.0 + 0.7152 * 120.0 + 0.0722 * 40.0;
    assert!((frames[0].mean_luma - expected).abs() < 3.0, "{frames:?}");
    assert!((luma_at(&picture(&frames[0]), 90, 160) - expected).abs() < 4.0);
}
