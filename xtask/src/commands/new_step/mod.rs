//! `cargo xtask new-step NAME`: writes a step with its test, and puts it on the list. What it writes
//! is `steps/src/template.rs` under another name, which is compiled and proven with all others.
//!
//! It looks at everything first: if something is wrong, nothing is changed.

mod list;
mod name;

use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;

use anyhow::{Context, Result};
use clap::Args;

use self::name::Name;
use crate::process::say;
use crate::setup::PersonNeeded;
use crate::workspace;

/// The step as it is written, under the name that it has there.
const TEMPLATE: &str = include_str!("../../../../steps/src/template.rs");
const OF_TEMPLATE: Name<'static> = Name {
    step: "count_bytes",
    of_type: "CountBytes",
};

/// What is asked for.
#[derive(Debug, Args)]
pub(crate) struct NewStep {
    /// The step's name: words of a-z and 0-9 with `_` between them, such as `read_comments`
    name: String,
}

/// See the module.
pub(crate) fn run(asked: &NewStep) -> Result<()> {
    let name = &asked.name;
    add(&workspace::root().join("steps/src"), name)?;
    say(&format!(
        "wrote steps/src/{name}.rs and its line in steps/src/registry.rs\n\
         It counts bytes: make of it what you need, as docs/adding-a-step.md says. Its test is at its \
         end; run it with\n  cargo test --package steps --lib {name}::"
    ));
    Ok(())
}

/// Adds the step to the sources in this folder.
fn add(folder: &Path, name: &str) -> Result<()> {
    let of_type = name::of_type(name);
    let name = Name::new(name, &of_type, TEMPLATE).map_err(PersonNeeded)?;
    let list = folder.join("registry.rs");
    let before = fs::read_to_string(&list).with_context(|| format!("read {}", list.display()))?;
    let after = list::with(&before, &name).map_err(PersonNeeded)?;
    let file = folder.join(format!("{}.rs", name.step));
    if file.exists() || folder.join(name.step).exists() {
        let problem = format!("steps/src has a {} already; choose another name", name.step);
        return Err(PersonNeeded(problem).into());
    }
    write_new(&file, &text(&name))?;
    replace(&list, &after).inspect_err(|_| {
        // What matters is the first error.
        let _ = fs::remove_file(&file);
    })
}

/// The step's file.
fn text(name: &Name<'_>) -> String {
    TEMPLATE
        .replace(OF_TEMPLATE.step, name.step)
        .replace(OF_TEMPLATE.of_type, name.of_type)
}

/// Puts another text in a file's place, as a whole or not at all.
fn replace(path: &Path, text: &str) -> Result<()> {
    let beside = path.with_extension("rs.new");
    write_new(&beside, text)?;
    fs::rename(&beside, path)
        .with_context(|| format!("replace {}", path.display()))
        .inspect_err(|_| {
            let _ = fs::remove_file(&beside);
        })
}

/// Writes a file, never over one that is there.
fn write_new(path: &Path, text: &str) -> Result<()> {
    let failed = || format!("write {}", path.display());
    let mut file = File::create_new(path).with_context(failed)?;
    file.write_all(text.as_bytes())
        .with_context(failed)
        .inspect_err(|_| {
            let _ = fs::remove_file(path);
        })
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    const LIST: &str = include_str!("../../../../steps/src/registry.rs");

    /// Names and texts of all files in the folder.
    fn files(folder: &Path) -> Vec<(String, String)> {
        let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
        let mut files: Vec<_> = entries
            .filter(|entry| entry.path().is_file())
            .map(|entry| {
                let name = entry.file_name().into_string().unwrap();
                (name, fs::read_to_string(entry.path()).unwrap())
            })
            .collect();
        files.sort();
        files
    }

    #[test]
    fn a_step_is_one_file_and_one_line() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("registry.rs"), LIST).unwrap();
        add(folder.path(), "read_comments").unwrap();
        let files = files(folder.path());
        let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["read_comments.rs", "registry.rs"]);
        let (step, list) = (&files[0].1, &files[1].1);
        assert!(step.starts_with("//! `read_comments`: "), "{step}");
        assert!(step.contains("impl Step for ReadComments {"), "{step}");
        assert!(step.contains("engine::prove_step!("), "{step}");
        let added: Vec<&str> = list.lines().filter(|line| !LIST.contains(line)).collect();
        assert_eq!(added, ["            read_comments: ReadComments,"]);
        assert_eq!(list.lines().count(), LIST.lines().count() + 1);
    }

    #[test]
    fn nothing_is_changed_if_anything_is_wrong() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        fs::write(path.join("registry.rs"), LIST).unwrap();
        fs::write(path.join("files.rs"), "mine").unwrap();
        fs::create_dir(path.join("posting")).unwrap();
        let before = files(path);
        for name in ["scrape", "files", "posting", "Bad", "match", "string", ""] {
            let error = add(path, name).unwrap_err();
            assert!(error.is::<PersonNeeded>(), "{name}: {error}");
            assert_eq!(files(path), before, "{name}");
        }
        fs::write(path.join("registry.rs"), "another list").unwrap();
        add(path, "read_comments").unwrap_err();
        assert!(!path.join("read_comments.rs").exists());
    }

    #[test]
    fn no_trace_of_the_templates_name_is_left() {
        let name = Name {
            step: "x",
            of_type: "X",
        };
        let text = text(&name);
        assert!(TEMPLATE.contains(OF_TEMPLATE.step) && TEMPLATE.contains(OF_TEMPLATE.of_type));
        assert!(!text.contains(OF_TEMPLATE.step) && !text.contains(OF_TEMPLATE.of_type));
    }

    #[test]
    fn what_is_written_is_formatted_whatever_its_name() {
        for step in ["a", "read_comments", &"x".repeat(name::LONGEST)] {
            let of_type = name::of_type(step);
            let name = Name::new(step, &of_type, TEMPLATE).unwrap();
            let mut rustfmt = Command::new("rustfmt")
                .args(["--check", "--edition", "2024"])
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()
                .unwrap();
            let mut stdin = rustfmt.stdin.take().unwrap();
            stdin.write_all(text(&name).as_bytes()).unwrap();
            drop(stdin);
            let output = rustfmt.wait_with_output().unwrap();
            // With its input on stdin it ends well whatever it says.
            assert!(output.status.success(), "{step}");
            assert_eq!(String::from_utf8_lossy(&output.stdout), "", "{step}");
        }
    }
}
