//! `flywheel schedules …`: one schedule, from its making to its removal. Its runs measure a post that
//! there is not, and fail.

use serde_json::{Value, json};

use crate::said;
use crate::stage::{Stage, until};

/// The schedule.
pub(crate) const NAME: &str = "measure.v_none";
/// What its runs are given.
const INPUT: &str = r#"{"account":"main","platform":"youtube","videoId":"v_none"}"#;

/// Ticks so rarely that none comes meanwhile.
const YEARLY: &str = "30 2 1 1 *";

pub(crate) fn is_made_and_shown(stage: &Stage) {
    let create = ["schedules", "create", NAME, "--workflow", "measure"];
    let when = ["--cron", YEARLY, "--time-zone", "Europe/Berlin"];
    let what = ["--input", INPUT, "--missed", "catch-up:3"];
    let made = stage.json(&[&create[..], &when, &what].concat());
    let schedule = &made["schedule"];
    for (key, value) in [
        ("name", json!(NAME)),
        ("workflow", json!("measure")),
        ("cron", json!(YEARLY)),
        ("timeZone", json!("Europe/Berlin")),
        ("missed", json!("catch_up")),
        ("catchUpMax", json!(3)),
        ("held", json!(false)),
    ] {
        assert_eq!(schedule[key], value, "{key}: {made:#}");
    }
    let input: Value = serde_json::from_str(schedule["input"].as_str().unwrap()).unwrap();
    assert_eq!(input, serde_json::from_str::<Value>(INPUT).unwrap());
    assert_eq!(made["next"].as_array().unwrap().len(), 5);

    let shown = stage.json(&["schedules", "show", NAME]);
    assert_eq!(shown["schedule"]["name"], NAME);
    assert_eq!(shown["next"], made["next"]);
    let list = stage.json(&["schedules", "list"]);
    assert_eq!(list.as_array().unwrap().len(), 1, "{list:#}");
    assert_eq!(list[0]["schedule"]["name"], NAME);

    let again = stage.run(&[&create[..], &when, &what].concat());
    assert_eq!(again.status.code(), Some(2), "{}", said(&again));
    let wrong = ["--input", r#"{"platform":"youtube"}"#];
    let wrong = stage.run(
        &[
            &["schedules", "create", "x"][..],
            &create[3..],
            &when,
            &wrong,
        ]
        .concat(),
    );
    assert_eq!(wrong.status.code(), Some(2), "{}", said(&wrong));
    assert!(said(&wrong).contains("videoId"), "{}", said(&wrong));
}

pub(crate) fn is_held_and_released(stage: &Stage) {
    for (verb, held) in [("hold", true), ("release", false)] {
        let done = stage.json(&["schedules", verb, NAME]);
        assert_eq!(done["schedule"]["held"], held, "{done:#}");
        let shown = stage.json(&["schedules", "show", NAME]);
        assert_eq!(shown["schedule"]["held"], held, "{verb}");
    }
}

/// A run of it, by hand.
pub(crate) fn triggered(stage: &Stage) -> String {
    let triggered = stage.json(&["schedules", "trigger", NAME]);
    assert_eq!(triggered["pending"], Value::Null, "{triggered}");
    let run = triggered["runId"].as_str().unwrap();
    let shown = stage.json(&["schedules", "show", NAME]);
    assert_eq!(shown["schedule"]["lastRunId"], run);
    run.to_owned()
}

/// Nobody triggers it: the last tick is made to be long ago, and the running program sees that one was
/// missed.
pub(crate) fn ticks_by_itself(stage: &Stage) {
    let before = stage.json(&["schedules", "show", NAME])["schedule"]["lastRunId"].clone();
    let sql = format!("update schedules set last_tick_ms = 0 where name = '{NAME}'");
    let url = schema::sqlite_url(&stage.data().join("flywheel.db")).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let db = schema::connect(&url).await.unwrap();
        schema::ConnectionTrait::execute_unprepared(&db, &sql)
            .await
            .unwrap();
    });
    until("the schedule starts a run by itself", || {
        let shown = stage.json(&["schedules", "show", NAME]);
        shown["schedule"]["lastRunId"] != before
    });
}

pub(crate) fn is_removed(stage: &Stage) {
    let removed = stage.json(&["schedules", "remove", NAME]);
    assert_eq!(removed, json!({ "removed": NAME }));
    assert_eq!(stage.json(&["schedules", "list"]), json!([]));
    let gone = stage.run(&["schedules", "show", NAME]);
    assert_eq!(gone.status.code(), Some(2), "{}", said(&gone));
}
