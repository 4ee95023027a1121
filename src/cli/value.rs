//! JSON on the command line: as it is, or in a file that is named behind an `@`, with which no JSON
//! begins.

use serde_json::Value;

/// Reads `{"views": 3}`, or what is in the file of `@FILE`.
///
/// # Errors
/// What is wrong with it, in words for a person.
pub(super) fn json_or_file(text: &str) -> Result<Value, String> {
    let Some(file) = text.strip_prefix('@') else {
        return serde_json::from_str(text).map_err(|error| {
            format!("it is not JSON: {error}; a text has quotes of its own, a file an @ before it")
        });
    };
    let text =
        std::fs::read_to_string(file).map_err(|error| format!("{file} cannot be read: {error}"))?;
    serde_json::from_str(&text).map_err(|error| format!("{file} is not JSON: {error}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn json_is_given_as_it_is_or_as_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| format!("@{}", folder.path().join(name).display());
        std::fs::write(folder.path().join("good.json"), "{\"views\": 3}\n").unwrap();
        std::fs::write(folder.path().join("bad.json"), "{").unwrap();
        assert_eq!(json_or_file("null"), Ok(json!(null)));
        assert_eq!(json_or_file("\"a text\""), Ok(json!("a text")));
        assert_eq!(json_or_file(&at("good.json")), Ok(json!({ "views": 3 })));
        for (wrong, said) in [
            ("a text".to_owned(), "it is not JSON"),
            (String::new(), "it is not JSON"),
            (at("bad.json"), "bad.json is not JSON"),
            (at("none.json"), "none.json cannot be read"),
        ] {
            let error = json_or_file(&wrong).unwrap_err();
            assert!(error.contains(said), "{wrong}: {error}");
        }
    }
}
