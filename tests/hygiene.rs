//! What every source file keeps to and no lint checks: it opens by saying what it is, stays short,
//! promises nothing unfinished, and each page about an error code is about one that exists.

#![expect(
    clippy::unwrap_used,
    reason = "a test may stop at once where its ground is missing"
)]

use std::fs;
use std::path::{Path, PathBuf};

/// Folders that hold nothing of ours, and where a walk would never end.
const SKIPPED: &[&str] = &["target", "node_modules", ".git", ".flywheel"];

/// Longest file, in lines. Most are near 100.
const LONGEST: usize = 500;

/// Folders whose names must not come up: a thing belongs with what it is about.
const NAMES_OF_NOTHING: &[&str] = &["util", "utils", "common", "helpers", "misc"];

/// A source file: its path from the root and its text.
struct Source {
    path: String,
    text: String,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All files with this extension below a folder.
fn files_below(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                let name = entry.file_name();
                if !SKIPPED.iter().any(|skipped| name == *skipped) {
                    open.push(path);
                }
            } else if path.extension().is_some_and(|of_it| of_it == extension) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn sources() -> Vec<Source> {
    let files = files_below(root(), "rs");
    assert!(
        files.len() > 20,
        "only {} source files were found",
        files.len()
    );
    let read = |path: PathBuf| Source {
        text: fs::read_to_string(&path).unwrap(),
        path: path
            .strip_prefix(root())
            .unwrap_or(&path)
            .display()
            .to_string(),
    };
    files.into_iter().map(read).collect()
}

/// The paths of the sources that `is_wrong` picks, for a message that names them.
fn wrong(is_wrong: impl Fn(&Source) -> bool) -> Vec<String> {
    sources()
        .into_iter()
        .filter(|source| is_wrong(source))
        .map(|source| source.path)
        .collect()
}

#[test]
fn every_source_file_opens_with_what_it_is() {
    assert_eq!(
        wrong(|source| !opens_with_docs(&source.text)),
        Vec::<String>::new()
    );
}

/// By a line of prose, or by a page that is taken in as the documentation.
fn opens_with_docs(text: &str) -> bool {
    let first = text.lines().next().unwrap_or_default();
    let prose = first
        .strip_prefix("//! ")
        .is_some_and(|words| words.trim().len() > 10);
    prose || first.starts_with("#![doc = include_str!(")
}

#[test]
fn no_source_file_is_longer_than_can_be_read() {
    assert_eq!(
        wrong(|source| source.text.lines().count() > LONGEST),
        Vec::<String>::new()
    );
}

#[test]
fn no_source_file_has_an_unfinished_place() {
    // In two parts, so that this file does not find itself.
    let marks = [["todo", "!("].concat(), ["unimplemented", "!("].concat()];
    assert_eq!(
        wrong(|source| marks.iter().any(|mark| source.text.contains(mark.as_str()))),
        Vec::<String>::new()
    );
}

#[test]
fn no_module_is_named_after_nothing() {
    let is_wrong = |source: &Source| {
        let path = Path::new(&source.path).with_extension("");
        path.components().any(|part| {
            NAMES_OF_NOTHING
                .iter()
                .any(|name| part.as_os_str() == *name)
        })
    };
    assert_eq!(wrong(is_wrong), Vec::<String>::new());
}

#[test]
fn every_page_about_an_error_code_is_about_one_that_the_source_has() {
    let sources = sources();
    let lost: Vec<String> = files_below(&root().join("docs/errors"), "md")
        .iter()
        .filter_map(|page| Some(page.file_stem()?.to_str()?.to_owned()))
        .filter(|code| !is_an_index(code))
        .filter(|code| {
            let quoted = format!("\"{code}\"");
            !sources.iter().any(|source| source.text.contains(&quoted))
        })
        .collect();
    assert_eq!(
        lost,
        Vec::<String>::new(),
        "no source file has these codes as strings"
    );
}

/// `docs/errors/README.md` and the like list the codes and are none.
fn is_an_index(name: &str) -> bool {
    name.chars().any(char::is_uppercase)
}

#[test]
fn a_file_that_says_nothing_about_itself_is_told_apart() {
    assert!(opens_with_docs("//! One video's loop, as a workflow.\n"));
    assert!(opens_with_docs(
        "#![doc = include_str!(\"../README.md\")]\n"
    ));
    assert!(!opens_with_docs("use std::fs;\n//! Too late.\n"));
    assert!(!opens_with_docs("//!\n//! Begins with nothing.\n"));
}
