//! Runs of every workflow as they were recorded on the sandbox, replayed by today's code as a worker
//! replays open runs at its start. Each file here is what `flywheel runs story RUN --json` wrote.

#![expect(
    clippy::unwrap_used,
    reason = "helpers are test code, too, which clippy cannot see"
)]

#[path = "../../../steps/tests/world/mod.rs"]
#[expect(dead_code, reason = "a replay needs steps and no world")]
#[expect(
    clippy::disallowed_methods,
    reason = "the world is outside of every workflow: nothing replays it"
)]
mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use engine::Registry;
use engine::replay::{self, Recording};
use serde_json::{Value, json};
use world::World;

const SIX_HOURS: Duration = Duration::from_secs(6 * 3600);

/// What paths of somebody's machine begin with.
const PLACES: [&str; 5] = ["/home/", "/root/", "/tmp/", "/var/", "/Users/"];

/// The workflows as they are today.
async fn today() -> Registry {
    let world = World::new().await;
    workflows::registry(&world.steps, SIX_HOURS)
}

/// All recordings, by the names of their files.
#[expect(
    clippy::disallowed_methods,
    reason = "a test reads its data: nothing replays it"
)]
fn recordings() -> BTreeMap<String, Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/histories");
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|it| it == "json") {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            let text = std::fs::read_to_string(&path).unwrap();
            let recording = serde_json::from_str(&text);
            found.insert(
                name.clone(),
                recording.unwrap_or_else(|error| panic!("{name}: {error}")),
            );
        }
    }
    found
}

fn story(recording: &Value) -> &[Value] {
    recording["story"].as_array().unwrap()
}

/// As differences name it.
fn operation(entry: &Value) -> String {
    let word = |key: &str| entry[key].as_str().unwrap();
    format!("{} `{}`", word("kind"), word("name"))
}

/// Where today's workflow first does something else than it did then.
async fn difference(registry: &Registry, file: &str, recording: &Value) -> Option<String> {
    let recording: Recording = serde_json::from_value(recording.clone())
        .unwrap_or_else(|error| panic!("{file} is no recording: {error}"));
    let checked = replay::check(registry, recording).await;
    checked.err().map(|found| found.difference)
}

/// The recording with another story, whose places are counted anew.
fn with_story(recording: &Value, mut story: Vec<Value>) -> Value {
    for (entry, place) in story.iter_mut().zip(1_u32..) {
        entry["seq"] = json!(place);
    }
    let mut altered = recording.clone();
    altered["story"] = Value::Array(story);
    altered
}

/// Another story, and the difference that has to be told of it.
struct Altered {
    story: Vec<Value>,
    told: String,
}

impl Altered {
    /// The story is another one from `index` on, where today's code does what `now` says.
    fn new(story: Vec<Value>, index: usize, now: &Value) -> Self {
        let place = index + 1;
        let (recorded, now) = (operation(&story[index]), operation(now));
        let told = format!("the run diverges at place {place}: recorded {recorded}, now {now}");
        Self { story, told }
    }
}

/// Each operation under another name, and each but the last one left out: a record may end anywhere.
fn altered(recording: &Value) -> Vec<Altered> {
    let story = story(recording);
    let mut all = Vec::new();
    for (index, entry) in story.iter().enumerate() {
        let mut renamed = story.to_vec();
        renamed[index]["name"] = json!("another");
        all.push(Altered::new(renamed, index, entry));
        if index + 1 < story.len() {
            let mut without = story.to_vec();
            without.remove(index);
            all.push(Altered::new(without, index, entry));
        }
    }
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn todays_workflows_do_what_they_did() {
    let registry = today().await;
    let mut differing = Vec::new();
    for (file, recording) in recordings() {
        if let Some(difference) = difference(&registry, &file, &recording).await {
            differing.push(format!("{file}: {difference}"));
        }
    }
    assert!(
        differing.is_empty(),
        "{differing:#?}\nopen runs would diverge in the same way: see section 6 of docs/adding-a-workflow.md"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operation_that_was_renamed_or_left_out_is_named() {
    let registry = today().await;
    for (file, recording) in recordings() {
        for Altered { story, told } in altered(&recording) {
            let recording = with_story(&recording, story);
            let difference = difference(&registry, &file, &recording).await;
            assert_eq!(difference, Some(told), "{file}: {recording:#}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_workflow_has_a_recorded_run_that_completed() {
    let completed: BTreeSet<String> = recordings()
        .into_values()
        .filter(|recording| recording["status"] == "completed")
        .map(|recording| recording["workflow"].as_str().unwrap().to_owned())
        .collect();
    let registry = today().await;
    let missing: Vec<String> = registry
        .workflow_names()
        .filter(|name| !completed.contains(*name))
        .map(|name| {
            format!("flywheel runs story RUN --json > workflows/tests/histories/{name}.json")
        })
        .collect();
    assert!(
        missing.is_empty(),
        "these workflows have no recorded run; run each to its end, and record it: {missing:#?}"
    );
}

#[test]
fn a_recording_is_whole_and_says_nothing_of_its_machine() {
    for (file, recording) in recordings() {
        assert_eq!(file.split('.').next(), recording["workflow"].as_str());
        let story = story(&recording);
        assert!(!story.is_empty(), "{file}");
        for (entry, place) in story.iter().zip(1_u32..) {
            assert_eq!(entry["seq"], json!(place), "{file}");
        }
        let open = story.iter().position(|entry| entry["gave"] == "open");
        assert!(open.is_none_or(|open| open + 1 == story.len()), "{file}");
        let text = recording.to_string();
        let named = PLACES.iter().find(|place| text.contains(*place));
        assert_eq!(named, None, "{file}");
    }
}
