//! Names of limits: text with `{field}` in it, which the step's input fills in.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Policy;

/// The step's input does not fill in the name of a limit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the limit `{limit}` needs the field `{field}` of the step's input, which {problem}")]
pub struct MissingField {
    /// The limit's name, as the policy has it.
    pub limit: String,
    /// The field.
    pub field: String,
    /// What is wrong with it, as a predicate.
    pub problem: &'static str,
}

impl Policy {
    /// The keys of the limits that an attempt with this input needs. They are sorted, and each is
    /// there once: who takes them in this order never waits for somebody who waits for them.
    ///
    /// # Errors
    /// [`MissingField`] when the input has no such field, or when it is neither a text nor a number.
    pub fn limit_keys(&self, input: &Value) -> Result<Vec<String>, MissingField> {
        let filled_in = self.limits.iter().map(|limit| key(limit, input));
        let keys: BTreeSet<String> = filled_in.collect::<Result<_, _>>()?;
        Ok(keys.into_iter().collect())
    }
}

fn key(limit: &str, input: &Value) -> Result<String, MissingField> {
    let missing = |field: &str, problem: &'static str| MissingField {
        limit: limit.to_owned(),
        field: field.to_owned(),
        problem,
    };
    let mut key = String::new();
    for piece in pieces(limit).map_err(|wrong| missing(wrong.field, wrong.problem))? {
        let field = match piece {
            Piece::Text(text) => {
                key.push_str(text);
                continue;
            }
            Piece::Field(field) => field,
        };
        match field
            .split('.')
            .try_fold(input, |value, name| value.get(name))
        {
            Some(Value::String(text)) => key.push_str(text),
            Some(Value::Number(number)) => key.push_str(&number.to_string()),
            Some(_) => return Err(missing(field, "is neither a text nor a number")),
            None => return Err(missing(field, "is not there")),
        }
    }
    Ok(key)
}

/// A piece of a limit's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Piece<'n> {
    /// It stands as it is.
    Text(&'n str),
    /// The field of the input that comes here, with dots between the names on the way down.
    Field(&'n str),
}

/// A field that is not written as one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Malformed<'n> {
    /// The field, or what follows its `{`.
    pub(crate) field: &'n str,
    /// What is wrong with it, as a predicate.
    pub(crate) problem: &'static str,
}

/// The pieces of a limit's name, in order.
pub(crate) fn pieces(limit: &str) -> Result<Vec<Piece<'_>>, Malformed<'_>> {
    let mut pieces = Vec::new();
    let mut rest = limit;
    while let Some((text, behind)) = rest.split_once('{') {
        let closed = behind.split_once('}');
        let Some((field, after)) = closed.filter(|(field, _)| !field.contains('{')) else {
            return Err(Malformed {
                field: behind,
                problem: "has no `}` behind it",
            });
        };
        if field.split('.').any(str::is_empty) {
            return Err(Malformed {
                field,
                problem: "lacks a name",
            });
        }
        pieces.extend([Piece::Text(text), Piece::Field(field)]);
        rest = after;
    }
    pieces.push(Piece::Text(rest));
    Ok(pieces)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn keys(limits: &[&'static str]) -> Result<Vec<String>, String> {
        let policy = Policy {
            limits: limits.iter().map(|limit| (*limit).into()).collect(),
            ..Policy::default()
        };
        let input = json!({
            "platform": "tiktok",
            "account": "main",
            "number": 7,
            "target": { "account": { "id": "a_1" } },
            "tags": ["x"],
            "nothing": null,
        });
        policy.limit_keys(&input).map_err(|error| error.to_string())
    }

    #[test]
    fn texts_and_numbers_of_the_input_are_filled_in() {
        assert_eq!(keys(&[]).unwrap(), Vec::<String>::new());
        assert_eq!(keys(&["anthropic"]).unwrap(), ["anthropic"]);
        assert_eq!(
            keys(&["account:{platform}/{account}"]).unwrap(),
            ["account:tiktok/main"]
        );
        assert_eq!(keys(&["n{number}"]).unwrap(), ["n7"]);
        assert_eq!(keys(&["{target.account.id}!"]).unwrap(), ["a_1!"]);
    }

    #[test]
    fn keys_are_sorted_and_each_is_there_once() {
        assert_eq!(
            keys(&["tiktok", "anthropic", "{platform}"]).unwrap(),
            ["anthropic", "tiktok"]
        );
    }

    #[test]
    fn what_cannot_be_filled_in_is_named_with_its_limit() {
        assert_eq!(
            keys(&["a:{acount}"]).unwrap_err(),
            "the limit `a:{acount}` needs the field `acount` of the step's input, which is not there"
        );
        for (limit, problem) in [
            ("{tags}", "is neither a text nor a number"),
            ("{nothing}", "is neither a text nor a number"),
            ("{target.account}", "is neither a text nor a number"),
            ("{platform.name}", "is not there"),
            ("{platform", "has no `}` behind it"),
            ("{a{platform}", "has no `}` behind it"),
            ("{}", "lacks a name"),
            ("{target..id}", "lacks a name"),
        ] {
            let said = keys(&[limit]).unwrap_err();
            assert!(said.ends_with(problem), "{limit}: {said}");
        }
    }
}
