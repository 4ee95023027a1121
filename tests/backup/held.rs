//! After a restore nothing goes on by itself that may have gone on where the backup comes from.

use std::path::PathBuf;

use engine::tables::{RunStatus, holds, schedules};
use jiff::Timestamp;
use sea_orm::{ActiveModelTrait as _, EntityTrait as _, Set};
use serde_json::{Value, json};

use crate::stage::Stage;
use crate::{ids, rows, text};

/// A folder with open runs, one of them held by somebody, and with one that was only asked for; and a
/// backup of it.
fn taken() -> (Stage, PathBuf) {
    let stage = Stage::new("");
    rows::write(&stage, None, |db| async move {
        rows::run(&db, "run_1", RunStatus::Waiting).await;
        rows::run(&db, "run_1.1", RunStatus::Running).await;
        rows::run(&db, "run_2", RunStatus::Parked).await;
        rows::run(&db, "run_3", RunStatus::Completed).await;
        let hold = holds::ActiveModel {
            run_id: Set("run_2".to_owned()),
            since_ms: Set(1),
            who: Set("ann".to_owned()),
            why: Set(None),
        };
        hold.insert(&db).await.unwrap();
        rows::message(&db).await;
        rows::schedule(&db).await;
    });
    let file = stage.folder.path().join("backup.tar");
    let taken = stage.json(&["backup", text(&file)]);
    assert_eq!(taken["videos"], false);
    (stage, file)
}

fn held_by(stage: &Stage, run_id: &str) -> Value {
    stage.show(run_id)["held"]["who"].take()
}

/// How far the schedule's ticks were dealt with.
fn last_tick_ms(stage: &Stage) -> i64 {
    let url = schema::sqlite_url(&stage.data().join("flywheel.db")).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let db = schema::connect(&url).await.unwrap();
        let schedule = schedules::Entity::find_by_id("nightly").one(&db).await;
        db.close().await.unwrap();
        schedule.unwrap().unwrap().last_tick_ms
    })
}

#[test]
fn every_run_that_was_open_or_asked_for_is_held_after_a_restore() {
    let (_stage, file) = taken();
    let before = Timestamp::now().as_millisecond();
    let restored = Stage::new("");
    let put_back = restored.json(&["restore", text(&file)]);
    assert_eq!(put_back["held"], 4, "{put_back}");
    assert_eq!(put_back["askedFor"], 2, "{put_back}");
    let release = put_back["release"].as_str().unwrap();
    assert!(release.contains("runs release --all"), "{release}");
    let counted = restored.run(&["runs", "release", "--all", "--json"]);
    let counted: Value = serde_json::from_slice(&counted.stdout).unwrap();
    assert_eq!(
        counted,
        json!({ "verb": "release", "runs": 4, "exact": true })
    );
    let by_themselves = restored.json(&["runs", "list", "--held"]);
    assert_eq!(ids(&by_themselves).len(), 4, "{by_themselves}");

    assert_eq!(held_by(&restored, "run_1"), "restore");
    assert_eq!(held_by(&restored, "run_1.1"), "restore");
    assert_eq!(held_by(&restored, "run_2"), "ann");
    assert_eq!(held_by(&restored, "run_3"), Value::Null);
    assert_eq!(restored.show("run_2")["run"]["status"], "parked");
    let audit = restored.json(&["runs", "audit", "run_1"]);
    assert_eq!(audit[0]["who"], "restore", "{audit}");
    assert_eq!(audit[0]["verb"], "hold", "{audit}");
    let held = restored.json(&["runs", "list", "--status", "held"]);
    assert_eq!(ids(&held).len(), 3, "{held}");
    let asked_for = held.as_array().unwrap().iter();
    let mut asked_for: Vec<&str> = asked_for
        .filter(|run| run["invocationId"].is_null())
        .map(|run| run["key"].as_str().unwrap())
        .collect();
    asked_for.sort_unstable();
    assert_eq!(asked_for, ["v_9/tiktok/main", "v_9/youtube/main"]);
    assert!(last_tick_ms(&restored) >= before);
}

#[test]
fn a_restore_that_releases_leaves_everything_as_it_was() {
    let (_stage, file) = taken();
    let restored = Stage::new("");
    let put_back = restored.json(&["restore", "--release", text(&file)]);
    assert_eq!(put_back["held"], 0, "{put_back}");
    assert_eq!(held_by(&restored, "run_1"), Value::Null);
    assert_eq!(restored.show("run_1")["run"]["status"], "waiting");
    let all = restored.json(&["runs", "list"]);
    assert_eq!(ids(&all).len(), 4, "{all}");
    assert_eq!(last_tick_ms(&restored), 0);
}

#[test]
fn small_files_come_back_as_they_were() {
    let (stage, file) = taken();
    let kept = json!({ "youtube": "sandbox" }).to_string();
    std::fs::write(stage.data().join("world.json"), &kept).unwrap();
    std::fs::write(stage.data().join("webhook_secret"), "whsec_x").unwrap();
    std::fs::create_dir_all(stage.data().join("restate/flywheel/db")).unwrap();
    std::fs::write(stage.data().join("restate/flywheel/db/CURRENT"), "M-1").unwrap();
    std::fs::remove_file(&file).unwrap();
    stage.json(&["backup", text(&file)]);
    let restored = Stage::new("");
    restored.json(&["restore", text(&file)]);
    let read = |name: &str| std::fs::read_to_string(restored.data().join(name)).unwrap();
    assert_eq!(read("world.json"), kept);
    assert_eq!(read("webhook_secret"), "whsec_x");
    assert_eq!(read("restate/flywheel/db/CURRENT"), "M-1");
}
