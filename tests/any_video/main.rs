//! The demo on files that nobody prepared for it: of every kind, and of the kinds that cannot be
//! posted.
//!
//! TikTok, YouTube and Instagram get the files in turns, so a file's place in its list says where it
//! goes.

#![expect(
    clippy::unwrap_used,
    reason = "a test may stop at once where its ground is missing"
)]

mod clips;
mod every_kind;
#[expect(dead_code, reason = "the demo starts and ends everything by itself")]
#[path = "../stage/mod.rs"]
mod stage;
mod unfit;

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

/// Two demos at a time would be in each other's way: what is read late does not count.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

#[test]
fn videos_of_every_kind_are_posted_once_and_measured() {
    let _only_one = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = tempfile::tempdir().unwrap();
    let files = clips::make(folder.path(), every_kind::all());
    // A reading may come 10 seconds late and still count.
    let (exit_code, report) = demo(folder.path(), &files, "360");
    for video in videos(&report, &files) {
        it_went_all_the_way(video);
    }
    assert_eq!(exit_code, Some(0), "{report:#}");
}

#[test]
fn what_cannot_be_posted_is_told_within_30_s_while_the_other_videos_go_on() {
    let _only_one = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = tempfile::tempdir().unwrap();
    let files = unfit::make_among_good_ones(folder.path());
    let (files, codes): (Vec<_>, Vec<_>) = files.into_iter().unzip();
    let (exit_code, report) = demo(folder.path(), &files, "720");
    for (video, code) in videos(&report, &files).iter().zip(codes) {
        match code {
            Some(code) => it_was_told(video, code),
            None => it_went_all_the_way(video),
        }
    }
    assert_eq!(exit_code, Some(1), "{report:#}");
}

/// Posted once, and measured: in time, or it says that it was late, which is the machine's fault.
fn it_went_all_the_way(video: &Value) {
    assert_eq!(video["status"], "completed", "{video:#}");
    assert_eq!(video["error_code"], Value::Null, "{video:#}");
    assert_eq!(video["posts_seen_by_platform"], 1, "{video:#}");
    let views = video["metrics"]["views"].as_u64();
    assert!(views.is_some_and(|views| views > 0), "{video:#}");
    let judged = video["feedback_id"].is_string();
    assert_ne!(judged, stage::was_read_late(video), "{video:#}");
}

/// Failed in time, with this code and a sentence, before anything was posted.
fn it_was_told(video: &Value, code: &str) {
    assert_eq!(video["status"], "failed", "{video:#}");
    assert_eq!(video["error_code"], code, "{video:#}");
    let error = video["error"].as_str().unwrap();
    let sentence = error.strip_prefix(&format!("{code} in post_open: "));
    assert!(sentence.is_some_and(|text| !text.is_empty()), "{video:#}");
    let instant = |key: &str| -> Timestamp { video[key].as_str().unwrap().parse().unwrap() };
    let took = instant("ended_at").duration_since(instant("created_at"));
    assert!(took < SignedDuration::from_secs(30), "{video:#}");
    assert_eq!(video["posts_seen_by_platform"], 0, "{video:#}");
    assert_eq!(video["post_id"], Value::Null, "{video:#}");
}

/// Runs the demo on these files; its exit code and its report.
fn demo(folder: &Path, files: &[PathBuf], time_scale: &str) -> (Option<i32>, Value) {
    stage::need_programs();
    let report = folder.join("r.json");
    let mut command = stage::flywheel(folder);
    command.args(["demo", "--time-scale", time_scale, "--report"]);
    command.arg(&report);
    for file in files {
        command.arg("--video").arg(file);
    }
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    let report = std::fs::read(&report).unwrap_or_else(|error| panic!("{error}: {said}"));
    let report = serde_json::from_slice(&report).unwrap();
    (output.status.code(), report)
}

/// The report's videos: these files, in this order.
fn videos<'a>(report: &'a Value, files: &[PathBuf]) -> &'a [Value] {
    let videos = report["videos"].as_array().unwrap();
    let sources = videos.iter().map(|video| video["source"].as_str().unwrap());
    assert!(sources.map(Path::new).eq(files), "{report:#}");
    videos
}
