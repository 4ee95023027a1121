//! A helper that hangs, crashes or talks nonsense is one failed attempt, and leaves nothing behind.
//!
//! The helpers here are small shell scripts; all are written before the first is started, because a
//! file that another thread's child still holds open for writing cannot be executed.

#![expect(
    clippy::expect_used,
    reason = "helpers are test code, too, which clippy cannot see"
)]

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    sync::LazyLock,
    time::{Duration, Instant},
};

use media::{Limits, Media, MediaError};
use tempfile::TempDir;

const SCRIPTS: [(&str, &str); 9] = [
    (
        "hang",
        "echo $$ > \"$(dirname \"$0\")/hang.pid\"; echo stuck >&2; exec sleep 60",
    ),
    (
        "dropped",
        "echo $$ > \"$(dirname \"$0\")/dropped.pid\"; exec sleep 60",
    ),
    ("abort", "echo 'out of luck' >&2; kill -ABRT $$"),
    ("fail", "echo 'the last words' >&2; exit 3"),
    ("babble", "read -r line; echo 'hello there'"),
    ("beside", "read -r line; echo '\"synthesized\"'"),
    ("silent", "exit 0"),
    (
        "flood",
        "i=0; while [ $i -lt 5000 ]; do echo \"line $i of noise\" >&2; i=$((i+1)); done; exit 1",
    ),
    ("surroundings", "env >&2; exit 1"),
];

static FOLDER: LazyLock<TempDir> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, body) in SCRIPTS {
        let path = folder.path().join(name);
        fs::write(&path, format!("#!/bin/sh\n{body}\n")).expect("a script");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("its mode");
    }
    folder
});

fn script(name: &str) -> PathBuf {
    FOLDER.path().join(name)
}

async fn failure(name: &str, time: Duration) -> MediaError {
    let media = Media::new(
        script(name),
        Limits {
            time,
            ..Limits::default()
        },
    );
    let error = media
        .probe(Path::new("clip.mp4"))
        .await
        .expect_err("a failure");
    assert!(!error.is_terminal(), "it may work next time: {error}");
    error
}

const PATIENT: Duration = Duration::from_secs(20);

#[tokio::test]
async fn a_helper_that_hangs_is_killed_at_the_deadline() {
    let start = Instant::now();
    let error = failure("hang", Duration::from_millis(700)).await;
    assert_eq!(error.code(), "media_helper_timeout");
    assert!(error.to_string().contains("stuck"), "{error}");
    assert!(start.elapsed() < Duration::from_secs(10));
    let id = fs::read_to_string(FOLDER.path().join("hang.pid")).expect("its id");
    assert!(!Path::new("/proc").join(id.trim()).exists(), "it is gone");
}

#[tokio::test]
async fn a_helper_that_crashes_is_one_failed_attempt() {
    let error = failure("abort", PATIENT).await;
    assert_eq!(error.code(), "media_helper_crashed");
    assert!(error.to_string().contains("out of luck"), "{error}");
}

#[tokio::test]
async fn the_last_words_of_a_failing_helper_are_kept() {
    let error = failure("fail", PATIENT).await;
    assert_eq!(error.code(), "media_helper_crashed");
    assert!(error.to_string().contains("the last words"), "{error}");
}

#[tokio::test]
async fn only_the_end_of_a_flood_is_kept() {
    let text = failure("flood", PATIENT).await.to_string();
    assert!(
        text.contains("line 4999 of noise") && text.len() < 3000,
        "{} bytes",
        text.len()
    );
}

#[tokio::test]
async fn an_answer_that_is_not_understood_is_a_failed_attempt() {
    for name in ["babble", "beside", "silent"] {
        assert_eq!(
            failure(name, PATIENT).await.code(),
            "media_helper_bad_reply",
            "{name}"
        );
    }
}

#[tokio::test]
async fn a_helper_that_cannot_be_started_is_a_failed_attempt() {
    assert_eq!(
        failure("no-such-helper", PATIENT).await.code(),
        "media_helper_not_started"
    );
}

#[tokio::test]
async fn the_helper_sees_no_variables_but_its_own() {
    // Cargo gives tests a lot of variables; none of them may get through.
    assert!(std::env::vars_os().any(|(name, _)| name == "CARGO_MANIFEST_DIR"));
    let text = failure("surroundings", PATIENT).await.to_string();
    assert!(text.contains("PATH="), "{text}");
    assert!(!text.contains("CARGO_MANIFEST_DIR="), "{text}");
}

#[tokio::test]
async fn dropping_a_question_ends_its_helper() {
    let media = Media::new(script("dropped"), Limits::default());
    let asking = media.probe(Path::new("clip.mp4"));
    let id_file = FOLDER.path().join("dropped.pid");
    let started = async {
        while !fs::read_to_string(&id_file).is_ok_and(|id| id.ends_with('\n')) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::select! {
        answer = asking => panic!("it hangs, but answered {answer:?}"),
        () = started => {}
    }
    let id = fs::read_to_string(&id_file).expect("its id");
    let process = Path::new("/proc").join(id.trim());
    let gone = async {
        while process.exists() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), gone)
        .await
        .expect("it is gone");
}
