//! What people do to runs from the command line, as far as it goes while nothing runs: our tables are
//! enough for it, or it says what has to be started.

#![expect(
    clippy::unwrap_used,
    reason = "a test may stop at once where its ground is missing"
)]

#[expect(dead_code, reason = "other tests start and kill")]
mod stage;

use std::process::Output;

use engine::tables::{RunStatus, WaitKind, permits, runs, waits};
use schema::DatabaseConnection;
use sea_orm::{ActiveModelTrait as _, Set};
use serde_json::{Value, json};
use stage::Stage;

/// What was written to stderr.
fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Writes into the stage's database, which is there then.
fn write<F: Future<Output = ()>>(stage: &Stage, rows: impl FnOnce(DatabaseConnection) -> F) {
    stage.json(&["migrate"]);
    let url = schema::sqlite_url(&stage.data().join("flywheel.db")).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let db = schema::connect(&url).await.unwrap();
        rows(db.clone()).await;
        db.close().await.unwrap();
    });
}

/// A run that is parked at `reweight`, as a worker leaves it.
fn parked(stage: &Stage, id: &str) {
    let run = runs::ActiveModel {
        id: Set(id.to_owned()),
        workflow: Set("measure".to_owned()),
        status: Set(RunStatus::Parked),
        input: Set("null".to_owned()),
        waiting_reason: Set(Some("reweight: no_rows: there are none".to_owned())),
        invocation_id: Set(Some(format!("inv_{id}"))),
        created_at_ms: Set(1000),
        started_at_ms: Set(Some(2000)),
        ..Default::default()
    };
    let detail = json!({ "code": "no_rows", "error": "there are none", "lastAnswer": null });
    let wait = waits::ActiveModel {
        id: Set(format!("sign_{id}")),
        run_id: Set(id.to_owned()),
        kind: Set(WaitKind::Park),
        name: Set("reweight".to_owned()),
        key: Set("reweight".to_owned()),
        detail: Set(Some(detail.to_string())),
        since_ms: Set(3000),
        ..Default::default()
    };
    write(stage, |db| async move {
        run.insert(&db).await.unwrap();
        wait.insert(&db).await.unwrap();
    });
}

#[test]
fn a_run_is_held_and_released_while_nothing_runs_and_the_audit_says_by_whom() {
    let stage = Stage::new("");
    parked(&stage, "run_1");
    let done = |did: &str| json!([{ "runId": "run_1", "result": { "did": did } }]);
    let hold = ["runs", "hold", "run_1", "--who", "ann", "--why", "locked"];
    assert_eq!(stage.json(&hold), done("held"));
    let shown = stage.show("run_1");
    assert_eq!(shown["held"]["who"], "ann");
    assert_eq!(shown["held"]["why"], "locked");
    assert_eq!(stage.json(&["runs", "release", "run_1"]), done("released"));
    assert_eq!(stage.show("run_1")["held"], Value::Null);

    let audit = stage.json(&["runs", "audit", "run_1"]);
    let verbs: Vec<&str> = audit
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["verb"].as_str().unwrap())
        .collect();
    assert_eq!(verbs, ["release", "hold"]);
    assert_eq!(
        (&audit[1]["who"], &audit[1]["why"]),
        (&json!("ann"), &json!("locked"))
    );
    assert!(stage.run(&["runs", "audit"]).status.success());
}

#[test]
fn a_parked_run_is_shown_with_what_resolves_it_and_the_decision_is_kept_for_restate() {
    let stage = Stage::new("");
    parked(&stage, "run_1");
    let shown = stage.show("run_1");
    assert_eq!(shown["sinceMs"], 3000);
    assert_eq!(shown["waits"][0]["kind"], "park");
    assert_eq!(shown["waits"][0]["open"], true);
    let text = stage.run(&["runs", "show", "run_1"]).stdout;
    let text = String::from_utf8(text).unwrap();
    for part in [
        "for a decision about reweight, since 1970-01-01 00:00:03",
        "no_rows: there are none",
        " runs resolve run_1 --retry --data ",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }

    let misfit = stage.run(&["runs", "resolve", "run_1", "--skip", "{}", "--json"]);
    assert_eq!(misfit.status.code(), Some(1));
    let misfit: Value = serde_json::from_slice(&misfit.stdout).unwrap();
    let error = misfit[0]["error"].as_str().unwrap();
    assert!(error.contains("does not fit reweight"), "{error}");

    let resolved = stage.json(&["runs", "resolve", "run_1", "--retry"]);
    let result = json!({ "did": "resolved", "step": "reweight" });
    assert_eq!(
        resolved,
        json!([{ "runId": "run_1", "result": result, "pending": true }])
    );
    let again = stage.run(&["runs", "resolve", "run_1", "--retry"]);
    assert_eq!(again.status.code(), Some(1), "{}", said(&again));
}

