//! What a step can be named.

use std::collections::BTreeSet;

/// Longest name, in characters: lines with it still fit.
pub(super) const LONGEST: usize = 40;

/// Words that cannot name a module.
const KEYWORDS: &[&str] = &[
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate",
    "do", "dyn", "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl",
    "in", "let", "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref",
    "return", "self", "static", "struct", "super", "trait", "true", "try", "type", "typeof",
    "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];
/// Entries of the engine's journal, which no step may be named like.
const OF_JOURNAL: &[&str] = &["now", "rerun", "wait"];
/// Files that mean something else to Cargo.
const OF_CARGO: &[&str] = &["lib", "main"];

/// A name that a new step can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Name<'n> {
    /// Of the step, its file and its module: `read_comments`.
    pub(super) step: &'n str,
    /// Of its type: `ReadComments`.
    pub(super) of_type: &'n str,
}

impl<'n> Name<'n> {
    /// Checks a name; `template` is the text that the step is made of.
    ///
    /// # Errors
    /// What is wrong with it, as a sentence.
    pub(super) fn new(step: &'n str, of_type: &'n str, template: &str) -> Result<Self, String> {
        let problem = if !is_snake_case(step) {
            "a name is words of a-z and 0-9 with one `_` between two, and begins with a letter: \
             `read_comments`"
                .to_owned()
        } else if step.len() > LONGEST {
            format!("a name has at most {LONGEST} characters")
        } else if KEYWORDS.contains(&step) {
            "that is a word of Rust's own".to_owned()
        } else if OF_JOURNAL.contains(&step) {
            "that is an entry of the engine's journal".to_owned()
        } else if OF_CARGO.contains(&step) {
            "Cargo takes a file of that name for something else".to_owned()
        } else if words(template).contains(of_type) {
            format!("its type would be `{of_type}`, which a step uses for something else")
        } else {
            return Ok(Self { step, of_type });
        };
        Err(format!("`{step}` cannot be a step's name: {problem}"))
    }
}

/// The name of the type: each word with a capital, without the `_`.
pub(super) fn of_type(step: &str) -> String {
    step.split('_')
        .flat_map(|word| {
            let mut letters = word.chars();
            let first = letters.next().map(|letter| letter.to_ascii_uppercase());
            first.into_iter().chain(letters)
        })
        .collect()
}

fn is_snake_case(name: &str) -> bool {
    let is_word = |word: &str| {
        !word.is_empty()
            && word
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
    };
    name.starts_with(|c: char| c.is_ascii_lowercase()) && name.split('_').all(is_word)
}

/// The words of a program, without those of its comments.
fn words(program: &str) -> BTreeSet<&str> {
    program
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .flat_map(|line| line.split(|c: char| !c.is_ascii_alphanumeric() && c != '_'))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEMPLATE: &str =
        "//! Reads.\nuse engine::{Step, StepContext};\nfn f() -> Result<String> {}\n";

    fn problem(step: &str) -> String {
        Name::new(step, &of_type(step), TEMPLATE).unwrap_err()
    }

    #[test]
    fn a_name_is_words_and_its_type_has_their_capitals() {
        for (step, type_name) in [
            ("a", "A"),
            ("scrape", "Scrape"),
            ("read_comments", "ReadComments"),
            ("read_2_pages", "Read2Pages"),
            ("mp4", "Mp4"),
            // A word of a comment is no type.
            ("reads", "Reads"),
        ] {
            let name = of_type(step);
            let name = Name::new(step, &name, TEMPLATE).unwrap();
            assert_eq!(name.of_type, type_name);
        }
    }

    #[test]
    fn what_cannot_be_a_name_is_refused_with_the_reason() {
        let long = "x".repeat(LONGEST + 1);
        for (step, said) in [
            ("", "a name is words"),
            ("Read", "a name is words"),
            ("read-comments", "a name is words"),
            ("read__comments", "a name is words"),
            ("_read", "a name is words"),
            ("read_", "a name is words"),
            ("2read", "a name is words"),
            ("läs", "a name is words"),
            ("../read", "a name is words"),
            (&long, "at most 40 characters"),
            ("match", "a word of Rust's own"),
            ("wait", "the engine's journal"),
            ("main", "Cargo takes"),
            ("step", "would be `Step`"),
            ("step_context", "would be `StepContext`"),
            ("string", "would be `String`"),
        ] {
            let problem = problem(step);
            assert!(problem.contains(said), "{problem}");
        }
    }
}
