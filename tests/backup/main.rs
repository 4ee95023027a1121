//! What is kept, as one file: taken in the middle of waits and put back somewhere else, refused where
//! something would be lost; and old history that is removed.

#![expect(
    clippy::unwrap_used,
    reason = "a test may stop at once where its ground is missing"
)]

mod held;
mod postgres;
mod prune;
mod refused;
mod rows;
#[expect(dead_code, reason = "other tests kill one process after another")]
#[path = "../stage/mod.rs"]
mod stage;

use std::path::Path;
use std::process::Output;

use serde_json::Value;
use stage::{Stage, until};

/// 6 hours in 40 seconds: enough for a backup, the death of everything and a new start meanwhile. No
/// batch comes in between, should the clock strike six.
const SETTINGS: &str = "[sandbox]\ntime_scale = 540.0\n\n[batch]\nscheduled = false\n";
const CLIPS: usize = 3;

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// What was written to stderr.
fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn ids(list: &Value) -> Vec<&str> {
    let list = list.as_array().unwrap();
    list.iter().map(|run| run["id"].as_str().unwrap()).collect()
}

/// The state of a process, as the system has it: T while it is frozen.
fn is_frozen(pid: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let (_, behind) = stat.rsplit_once(')').unwrap();
    behind.trim_start().starts_with('T')
}

fn every_clip_has_one_post(stage: &Stage) {
    let seen = stage.posts_seen();
    assert_eq!(seen.len(), CLIPS, "{seen:#?}");
    for at in 0..CLIPS {
        let marker = steps::marker(&format!("v_{at}/youtube/main"));
        let posts = seen.iter().filter(|post| post.contains(&marker));
        assert_eq!(posts.count(), 1, "{seen:#?}");
    }
}

#[test]
fn loops_in_their_wait_go_on_in_a_restored_folder_once_they_are_released() {
    let mut stage = Stage::new(SETTINGS);
    stage.up();
    let runs = stage.post_clips(CLIPS);
    stage.all_wait_for(&runs, "the audience");
    let file = stage.folder.path().join("backup.tar");
    let taken = stage.json(&["backup", "--files", text(&file)]);
    assert_eq!(taken["database"], "sqlite");
    for (name, pid) in stage.processes() {
        assert!(!is_frozen(pid), "{name} does not go on");
    }
    stage.kill_everything();

    let mut restored = Stage::new(SETTINGS);
    let put_back = restored.json(&["restore", text(&file)]);
    assert_eq!(put_back["held"], CLIPS, "{put_back}");
    assert_eq!(restored.show(&runs[0])["held"]["who"], "restore");
    restored.up();
    // Their wait ends, and what comes then does not begin.
    until("every measurement waits to be released", || {
        let held = restored.json(&["runs", "list", "--status", "held"]);
        let held = ids(&held);
        runs.iter()
            .all(|run| held.contains(&format!("{run}.1").as_str()))
    });
    every_clip_has_one_post(&restored);
    let release = ["runs", "release", "--all", "--yes"];
    let released = restored.json(&release);
    assert_eq!(released.as_array().unwrap().len(), CLIPS, "{released}");
    restored.all(&runs, "completed");
    every_clip_has_one_post(&restored);
    restored.end();
}