#[test]
fn a_run_is_followed_until_a_person_has_to_decide() {
    let stage = Stage::new("");
    parked(&stage, "run_1");
    let output = stage.run(&["runs", "tail", "run_1"]);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    let refusal = said(&output);
    assert!(refusal.contains("flywheel runs show run_1"), "{refusal}");
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(told.contains("parked: reweight: no_rows"), "{told}");
}

#[test]
fn the_story_of_a_run_is_a_recording_of_it() {
    let stage = Stage::new("");
    parked(&stage, "run_1");
    let recording = json!({
        "runId": "run_1",
        "workflow": "measure",
        "status": "parked",
        "input": null,
        "story": [],
    });
    assert_eq!(stage.json(&["runs", "story", "run_1"]), recording);
    let text = stage.run(&["runs", "story", "run_1"]).stdout;
    let text = String::from_utf8(text).unwrap();
    assert!(text.contains("PLACE"), "{text}");
    let nobody = stage.run(&["runs", "story", "run_none"]);
    assert_eq!(nobody.status.code(), Some(2), "{}", said(&nobody));
}

#[test]
fn what_needs_restate_says_that_it_cannot_be_reached() {
    let stage = Stage::new("");
    parked(&stage, "run_1");
    for verb in ["cancel", "kill"] {
        let output = stage.run(&["runs", verb, "run_1"]);
        assert_eq!(output.status.code(), Some(1), "{}", said(&output));
        let said = said(&output);
        assert!(said.contains("is `flywheel up` running"), "{said}");
        assert_eq!(stage.show("run_1")["run"]["status"], "parked");
    }
}

#[test]
fn many_runs_are_counted_before_anything_is_done_to_them() {
    let stage = Stage::new("");
    parked(&stage, "run_1");
    parked(&stage, "run_2");
    let fail = ["runs", "resolve", "--all", "--fail", "given up"];
    let asked = stage.run(&fail);
    assert_eq!(asked.status.code(), Some(2));
    let refusal = said(&asked);
    assert!(refusal.contains("would resolve 2 runs"), "{refusal}");
    assert!(refusal.trim_end().ends_with(" --yes"), "{refusal}");
    let asked = stage.run(&[&fail[..], &["--json"]].concat());
    assert_eq!(asked.status.code(), Some(2), "{}", said(&asked));
    assert!(said(&asked).contains("would resolve 2 runs"));
    let preview: Value = serde_json::from_slice(&asked.stdout).unwrap();
    assert_eq!(
        preview,
        json!({ "verb": "resolve", "runs": 2, "exact": true })
    );
    assert_eq!(stage.json(&["runs", "audit"]), json!([]));

    let none = stage.run(&["runs", "hold", "--all", "--workflow", "video_loop"]);
    assert_eq!(none.status.code(), Some(2));
    assert!(said(&none).contains("0 runs"), "{}", said(&none));

    let done = stage.json(&[&fail[..], &["--yes"]].concat());
    let runs: Vec<&Value> = done
        .as_array()
        .unwrap()
        .iter()
        .map(|result| &result["runId"])
        .collect();
    assert_eq!(runs, ["run_2", "run_1"]);
    assert_eq!(done[0]["result"]["did"], "resolved");
}

#[test]
fn runs_that_are_held_together_are_released_together_whatever_they_do() {
    let stage = Stage::new("");
    parked(&stage, "run_1");
    parked(&stage, "run_2");
    let done_to = |verb: &str| {
        let done = stage.json(&["runs", verb, "--all", "--yes"]);
        done.as_array().unwrap().len()
    };
    let held = || stage.json(&["runs", "list", "--held", "--count"])["count"].take();
    assert_eq!(done_to("hold"), 2);
    assert_eq!(held(), 2);
    assert_eq!(stage.show("run_1")["run"]["status"], "parked");
    assert_eq!(done_to("release"), 2);
    assert_eq!(held(), 0);
    assert_eq!(stage.show("run_1")["held"], Value::Null);
    assert_eq!(done_to("release"), 0);
}

