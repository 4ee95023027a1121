//! The step in TypeScript, `examples/remote_step/`, which a test has Node.js serve: compiled, with what
//! its lockfile pins beside it.
//!
//! It lies in cargo's target folder, and is made anew when its sources change. Install scripts do not
//! run.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::process::{on_path, run, say};
use crate::setup::{PersonNeeded, browser};
use crate::workspace;

/// Names the compiled step, also to the tests.
pub(crate) const PROGRAM: &str = "FLYWHEEL_REMOTE_STEP";

/// What it is made of, in its own folder.
const SOURCES: [&str; 5] = [
    "flywheel.ts",
    "package-lock.json",
    "package.json",
    "translate.ts",
    "tsconfig.json",
];
/// Written last: what was compiled.
const RECORD: &str = "made-of.txt";

/// The compiled step, after installing what it needs and compiling it if that is not done yet.
/// `FLYWHEEL_REMOTE_STEP` names another one.
pub(crate) fn program() -> Result<PathBuf> {
    if let Some(given) = browser::given(PROGRAM)? {
        // Not resolved: Node.js looks for packages where the file is named to be.
        return std::path::absolute(given).context("find the folder of a given step");
    }
    let sources = workspace::root().join("examples/remote_step");
    let folder = workspace::target_folder()?.join("remote-step");
    let program = folder.join("dist/translate.js");
    let wanted = texts(&sources)?;
    if !(program.is_file() && is_made_of(&folder, &wanted)) {
        make(&sources, &folder)?;
        fs::write(folder.join(RECORD), wanted).context("note what was compiled")?;
    }
    if !program.is_file() {
        bail!("tsc left no {}", program.display());
    }
    Ok(program)
}

/// All sources, one behind the other.
fn texts(sources: &Path) -> Result<String> {
    let mut texts = String::new();
    for name in SOURCES {
        let path = sources.join(name);
        let text = fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
        texts.push_str(&format!("== {name}\n{text}"));
    }
    Ok(texts)
}

fn is_made_of(folder: &Path, wanted: &str) -> bool {
    fs::read_to_string(folder.join(RECORD)).is_ok_and(|there| there == wanted)
}

fn make(sources: &Path, folder: &Path) -> Result<()> {
    if on_path("npm").is_none() || on_path("node").is_none() {
        return Err(PersonNeeded(
            "npm is missing: a test runs a step in TypeScript. Please install Node.js with npm"
                .to_owned(),
        )
        .into());
    }
    let place = folder.display();
    say(&format!(
        "compiling examples/remote_step with what npm installs for it, into {place}"
    ));
    // One of other sources, or one that was broken off.
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("remove {place}"))?;
    }
    fs::create_dir_all(folder).with_context(|| format!("make {place}"))?;
    for name in SOURCES {
        fs::copy(sources.join(name), folder.join(name)).with_context(|| format!("copy {name}"))?;
    }
    run(Command::new("npm")
        .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
        .current_dir(folder)
        .stdout(std::io::stderr()))?;
    run(Command::new("node")
        .arg("node_modules/typescript/bin/tsc")
        .current_dir(folder)
        .stdout(std::io::stderr()))
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn sources() -> PathBuf {
        workspace::root().join("examples/remote_step")
    }

    #[test]
    fn every_source_is_known() {
        let entries = fs::read_dir(sources()).unwrap().map(Result::unwrap);
        let mut names: Vec<String> = entries
            .map(|entry| entry.file_name().into_string().unwrap())
            .filter(|name| name.ends_with(".ts") || name.ends_with(".json"))
            .collect();
        names.sort();
        assert_eq!(names, SOURCES);
    }

    #[test]
    fn every_pinned_version_is_exact_and_the_lockfile_follows_it() {
        let read = |name: &str| -> Value {
            serde_json::from_str(&fs::read_to_string(sources().join(name)).unwrap()).unwrap()
        };
        let (package, lock) = (read("package.json"), read("package-lock.json"));
        for kind in ["dependencies", "devDependencies"] {
            for (name, version) in package[kind].as_object().unwrap() {
                let exact = |c: char| c.is_ascii_digit() || c == '.';
                assert!(version.as_str().unwrap().chars().all(exact), "{name}");
                let locked = &lock["packages"][format!("node_modules/{name}")];
                assert_eq!(&locked["version"], version, "{name}");
            }
        }
    }

    #[test]
    fn one_that_was_broken_off_or_is_of_other_sources_is_made_anew() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!is_made_of(folder.path(), "a"));
        fs::write(folder.path().join(RECORD), "a").unwrap();
        assert!(is_made_of(folder.path(), "a"));
        assert!(!is_made_of(folder.path(), "b"));
    }
}
