//! Reading fields of a JSON object one by one while keeping note of what is wrong with them. What
//! a message has to contain is the message's own business.

use serde_json::{Map, Value};

use crate::code::Code;
use crate::problem::FieldProblem;

/// What is wrong so far, in the order in which it was found.
#[derive(Default)]
pub(super) struct Findings(Vec<FieldProblem>);

impl Findings {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn into_problems(self) -> Vec<FieldProblem> {
        self.0
    }

    pub(super) fn refuse(&mut self, code: Code, field: String, detail: impl Into<String>) {
        self.0.push(FieldProblem {
            field,
            detail: detail.into(),
            code,
        });
    }

    pub(super) fn invalid(&mut self, field: String, detail: impl Into<String>) {
        self.refuse(Code::WebhookFieldInvalid, field, detail);
    }

    /// Postgres keeps no NUL in texts, and a message that cannot be stored cannot be promised.
    pub(super) fn refuse_nul(&mut self, value: &Value, path: &str) {
        match value {
            Value::String(text) if text.contains('\0') => {
                self.invalid(path.to_owned(), "Leave out the character U+0000.");
            }
            Value::Array(values) => {
                for (at, value) in values.iter().enumerate() {
                    self.refuse_nul(value, &format!("{path}[{at}]"));
                }
            }
            Value::Object(fields) => {
                for (name, value) in fields {
                    if name.contains('\0') {
                        self.invalid(
                            path.to_owned(),
                            "Leave out names with the character U+0000.",
                        );
                    }
                    self.refuse_nul(value, &join(path, name));
                }
            }
            _ => {}
        }
    }
}

fn join(parent: &str, name: &str) -> String {
    if parent.is_empty() {
        name.to_owned()
    } else {
        format!("{parent}.{name}")
    }
}

/// A JSON object and where it stands in the body.
pub(super) struct Fields<'v> {
    at: String,
    object: &'v Map<String, Value>,
}

impl<'v> Fields<'v> {
    /// The body itself.
    pub(super) fn top(found: &mut Findings, body: &'v Value) -> Option<Self> {
        let object = body.as_object();
        if object.is_none() {
            found.invalid("body".to_owned(), "Write one JSON object.");
        }
        Some(Self {
            at: String::new(),
            object: object?,
        })
    }

    /// The value at `at`.
    pub(super) fn of(found: &mut Findings, at: String, value: &'v Value) -> Option<Self> {
        match value {
            Value::Object(object) => Some(Self { at, object }),
            _ => {
                found.invalid(at, "Write an object.");
                None
            }
        }
    }

    /// The full path of a field of this object.
    pub(super) fn path(&self, name: &str) -> String {
        join(&self.at, name)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.given(name).is_some()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&'v String, &'v Value)> {
        self.object.iter()
    }

    /// `null` is as good as absent.
    fn given(&self, name: &str) -> Option<&'v Value> {
        self.object.get(name).filter(|value| !value.is_null())
    }

    fn required(&self, found: &mut Findings, name: &str, what: &str) -> Option<&'v Value> {
        let value = self.given(name);
        if value.is_none() {
            found.invalid(self.path(name), format!("It is missing; write {what}."));
        }
        value
    }

    /// A required text with more than white space in it.
    pub(super) fn text(&self, found: &mut Findings, name: &str) -> Option<&'v str> {
        self.required(found, name, "a text")?;
        self.optional_text(found, name)
    }

    pub(super) fn optional_text(&self, found: &mut Findings, name: &str) -> Option<&'v str> {
        let text = self
            .given(name)?
            .as_str()
            .filter(|text| !text.trim().is_empty());
        if text.is_none() {
            found.invalid(self.path(name), "Write a text that is not empty.");
        }
        text
    }

    /// A required text of at most so many characters.
    pub(super) fn short_text(
        &self,
        found: &mut Findings,
        name: &str,
        longest: usize,
    ) -> Option<&'v str> {
        self.required(found, name, "a text")?;
        self.optional_short_text(found, name, longest)
    }

    pub(super) fn optional_short_text(
        &self,
        found: &mut Findings,
        name: &str,
        longest: usize,
    ) -> Option<&'v str> {
        let text = self.optional_text(found, name)?;
        if text.chars().count() <= longest {
            return Some(text);
        }
        found.invalid(
            self.path(name),
            format!("Write at most {longest} characters."),
        );
        None
    }

    /// A required name that can be part of keys, paths and URLs as it is: no dot in front, so that
    /// it is neither hidden nor a way up.
    pub(super) fn name(&self, found: &mut Findings, name: &str, longest: usize) -> Option<&'v str> {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        let text = self.text(found, name)?;
        if text.len() <= longest && !text.starts_with('.') && text.chars().all(plain) {
            return Some(text);
        }
        let detail = format!(
            "Write 1 to {longest} of the characters A-Z a-z 0-9 . _ - and no dot in front."
        );
        found.invalid(self.path(name), detail);
        None
    }

    pub(super) fn object(&self, found: &mut Findings, name: &str) -> Option<Self> {
        self.required(found, name, "an object")?;
        self.optional_object(found, name)
    }

    pub(super) fn optional_object(&self, found: &mut Findings, name: &str) -> Option<Self> {
        Self::of(found, self.path(name), self.given(name)?)
    }

    pub(super) fn list(&self, found: &mut Findings, name: &str) -> Option<&'v [Value]> {
        self.required(found, name, "a list")?;
        Some(self.optional_list(found, name))
    }

    /// Empty when there is none.
    pub(super) fn optional_list(&self, found: &mut Findings, name: &str) -> &'v [Value] {
        match self.given(name) {
            Some(Value::Array(values)) => values,
            Some(_) => {
                found.invalid(self.path(name), "Write a list.");
                &[]
            }
            None => &[],
        }
    }
}
