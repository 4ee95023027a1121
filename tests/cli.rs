//! The command line as a person or a script meets it: exit codes, JSON, refusals that say what to do.

#![expect(
    clippy::unwrap_used,
    reason = "a test may stop at once where its ground is missing"
)]

#[expect(dead_code, reason = "other tests kill what this one only starts")]
mod stage;

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::process::Output;
use std::thread::JoinHandle;

use serde_json::Value;
use stage::{Stage, ends, flywheel};

/// What was written to stderr.
fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Answers one request on the API's port with this, or with nothing at all.
fn answering_once(stage: &Stage, answer: Option<&'static str>) -> JoinHandle<()> {
    let listener = TcpListener::bind(("127.0.0.1", stage.ports()["api"])).unwrap();
    std::thread::spawn(move || {
        let (mut connection, _) = listener.accept().unwrap();
        let mut request = Vec::new();
        while !is_whole(&request) {
            let mut some = [0; 4096];
            let length = connection.read(&mut some).unwrap();
            assert_ne!(length, 0, "the request ended early");
            request.extend_from_slice(&some[..length]);
        }
        if let Some(answer) = answer {
            connection.write_all(answer.as_bytes()).unwrap();
        }
    })
}

/// Whether headers and body are there.
fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request).to_ascii_lowercase();
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
    length.is_some_and(|length: usize| body.len() >= length)
}

/// Makes the folder and picks its ports: a post does, although nobody is there to take it.
fn pick_ports(stage: &Stage) {
    stage.run(&["post", &clip(stage, "picks ports")]);
}

/// A clip of no use in the stage's folder, for where nobody looks at it.
fn clip(stage: &Stage, content: &str) -> String {
    let file = stage.folder.path().join("clip.mp4");
    std::fs::write(&file, content).unwrap();
    file.to_str().unwrap().to_owned()
}

#[test]
fn an_unknown_setting_exits_with_2_and_names_what_may_have_been_meant() {
    let stage = Stage::new("[sandbox]\ntime_scal = 2.0\n");
    let output = stage.run(&["runs", "list"]);
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains("`sandbox.time_scal`; did you mean `sandbox.time_scale`?"),
        "{said}"
    );
    assert!(output.stdout.is_empty());
}

#[test]
fn an_unknown_verb_and_what_is_not_there_exit_with_2() {
    let stage = Stage::new("");
    assert_eq!(stage.run(&["upp"]).status.code(), Some(2));
    assert_eq!(
        stage.run(&["post", "no-such-file.mp4"]).status.code(),
        Some(2)
    );
    assert_eq!(
        stage.run(&["runs", "show", "run_none"]).status.code(),
        Some(2)
    );
}

#[test]
fn what_cannot_be_reached_exits_with_1_and_says_what_to_start() {
    let stage = Stage::new("");
    let output = stage.run(&["post", &clip(&stage, "abc")]);
    assert_eq!(output.status.code(), Some(1));
    let said = said(&output);
    assert!(said.contains("is `flywheel up` running"), "{said}");
}

