//! The files of videos: where they may be, and what becomes of one that a platform does not take.

use std::os::unix::fs::MetadataExt as _;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use media::{Background, ClipContainer, ClipSpec, Rgb, Scene};
use schema::{accounts, posts};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use steps::Target;

use crate::prove::{attempt, check_ending, execute};
use crate::world::World;

/// A video from there cannot be posted.
async fn check_refused(world: &World, source: serde_json::Value, code: &str) {
    let sql = format!("update videos set source = '{source}'");
    execute(world, &sql).await;
    let ending = attempt(world, &world.steps.post_open).await;
    check_ending(&ending, "terminal", code);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_source_that_is_no_file_of_the_inbox_and_not_public_is_refused() {
    let world = World::new().await;
    let inbox = world.folder("inbox");
    std::fs::create_dir(inbox.join("folder")).unwrap();
    let _listening = UnixListener::bind(inbox.join("socket")).unwrap();
    std::os::unix::fs::symlink(world.folder("channel.db"), inbox.join("link")).unwrap();
    for (path, code) in [
        ("none.mp4", "source_missing"),
        ("folder", "source_not_a_file"),
        ("inbox/folder", "source_not_a_file"),
        ("inbox", "source_not_a_file"),
        ("socket", "source_not_a_file"),
        ("link", "source_outside_inbox"),
        ("../channel.db", "source_outside_inbox"),
        ("folder/../../channel.db", "source_outside_inbox"),
        ("/etc/passwd", "source_outside_inbox"),
    ] {
        check_refused(&world, json!({ "path": path }), code).await;
    }
    for (url, code) in [
        ("https://127.0.0.1/v_1.mp4", "fetch_address_refused"),
        ("http://cdn.example/v_1.mp4", "fetch_url_invalid"),
    ] {
        check_refused(&world, json!({ "url": url }), code).await;
    }
    assert_eq!(names(&world.folder("fetched")), [""; 0]);
}

/// The names of the files in a folder.
fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.collect()
}

/// What was made of the one video that had to be converted.
fn converted(world: &World) -> PathBuf {
    let folder = world.folder("converted");
    let names = names(&folder);
    assert_eq!(names.len(), 1, "{names:?}");
    folder.join(&names[0])
}

fn sha256(file: &Path) -> String {
    format!("{:x}", Sha256::digest(std::fs::read(file).unwrap()))
}

/// A little longer than the shortest that every platform takes, with what changes on it.
fn clip(container: ClipContainer) -> ClipSpec {
    let (red, blue) = (Rgb(220, 30, 40), Rgb(20, 30, 90));
    let scenes = vec![
        Scene::new(2000, Background::Checkers(red, Rgb::WHITE)),
        Scene::new(2000, Background::Ball(red, blue)),
    ];
    ClipSpec {
        container,
        ..ClipSpec::portrait(scenes)
    }
}

/// The world's video on another platform.
async fn also_on(world: &World, platform: &str) -> Target {
    accounts::ensure(&world.db, platform, "main").await.unwrap();
    Target {
        platform: platform.to_owned(),
        ..world.target()
    }
}

async fn open(world: &World, target: &Target) {
    world.done(&world.steps.post_open, json!(target)).await;
}

/// The platform gets this file, by the row and by what has arrived.
async fn check_sent(world: &World, target: &Target, file: &Path) {
    let post = posts::get(&world.db, &target.post_id()).await.unwrap();
    assert_eq!(post.unwrap().content_sha256, Some(sha256(file)));
    world.done(&world.steps.post_send, json!(target)).await;
    world.done(&world.steps.post_confirm, json!(target)).await;
    let there = format!("posts?platform={}", target.platform);
    let there = world.listed(&there).await;
    assert_eq!(there.len(), 1);
    assert_eq!(there[0]["sha256"], json!(sha256(file)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_platforms_do_not_take_is_converted_once_for_all_of_them() {
    let world = World::on("youtube").await;
    world.film("v_1.mkv", &clip(ClipContainer::Matroska)).await;
    let on_youtube = world.target();
    open(&world, &on_youtube).await;
    let made = converted(&world);
    let first = std::fs::metadata(&made).unwrap().ino();
    let on_tiktok = also_on(&world, "tiktok").await;
    open(&world, &on_tiktok).await;
    assert_eq!(converted(&world), made);
    let again = std::fs::metadata(&made).unwrap().ino();
    assert_eq!(again, first, "it was made a second time");

    check_sent(&world, &on_youtube, &made).await;
    check_sent(&world, &on_tiktok, &made).await;
    // It looks at no other file than the one that was posted.
    world.done(&world.steps.analyze, json!(on_tiktok)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_is_converted_only_for_the_platform_that_does_not_take_it() {
    let world = World::on("tiktok").await;
    world.film("v_1.webm", &clip(ClipContainer::Webm)).await;
    let on_tiktok = world.target();
    open(&world, &on_tiktok).await;
    let source = world.folder("inbox").join("v_1.webm");
    check_sent(&world, &on_tiktok, &source).await;
    assert_eq!(names(&world.folder("converted")), [""; 0]);

    let on_instagram = also_on(&world, "instagram").await;
    open(&world, &on_instagram).await;
    check_sent(&world, &on_instagram, &converted(&world)).await;
}