#[test]
fn a_run_that_is_not_there_is_refused_and_stops_no_other() {
    let stage = Stage::new("");
    parked(&stage, "run_1");
    let output = stage.run(&["runs", "hold", "run_none", "run_1", "--json"]);
    assert_eq!(output.status.code(), Some(1));
    let results: Value = serde_json::from_slice(&output.stdout).unwrap();
    let error = results[0]["error"].as_str().unwrap();
    assert!(error.contains("there is no run run_none"), "{error}");
    assert_eq!(results[1]["result"]["did"], "held");
}

#[test]
fn what_cannot_be_meant_exits_with_2_before_anything_is_done() {
    let stage = Stage::new("");
    let refused: [(&[&str], &str); 9] = [
        (&["hold"], "RUN"),
        (&["hold", "run_1", "--all"], "cannot be used with"),
        (
            &["kill", "run_1", "--status", "running"],
            "cannot be used with",
        ),
        (&["resolve", "run_1"], "--retry"),
        (
            &["resolve", "run_1", "--retry", "--skip", "1"],
            "cannot be used with",
        ),
        (&["resolve", "run_1", "--skip", "{"], "it is not JSON"),
        (
            &["rerun", "run_1", "--input", "@none.json"],
            "none.json cannot be read",
        ),
        (&["rerun", "run_1", "--output", "1"], "--from"),
        (&["cancel", "--all", "--status", "fine"], "no status fine"),
    ];
    for (words, part) in refused {
        let output = stage.run(&[&["runs"][..], words].concat());
        assert_eq!(output.status.code(), Some(2), "{words:?}");
        assert!(said(&output).contains(part), "{}", said(&output));
    }
    assert!(!stage.data().exists());
}

#[test]
fn an_event_is_taken_once_while_nothing_runs() {
    let stage = Stage::new("");
    let send = |id: &str| {
        let words = ["events", "send", "video/approved", "v_1", "--event-data"];
        stage.json(&[&words[..], &["{\"by\": \"ann\"}", "--id", id]].concat())
    };
    assert_eq!(
        send("review-17"),
        json!({ "id": "review-17", "existed": false, "pending": false })
    );
    assert_eq!(send("review-17")["existed"], true);
    send("review-18");
    let events = stage.json(&["events", "list"]);
    assert_eq!(events.as_array().unwrap().len(), 2);
    assert_eq!(events[1]["data"], "{\"by\":\"ann\"}");
    assert!(events[1]["startedAtMs"].is_i64(), "{events}");
    let newest = stage.json(&["events", "list", "--limit", "1"]);
    assert_eq!(newest[0]["id"], "review-18");
    let wrong = stage.run(&[
        "events",
        "send",
        "video/approved",
        "v_1",
        "--event-data",
        "{",
    ]);
    assert_eq!(wrong.status.code(), Some(2), "{}", said(&wrong));
}

#[test]
fn where_nobody_waits_there_are_no_lines() {
    let stage = Stage::new("");
    assert_eq!(stage.json(&["limits", "list"]), json!([]));
    let named = stage.run(&["limits", "list", "anthropic"]);
    assert!(named.status.success(), "{}", said(&named));
}

#[test]
fn the_line_of_a_limit_says_who_acts_and_who_waits() {
    let stage = Stage::new("");
    let place = |run: &str, ticket| permits::ActiveModel {
        key: Set("anthropic".to_owned()),
        run_id: Set(run.to_owned()),
        ticket: Set(ticket),
        at_once: Set(1),
        since_ms: Set(1000),
        ..Default::default()
    };
    let (first, second) = (place("run_1", 1), place("run_2", 2));
    write(&stage, |db| async move {
        first.insert(&db).await.unwrap();
        second.insert(&db).await.unwrap();
    });
    let line = json!([
        { "key": "anthropic", "runId": "run_1", "place": 0, "sinceMs": 1000 },
        { "key": "anthropic", "runId": "run_2", "place": 1, "sinceMs": 1000 },
    ]);
    assert_eq!(stage.json(&["limits", "list"]), line);
    assert_eq!(stage.json(&["limits", "list", "anthropic"]), line);
    assert_eq!(stage.json(&["limits", "list", "other"]), json!([]));
    let text = stage.run(&["limits", "list"]).stdout;
    let text = String::from_utf8(text).unwrap();
    assert!(text.contains("acts") && text.contains("run_2"), "{text}");
}
