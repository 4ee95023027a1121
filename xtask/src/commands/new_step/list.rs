//! The list of steps in `steps/src/registry.rs`, and one line more in it.

use super::name::Name;

/// The lines before and behind the list.
const BEGINS: &str = "$then! {";
const ENDS: &str = "}";

/// The text of the registry with the step in its place: the list stays sorted.
///
/// # Errors
/// Why it cannot be added, as a sentence.
pub(super) fn with(registry: &str, name: &Name<'_>) -> Result<String, String> {
    let Name { step, of_type } = name;
    let mut lines: Vec<&str> = registry.lines().collect();
    let by_hand = || {
        format!(
            "steps/src/registry.rs has no list that this command knows; see what became of it, and \
             add `{step}: {of_type},` by hand"
        )
    };
    let begins = lines.iter().position(|line| line.trim() == BEGINS);
    let first = begins.ok_or_else(by_hand)? + 1;
    let length = lines
        .iter()
        .skip(first)
        .position(|line| line.trim() == ENDS);
    let listed = lines
        .get(first..first + length.ok_or_else(by_hand)?)
        .ok_or_else(by_hand)?;
    if listed.iter().any(|line| step_of(line) == *step) {
        return Err(format!("there is a step `{step}` already"));
    }
    let place = listed.iter().position(|line| step_of(line) > *step);
    let place = first + place.unwrap_or(listed.len());
    let line = format!("            {step}: {of_type},");
    lines.insert(place, &line);
    Ok(lines.join("\n") + "\n")
}

/// `scrape` of `scrape: Scrape,`.
fn step_of(line: &str) -> &str {
    line.split(':').next().unwrap_or_default().trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The list of a registry with these steps.
    fn listing(lines: &[&str]) -> String {
        let lines: String = lines
            .iter()
            .map(|line| format!("            {line}\n"))
            .collect();
        format!("macro_rules! each_step {{\n        $then! {{\n{lines}        }}\n}}\n")
    }

    fn check(step: &str, of_type: &str, expected: &[&str]) {
        let name = Name { step, of_type };
        let before = listing(&["analyze: Analyze,", "post_open: PostOpen,"]);
        assert_eq!(with(&before, &name), Ok(listing(expected)), "{step}");
    }

    #[test]
    fn a_line_is_added_where_it_belongs() {
        let (analyze, open) = ("analyze: Analyze,", "post_open: PostOpen,");
        check("a", "A", &["a: A,", analyze, open]);
        check("post", "Post", &[analyze, "post: Post,", open]);
        check(
            "post_send",
            "PostSend",
            &[analyze, open, "post_send: PostSend,"],
        );
        let name = Name {
            step: "a",
            of_type: "A",
        };
        assert_eq!(with(&listing(&[]), &name), Ok(listing(&["a: A,"])));
    }

    #[test]
    fn a_step_that_is_listed_is_refused() {
        let name = Name {
            step: "analyze",
            of_type: "Analyze",
        };
        let refused = with(&listing(&["analyze: Analyze,"]), &name).unwrap_err();
        assert!(refused.contains("already"), "{refused}");
    }

    #[test]
    fn a_file_without_the_list_is_refused_with_the_line_that_it_lacks() {
        let name = Name {
            step: "read",
            of_type: "Read",
        };
        for registry in ["", "another list", "        $then! {\n analyze: Analyze,\n"] {
            let refused = with(registry, &name).unwrap_err();
            assert!(refused.contains("`read: Read,`"), "{refused}");
        }
    }
}
