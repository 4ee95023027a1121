//! What breaks a platform's rules is said all at once, before anything is opened there.

use media::{Background, ClipSpec, Scene};
use schema::posts::PostState;
use serde_json::json;

use crate::prove::{attempt, check_ending, execute, requests};
use crate::world::World;

/// A text that is too long, with 31 hashtags and a `<` in it, and two more hashtags: one of two words,
/// one of 501 letters.
const TEXT: &str = r#"update videos set
    caption = '<' || replace(hex(zeroblob(31)), '00', '#a ') || replace(hex(zeroblob(5000)), '00', 'x'),
    hashtags = '["two words","' || replace(hex(zeroblob(501)), '00', 'y') || '"]'"#;

/// Too short, too small and too slow.
fn clip() -> ClipSpec {
    ClipSpec {
        width: 320,
        height: 240,
        frame_rate: 10,
        audio: false,
        ..ClipSpec::portrait(vec![Scene::new(2000, Background::Bars)])
    }
}

/// `opens` is the request that would have opened an upload.
async fn check(world: &World, opens: &str, code: &str, problems: &[&str]) {
    world.film("short.mp4", &clip()).await;
    execute(world, TEXT).await;
    let ending = attempt(world, &world.steps.post_open).await;
    check_ending(&ending, "terminal", code);
    let said = ending["error"]["chain"][0].as_str().unwrap();
    for problem in problems {
        assert!(said.contains(problem), "{problem} is not in: {said}");
    }
    assert_eq!(said.split("; ").count(), problems.len(), "{said}");
    assert_eq!(requests(world, opens).await, 0);
    assert_eq!(world.post().await.unwrap().state, PostState::Prepared);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_that_instagram_does_not_take_is_said_at_once() {
    let world = World::on("instagram").await;
    let problems = [
        "caption has 5608 characters, 2200 are allowed",
        "caption has 33 hashtags, 30 are allowed",
        // How long two seconds are at so few frames is the encoder's business.
        ", 3000 to 900000 are allowed",
        "frame_rate is 10.00 frames per second",
    ];
    let code = "instagram_invalid_reel";
    check(&world, "container_create", code, &problems).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_that_tiktok_does_not_take_is_said_at_once() {
    let world = World::on("tiktok").await;
    // An account that may post clips of a second, for itself alone.
    let creator = json!({ "kind": "fail", "status": 200, "body": {
        "data": {
            "creator_username": "c",
            "privacy_level_options": ["SELF_ONLY"],
            "max_video_post_duration_sec": 1
        },
        "error": { "code": "ok", "message": "", "log_id": "1" }
    } });
    world.fault("tiktok", "creator_info", 0, 1, creator).await;
    let problems = [
        "caption has 5608 UTF-16 units with its hashtags, 2200 are allowed",
        "hashtags contain one that is empty, or has a space",
        "privacy is PUBLIC_TO_EVERYONE, this creator may choose SELF_ONLY",
        " s, this creator may post 1 s",
        "width is 320 pixels",
        "height is 240 pixels",
        "frame_rate is 10.00 frames per second",
    ];
    check(&world, "video_init", "tiktok_invalid_post", &problems).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_that_youtube_does_not_take_is_said_at_once() {
    let world = World::on("youtube").await;
    let problems = [
        "title contains < or >",
        "description has 5629 bytes, 5000 are allowed",
        "description contains < or >",
        "tags have 513 characters together, 500 are allowed",
    ];
    check(&world, "upload_open", "youtube_invalid_video", &problems).await;
}
