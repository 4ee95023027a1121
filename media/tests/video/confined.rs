//! That the helper stays within its limits, and does not outlive who asked.

use std::{
    io::Write as _,
    os::unix::process::ExitStatusExt as _,
    process::{Command, Stdio},
    time::Duration,
};

use media::{
    Limits,
    wire::{Job, Request},
};

use crate::studio::{Studio, helper, lively, small};

#[tokio::test]
async fn running_out_of_memory_is_one_failed_attempt() {
    let studio = Studio::with_limits(Limits {
        memory_bytes: 48 << 20,
        ..Limits::default()
    });
    let video = studio.clip("clip.mp4", &small(vec![lively(500)])).await;
    let error = studio
        .media
        .keyframes(&video, &studio.path("frames"), 5)
        .await;
    let error = error.expect_err("48 MiB are not enough");
    assert!(!error.is_terminal(), "{error}");
}

#[tokio::test]
async fn work_that_takes_too_long_is_killed() {
    let studio = Studio::with_limits(Limits {
        time: Duration::from_millis(400),
        ..Limits::default()
    });
    let clip = small(vec![lively(590_000)]);
    let error = studio
        .media
        .synthesize(&clip, &studio.path("clip.mp4"))
        .await;
    let error = error.expect_err("ten minutes of video take longer");
    assert_eq!(
        (error.code(), error.is_terminal()),
        ("media_helper_timeout", false)
    );
}

#[test]
fn the_helper_ends_when_nobody_waits_for_it() {
    let studio = Studio::new();
    let job = Job::Synthesize {
        clip: small(vec![lively(590_000)]),
        out: studio.path("clip.mp4"),
    };
    let request = serde_json::to_string(&Request {
        job,
        limits: Limits::default(),
    });
    let mut child = Command::new(helper())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .expect("the helper starts");
    let mut stdin = child.stdin.take().expect("its stdin");
    writeln!(stdin, "{}", request.expect("JSON")).expect("the request is sent");
    drop(stdin);
    let status = child.wait().expect("it ends");
    assert_eq!(status.signal(), Some(9), "{status}");
    assert!(!studio.path("clip.mp4").exists());
}
