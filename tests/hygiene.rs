//! What every source file keeps to and no lint checks: it opens by saying what it is, stays short,
//! promises nothing unfinished; and each error code has its page, each page its error code.

#![expect(
    clippy::unwrap_used,
    reason = "a test may stop at once where its ground is missing"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Folders that hold nothing of ours, and where a walk would never end.
const SKIPPED: &[&str] = &["target", "node_modules", ".git", ".flywheel"];

/// Longest file, in lines. Most are near 100.
const LONGEST: usize = 500;

/// Folders whose names must not come up: a thing belongs with what it is about.
const NAMES_OF_NOTHING: &[&str] = &["util", "utils", "common", "helpers", "misc"];

/// Behind each of these stands an error code: the first text before the call or statement ends.
const CODE_FOLLOWS: &[&str] = &[
    "StepError::retry(",
    "StepError::later(",
    "StepError::terminal(",
    "StepError::unknown(",
    "StepError::in_doubt(",
    "Failure::terminal(",
    "ErrorNote::new(",
    "ErrorNote::text(",
    "Judgement::Over(",
    "posts::unknown(",
    "reject(",
    "bad(",
    "let code = ",
];

/// Between each of these pairs stand error codes and no other single words.
const CODE_LISTS: &[(&str, &str)] = &[
    ("const CODES: &[&str] = &[", "];"),
    ("mod codes {", "\n}"),
    ("fn code(", "\n    }"),
    ("const fn name(", "\n    }"),
];

/// Sources whose codes nobody who runs Flywheel meets: the tests' own, the vendors' own, the set-up.
const CODELESS: &[&str] = &["engine/src/testing/", "sandbox/", "xtask/"];

/// What the page about a code says.
const PAGE_PARTS: &[&str] = &["## What it means", "## How to see it", "## How to fix it"];

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
fn every_error_code_has_a_page() {
    let missing: Vec<String> = codes().into_iter().filter(|code| !has_page(code)).collect();
    assert_eq!(
        missing,
        Vec::<String>::new(),
        "docs/errors/<code>.md is not there, or lacks its title or one of {PAGE_PARTS:?}"
    );
}

fn has_page(code: &str) -> bool {
    let path = root().join(format!("docs/errors/{code}.md"));
    let page = fs::read_to_string(path).unwrap_or_default();
    page.starts_with(&format!("# {code}\n")) && PAGE_PARTS.iter().all(|part| page.contains(part))
}

#[test]
fn every_page_about_an_error_code_is_about_one_that_the_source_has() {
    let codes = codes();
    let lost: Vec<String> = files_below(&root().join("docs/errors"), "md")
        .iter()
        .filter_map(|page| Some(page.file_stem()?.to_str()?.to_owned()))
        .filter(|code| !is_an_index(code) && !codes.contains(code))
        .collect();
    assert_eq!(
        lost,
        Vec::<String>::new(),
        "no source gives these codes in the places that CODE_FOLLOWS and CODE_LISTS name"
    );
}

/// `docs/errors/README.md` and the like list the codes and are none.
fn is_an_index(name: &str) -> bool {
    name.chars().any(char::is_uppercase)
}

/// Every code that somebody who runs Flywheel, or calls it, can meet.
fn codes() -> BTreeSet<String> {
    let is_program = |source: &&Source| {
        let path = source.path.as_str();
        (path.starts_with("src/") || path.contains("/src/"))
            && !path.ends_with("/tests.rs")
            && !CODELESS.iter().any(|folder| path.starts_with(folder))
    };
    sources()
        .iter()
        .filter(is_program)
        .flat_map(|source| codes_in(&source.text))
        .collect()
}

fn codes_in(text: &str) -> Vec<String> {
    let program = without_comments_and_tests(text);
    let program = program.as_str();
    let followed = CODE_FOLLOWS
        .iter()
        .flat_map(|place| behind(program, place))
        .filter_map(first_text);
    let listed = CODE_LISTS
        .iter()
        .flat_map(|(start, end)| {
            behind(program, start).filter_map(move |list| list.split(*end).next())
        })
        .flat_map(|list| list.split('"').skip(1).step_by(2));
    followed
        .chain(listed)
        .filter(|text| is_code(text))
        .map(str::to_owned)
        .collect()
}

/// What a file does: no lines of comment, and not its tests, which stand at its end.
fn without_comments_and_tests(text: &str) -> String {
    let (program, _tests) = text
        .split_once("#[cfg(test)]\nmod tests {")
        .unwrap_or((text, ""));
    let is_comment = |line: &&str| line.trim_start().starts_with("//");
    let lines: Vec<&str> = program.lines().filter(|line| !is_comment(line)).collect();
    lines.join("\n")
}

/// What stands behind each occurrence of `place`.
fn behind<'t>(text: &'t str, place: &'t str) -> impl Iterator<Item = &'t str> {
    text.match_indices(place)
        .map(move |(at, found)| &text[at + found.len()..])
}

/// The first quoted text, unless the call or statement ends before it.
fn first_text(rest: &str) -> Option<&str> {
    let mut open = 0;
    for (at, c) in rest.char_indices() {
        match c {
            '"' => return rest[at + 1..].split('"').next(),
            '(' => open += 1,
            ')' if open > 0 => open -= 1,
            ')' | ';' => return None,
            _ => {}
        }
    }
    None
}

fn is_code(text: &str) -> bool {
    let of_a_code = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    !text.is_empty() && text.chars().all(of_a_code)
}

#[test]
fn a_code_is_found_wherever_one_stands() {
    let source = r#"
pub const CODES: &[&str] = &[
    "in_a_list",
];
pub mod codes {
    /// Not "this_one".
    pub const OF_THE_ENGINE: &str = "of_the_engine";
}
impl Refusal {
    pub fn code(self) -> &'static str {
        match self {
            Self::Gone => "in_a_table",
        }
    }
}
fn run() {
    StepError::retry("on_the_line", error);
    StepError::terminal(
        "on_the_next_line",
        Plain("no_code".to_owned()),
    );
    StepError::later(error.code(), when(), error);
    Failure::terminal(codes::OF_THE_ENGINE, "a sentence");
    Judgement::Over(status(1), "behind_another", "no_code");
    call("no_code");
}
#[cfg(test)]
mod tests {
    fn run() {
        StepError::retry("of_a_test", error);
    }
}
"#;
    assert_eq!(
        codes_in(source),
        [
            "on_the_line",
            "on_the_next_line",
            "behind_another",
            "in_a_list",
            "of_the_engine",
            "in_a_table",
        ]
    );
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
