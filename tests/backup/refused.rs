//! What would lose something, or is not whole, is refused, and changes nothing.

use engine::tables::RunStatus;

use crate::stage::Stage;
use crate::{rows, said, text};

/// Backs a folder with one run up.
fn backed_up() -> (Stage, Vec<u8>) {
    let stage = Stage::new("");
    rows::write(&stage, None, |db| async move {
        rows::run(&db, "run_1", RunStatus::Waiting).await;
    });
    let file = stage.folder.path().join("backup.tar");
    stage.json(&["backup", text(&file)]);
    let content = std::fs::read(&file).unwrap();
    (stage, content)
}

/// Restores such a file, which has to be refused for this reason, into a folder that stays empty.
fn check(content: &[u8], reason: &str) {
    let stage = Stage::new("");
    let file = stage.folder.path().join("backup.tar");
    std::fs::write(&file, content).unwrap();
    let output = stage.run(&["restore", text(&file)]);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(said(&output).contains(reason), "{}", said(&output));
    let left: Vec<_> = std::fs::read_dir(stage.data())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(left, ["up.lock"]);
}

#[test]
fn what_is_not_whole_is_refused_before_anything_is_written() {
    let (_stage, whole) = backed_up();
    check(b"hello", "cannot be restored");
    check(&whole[..whole.len() / 2], "cannot be restored");
    let mut changed = whole.clone();
    // In the middle of the database, which is most of it.
    changed[whole.len() / 2] ^= 1;
    check(&changed, "flywheel.db is not what was put in");
    let end = b"manifest.json";
    let at = whole.windows(end.len()).rposition(|part| part == end);
    check(&whole[..at.unwrap()], "its end is missing");
}

#[test]
fn a_folder_with_something_in_it_is_refused_and_so_is_a_file_that_is_there() {
    let (stage, content) = backed_up();
    let file = stage.folder.path().join("backup.tar");
    let into_itself = stage.run(&["restore", text(&file)]);
    assert_eq!(into_itself.status.code(), Some(2));
    assert!(
        said(&into_itself).contains("is not empty"),
        "{}",
        said(&into_itself)
    );
    assert_eq!(stage.show("run_1")["held"], serde_json::Value::Null);
    let again = stage.run(&["backup", text(&file)]);
    assert_eq!(again.status.code(), Some(2));
    assert!(
        said(&again).contains("is there already"),
        "{}",
        said(&again)
    );
    assert_eq!(std::fs::read(&file).unwrap(), content);
}

#[test]
fn a_folder_that_an_up_has_is_refused() {
    let (stage, _content) = backed_up();
    let other = Stage::new("");
    std::fs::create_dir(other.data()).unwrap();
    let lock = std::fs::File::create(other.data().join("up.lock")).unwrap();
    lock.try_lock().unwrap();
    let file = stage.folder.path().join("backup.tar");
    let output = other.run(&["restore", text(&file)]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        said(&output).contains("another `flywheel up`"),
        "{}",
        said(&output)
    );
}

#[test]
fn a_folder_that_was_never_used_has_nothing_to_back_up() {
    let stage = Stage::new("");
    let file = stage.folder.path().join("backup.tar");
    let output = stage.run(&["backup", text(&file)]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        said(&output).contains("nothing was ever kept"),
        "{}",
        said(&output)
    );
    assert!(!file.exists());
}

#[test]
fn postgres_without_its_programs_is_refused_with_how_to_do_it_by_hand() {
    let stage = Stage::new("[database]\nurl = \"postgres://me:hunter2@127.0.0.1:1/channel\"\n");
    let file = stage.folder.path().join("backup.tar");
    let mut backup = stage.command(&["backup", text(&file)]);
    let output = backup.env("PATH", "").output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    let said = said(&output);
    for part in [
        "pg_dump --format=custom",
        "pg_restore",
        "runs hold --all --yes",
    ] {
        assert!(said.contains(part), "{said}");
    }
    assert!(!said.contains("hunter2"), "{said}");
    assert!(!file.exists());
}