#[test]
fn a_video_is_the_same_one_when_its_post_is_repeated() {
    let stage = Stage::new("");
    let file = clip(&stage, "abc");
    stage.run(&["post", &file]);
    let lost = answering_once(&stage, None);
    let output = stage.run(&["post", &file]);
    lost.join().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = said(&output);
    assert!(said.contains("v_ba7816bf8f01cfea414140de"), "{said}");
    assert!(
        said.contains("the same command again posts it once"),
        "{said}"
    );
    let inbox: Vec<_> = std::fs::read_dir(stage.data().join("inbox"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(inbox, ["v_ba7816bf8f01cfea414140de.mp4"]);

    let taken = "HTTP/1.1 202 Accepted\r\ncontent-length: 26\r\n\r\n{\"runs\":[],\"pending\":true}";
    let taken = answering_once(&stage, Some(taken));
    let answer = stage.json(&["post", &file]);
    taken.join().unwrap();
    assert_eq!(answer["pending"], true);
    assert_eq!(answer["videoId"], "v_ba7816bf8f01cfea414140de");
}

#[test]
fn a_file_that_waits_in_the_inbox_is_not_replaced() {
    let stage = Stage::new("");
    let there = stage.data().join("inbox/v_1.mp4");
    stage.run(&["post", &clip(&stage, "first"), "--video-id", "v_1"]);
    let output = stage.run(&["post", &clip(&stage, "other"), "--video-id", "v_1"]);
    assert_eq!(output.status.code(), Some(2));
    let said = said(&output);
    assert!(
        said.contains("the inbox has another file for v_1; choose another --video-id"),
        "{said}"
    );
    assert_eq!(std::fs::read_to_string(there).unwrap(), "first");
}

#[test]
fn a_refused_video_exits_with_2_and_leaves_nothing_in_the_inbox() {
    let stage = Stage::new("");
    pick_ports(&stage);
    let refused = answering_once(
        &stage,
        Some("HTTP/1.1 409 Conflict\r\ncontent-length: 25\r\n\r\n{\"code\":\"video_id_taken\"}"),
    );
    let output = stage.run(&["post", &clip(&stage, "abc"), "--video-id", "v_1"]);
    refused.join().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = said(&output);
    assert!(
        said.contains("v_1") && said.contains("video_id_taken"),
        "{said}"
    );
    assert!(!stage.data().join("inbox/v_1.mp4").exists());
}

#[test]
fn a_relative_inbox_is_below_the_settings_wherever_the_command_is_given() {
    let stage = Stage::new("[inbox]\npath = \"videos\"\n");
    let file = clip(&stage, "abc");
    let elsewhere = tempfile::tempdir().unwrap();
    let mut post = stage.command(&["post", &file, "--video-id", "v_1"]);
    let output = post.current_dir(elsewhere.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "nobody answers");
    assert!(stage.folder.path().join("videos/v_1.mp4").is_file());
    assert!(!elsewhere.path().join("videos").exists());
}

#[test]
fn a_folder_that_was_used_with_the_real_world_is_refused_in_the_sandbox() {
    let stage = Stage::new("");
    std::fs::create_dir(stage.data()).unwrap();
    let used = r#"{"anthropic":"sandbox","youtube":"real"}"#;
    std::fs::write(stage.data().join("world.json"), used).unwrap();
    let file = clip(&stage, "abc");
    for verb in [&["up"][..], &["worker"], &["api"], &["post", file.as_str()]] {
        let output = ends(&mut stage.command(verb));
        assert_eq!(output.status.code(), Some(2), "{verb:?}: {}", said(&output));
        let said = said(&output);
        for part in [
            "youtube was the real service",
            "set YOUTUBE_ACCESS_TOKEN",
            "--data",
        ] {
            assert!(said.contains(part), "{verb:?}: {said}");
        }
        assert!(!said.contains("anthropic was"), "{verb:?}: {said}");
    }
    let kept = std::fs::read_to_string(stage.data().join("world.json")).unwrap();
    assert_eq!(kept, used);
}

#[test]
fn a_demo_writes_nothing_into_a_folder_of_somebodys() {
    let stage = Stage::new("");
    std::fs::create_dir(stage.data()).unwrap();
    let settings = stage.data().join("flywheel.toml");
    std::fs::write(&settings, "[loop]\n").unwrap();
    let output = ends(&mut stage.command(&["demo"]));
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    let said = said(&output);
    assert!(
        said.contains("is not empty, it has flywheel.toml"),
        "{said}"
    );
    assert_eq!(std::fs::read_to_string(&settings).unwrap(), "[loop]\n");
}

#[test]
fn a_refused_up_changes_no_port() {
    let stage = Stage::new("");
    pick_ports(&stage);
    let before = stage.ports();
    let lock = std::fs::File::create(stage.data().join("up.lock")).unwrap();
    lock.try_lock().unwrap();
    let output = ends(&mut stage.command(&["up", "--port", "1"]));
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert_eq!(stage.ports(), before);
}

#[test]
fn what_only_a_person_can_mend_exits_with_2_and_is_named() {
    for (settings, variable, named) in [
        (
            "[database]\nurl = \"mysql://me:hunter2@h/x\"\n",
            None,
            "`database.url`",
        ),
        (
            "",
            Some(("FLYWHEEL_DATABASE_URL", "mysql://me:hunter2@h/x")),
            "FLYWHEEL_DATABASE_URL",
        ),
        (
            "[anthropic.prices]\noutput = -1.0\n",
            None,
            "`anthropic.prices.output`",
        ),
        ("[database]\nurl = \"postgres://me:hunter2@h/x", None, ":2:"),
    ] {
        let stage = Stage::new(settings);
        let mut migrate = stage.command(&["migrate"]);
        let output = ends(migrate.envs(variable));
        assert_eq!(output.status.code(), Some(2), "{named}: {}", said(&output));
        let said = said(&output);
        assert!(said.contains(named) && !said.contains("hunter2"), "{said}");
    }
    let stage = Stage::new("");
    let mut post = stage.command(&["post", &clip(&stage, "abc")]);
    let output = ends(post.env("FLYWHEEL_WEBHOOK_SECRET", "whsec_c2hvcnQ="));
    assert_eq!(output.status.code(), Some(2));
    let said = said(&output);
    assert!(
        said.contains("FLYWHEEL_WEBHOOK_SECRET") && !said.contains("c2hvcnQ"),
        "{said}"
    );
}

#[test]
fn the_environments_database_wins_over_the_settings() {
    let stage = Stage::new("[database]\nurl = \"mysql://not.used/x\"\n");
    let file = stage.folder.path().join("elsewhere.db");
    let mut migrate = stage.command(&["migrate"]);
    let url = format!("sqlite://{}", file.display());
    let output = ends(migrate.env("FLYWHEEL_DATABASE_URL", url));
    assert!(output.status.success(), "{}", said(&output));
    assert!(file.is_file());
}

#[test]
fn a_port_that_another_program_has_exits_with_2() {
    let stage = Stage::new("");
    stage::need_programs();
    pick_ports(&stage);
    let _taken = TcpListener::bind(("127.0.0.1", stage.ports()["worker_metrics"])).unwrap();
    let output = ends(&mut stage.command(&["up"]));
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(
        said(&output).contains("(worker_metrics)"),
        "{}",
        said(&output)
    );
}

#[test]
fn the_doctor_looks_for_pending_migrations_and_applies_none() {
    let stage = Stage::new("");
    let database = || {
        let output = stage.run(&["doctor", "--json"]);
        let mut report: Value = serde_json::from_slice(&output.stdout).unwrap();
        let checks = report["checks"].as_array_mut().unwrap();
        let check = checks.iter_mut().find(|check| check["what"] == "database");
        check.unwrap().take()
    };
    let new = database();
    assert_eq!(new["ok"], true, "{new}");
    assert_eq!(new["warning"], Value::Null, "{new}");
    let file = stage.data().join("flywheel.db");
    assert!(!file.exists(), "the doctor made a database");

    // Nothing in it is a SQLite database without tables.
    std::fs::write(&file, "").unwrap();
    for time in ["first", "second"] {
        let old = database();
        assert_eq!(old["ok"], true, "{time}: {old}");
        assert_eq!(old["warning"], true, "{time}: {old}");
        assert_eq!(old["fix"], "run `flywheel migrate`");
    }
    stage.json(&["migrate"]);
    let migrated = database();
    assert_eq!(migrated["warning"], Value::Null, "{migrated}");
    assert!(migrated["found"].as_str().unwrap().contains("up to date"));
}

#[test]
fn an_empty_folder_has_no_runs_in_text_and_in_json() {
    let stage = Stage::new("");
    assert_eq!(stage.json(&["runs", "list"]), Value::Array(Vec::new()));
    assert_eq!(stage.json(&["migrate"])["migrated"], true);
    assert!(
        stage
            .run(&["runs", "list", "--status", "failed"])
            .status
            .success()
    );
    assert_eq!(
        stage
            .run(&["runs", "list", "--status", "fine"])
            .status
            .code(),
        Some(2)
    );
}

#[test]
fn steps_are_listed_as_they_are_executed_and_no_database_is_made() {
    let stage = Stage::new(
        "[steps.scrape]\nmax_attempts = 5\nlimits = [\"account:{platform}\"]\n\
         [limits.\"account:*\"]\nat_once = 1\n",
    );
    let list = stage.json(&["steps", "list"]);
    let only = stage.json(&["steps", "list", "scrape"]);
    let scrape = &only[0];
    assert!(list.as_array().unwrap().contains(scrape), "{scrape}");
    let effective = &scrape["effective"];
    assert_eq!(effective["policy"]["max_attempts"], 5);
    assert_eq!(
        effective["policy"]["limits"],
        serde_json::json!(["account:{platform}"])
    );
    assert_eq!(effective["placement"], "inline");
    for (key, source) in [
        ("factor", "default"),
        ("max_attempts", "configuration"),
        ("max_interrupted", "step"),
    ] {
        assert_eq!(effective["sources"][key], source, "{key}");
    }
    assert_eq!(scrape["repeatable"], true);
    assert_eq!(scrape["input"]["properties"]["videoId"]["type"], "string");
    assert!(scrape["output"].is_object());
    assert_eq!(scrape["outcomes"]["attempts"], 0);
    let output = stage.run(&["steps", "list", "scrape"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("max_attempts"), "{text}");
    assert!(stage.run(&["steps", "list"]).status.success());
    assert!(!stage.data().join("flywheel.db").exists());
    stage.json(&["migrate"]);
    assert_eq!(stage.json(&["steps", "list"]), list);
}

#[test]
fn a_step_that_is_not_there_or_cannot_be_set_so_exits_with_2() {
    for (settings, name, named) in [
        ("", "scrap", "no step `scrap`; did you mean `scrape`?"),
        (
            "[steps.scrap]\n",
            "scrape",
            "flywheel.toml:1: there is no setting `steps.scrap`; did you mean `steps.scrape`?",
        ),
        (
            "[steps.scrape]\nmax_attempts = 0\n",
            "scrape",
            "flywheel.toml:2: `steps.scrape.max_attempts` must be 1 or more",
        ),
    ] {
        let output = Stage::new(settings).run(&["steps", "list", name]);
        assert_eq!(output.status.code(), Some(2), "{}", said(&output));
        assert!(said(&output).contains(named), "{}", said(&output));
    }
}

#[test]
fn the_doctor_shows_names_of_credentials_and_never_their_values() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join(".env"),
        "ANTHROPIC_API_KEY=sk-very-secret\n",
    )
    .unwrap();
    let output = flywheel(folder.path())
        .args(["doctor", "--json"])
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let report: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(report["services"]["anthropic"], "real");
    assert_eq!(report["services"]["youtube"], "sandbox");
    assert!(!said.contains("very-secret"));
}

#[test]
fn the_doctor_says_when_a_page_cannot_be_read_and_whether_that_matters() {
    for (settings, ok, warning) in [
        ("", false, Value::Null),
        (
            "tiktok.read = \"api\"\ninstagram.read = \"api\"\n",
            true,
            true.into(),
        ),
    ] {
        let stage = Stage::new(settings);
        let output = stage
            .command(&["doctor", "--json"])
            .env("CHROMIUM_BIN", "/no/chromium")
            .output()
            .unwrap();
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        let checks = report["checks"].as_array().unwrap();
        let check = checks.iter().find(|check| check["what"] == "Chromium");
        let check = check.unwrap();
        assert_eq!(check["ok"], ok, "{check}");
        assert_eq!(check["warning"], warning, "{check}");
        assert!(check["found"].as_str().unwrap().contains("/no/chromium"));
    }
}

#[test]
fn a_second_up_on_the_same_folder_is_refused_and_the_first_goes_on() {
    let mut stage = Stage::new("");
    stage.up();
    let second = stage.run(&["up"]);
    assert_eq!(second.status.code(), Some(2));
    let said = String::from_utf8(second.stderr).unwrap();
    assert!(said.contains("another `flywheel up` has"), "{said}");
    assert_eq!(stage.json(&["doctor"])["ok"], true);
    let world = std::fs::read(stage.data().join("world.json")).unwrap();
    let world: Value = serde_json::from_slice(&world).unwrap();
    assert_eq!(
        world,
        serde_json::json!({
            "anthropic": "sandbox",
            "instagram": "sandbox",
            "tiktok": "sandbox",
            "youtube": "sandbox"
        })
    );
    stage.end();
}
