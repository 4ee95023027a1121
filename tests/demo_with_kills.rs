//! The demo while its worker is killed again and again: one of everything for every video.

#![expect(
    clippy::unwrap_used,
    reason = "a test may stop at once where its ground is missing"
)]

#[expect(dead_code, reason = "the demo starts and ends everything by itself")]
mod stage;

use std::collections::BTreeSet;

use serde_json::Value;

#[test]
fn every_video_has_one_post_one_feedback_one_critique_and_one_decision() {
    stage::need_programs();
    let folder = tempfile::tempdir().unwrap();
    let report = folder.path().join("r.json");
    let output = stage::flywheel(folder.path())
        .args([
            "demo",
            "--videos",
            "4",
            "--kill-worker-every",
            "2s",
            "--report",
        ])
        .arg(&report)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {said}", output.status);

    let report: Value = serde_json::from_slice(&std::fs::read(&report).unwrap()).unwrap();
    assert!(report["worker_kills"].as_u64().unwrap() >= 5, "{report:#}");
    let videos = report["videos"].as_array().unwrap();
    assert_eq!(videos.len(), 4);
    for video in videos {
        assert_eq!(video["status"], "completed", "{video:#}");
        assert_eq!(video["posts_seen_by_platform"], 1, "{video:#}");
    }
    for id in [
        "run_id",
        "post_id",
        "feedback_id",
        "critique_id",
        "weight_decision_id",
    ] {
        // A reading that came too late is kept, and nothing is concluded from it.
        let is_judgement = !["run_id", "post_id"].contains(&id);
        let has_it = |video: &&Value| !(is_judgement && stage::was_read_late(video));
        let (with, without): (Vec<_>, Vec<_>) = videos.iter().partition(has_it);
        let ids: BTreeSet<&str> = with
            .iter()
            .map(|video| video[id].as_str().unwrap())
            .collect();
        assert_eq!(ids.len(), with.len(), "{id}: {report:#}");
        assert!(
            without.iter().all(|video| video[id].is_null()),
            "{report:#}"
        );
    }
}
