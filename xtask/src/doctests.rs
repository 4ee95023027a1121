//! Whether the workspace has a documentation test: cargo-nextest does not run them, and asking
//! rustdoc package by package to find none takes longer than looking.

use std::fs;
use std::path::Path;

/// Whether any `src/**/*.rs` of the workspace has one.
pub(crate) fn exist_below(root: &Path) -> bool {
    let Ok(entries) = fs::read_dir(root) else {
        return false;
    };
    entries.flatten().any(|entry| {
        let path = entry.path();
        let name = entry.file_name();
        if path.is_dir() {
            !matches!(name.to_str(), Some("target" | "node_modules" | ".git")) && exist_below(&path)
        } else {
            path.extension().is_some_and(|extension| extension == "rs")
                && path.components().any(|part| part.as_os_str() == "src")
                && fs::read_to_string(&path).is_ok_and(|source| has_one(&source))
        }
    })
}

/// Whether a doc comment opens a code block that rustdoc would compile.
fn has_one(source: &str) -> bool {
    let mut inside = false;
    for line in source.lines() {
        let line = line.trim_start();
        // A page taken in as documentation has its blocks compiled too: rustdoc may look.
        if line.starts_with("#![doc = include_str!") {
            return true;
        }
        let Some(text) = line
            .strip_prefix("///")
            .or_else(|| line.strip_prefix("//!"))
        else {
            inside = false;
            continue;
        };
        let Some(language) = text.trim_start().strip_prefix("```") else {
            continue;
        };
        inside = !inside;
        if inside && is_compiled(language.trim()) {
            return true;
        }
    }
    false
}

/// rustdoc takes a block without a language for Rust.
fn is_compiled(language: &str) -> bool {
    let known = |word: &str| {
        matches!(word, "rust" | "no_run" | "should_panic" | "compile_fail")
            || word.starts_with("edition")
    };
    language.is_empty() || language.split(',').map(str::trim).all(known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_of_rust_is_found_with_and_without_its_name() {
        assert!(has_one("/// ```\n/// f();\n/// ```\nfn f() {}"));
        assert!(has_one("//! ```rust,no_run\n//! f();\n//! ```\n"));
        assert!(has_one("#![doc = include_str!(\"../README.md\")]\n"));
    }

    #[test]
    fn other_languages_and_the_end_of_a_block_are_not_taken_for_one() {
        assert!(!has_one("/// ```json\n/// {}\n/// ```\nfn f() {}"));
        assert!(!has_one("/// ```ignore\n/// f();\n/// ```\nfn f() {}"));
        assert!(!has_one("let text = \"```\";"));
    }
}
