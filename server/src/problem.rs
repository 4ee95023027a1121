//! The body of every answer that says no: `application/problem+json` after RFC 9457, with the
//! field to correct and a code to look up.
//!
//! It must not carry what the caller may not know, such as the words of the database.

use axum::Json;
use axum::http::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use axum::response::{IntoResponse, Response};
use serde::{Serialize, Serializer};

use crate::code::Code;

/// Seconds after which trying again makes sense when the fault is ours.
const RETRY_AFTER_SECONDS: HeaderValue = HeaderValue::from_static("5");

/// One answer that says no.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What to look up; it decides the type, the title and the status.
    pub code: Code,
    /// This occurrence, and what to change.
    pub detail: String,
    /// The first field at fault: a header's name, or a path in the body such as
    /// `data.targets[0].platform`.
    pub field: Option<String>,
    /// Everything that was found at fault in the body, the first one included.
    pub errors: Vec<FieldProblem>,
}

/// A problem as it goes over the wire.
#[derive(Serialize)]
struct Wire<'p> {
    /// `urn:flywheel:error:<code>`.
    #[serde(rename = "type")]
    kind: String,
    title: &'static str,
    status: u16,
    detail: &'p str,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'p str>,
    code: &'static str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'p [FieldProblem],
}

/// One field at fault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldProblem {
    /// Its path in the body.
    pub field: String,
    /// What is wrong with it, and what to change.
    pub detail: String,
    /// The durable name of the error.
    #[serde(serialize_with = "name")]
    pub code: Code,
}

fn name<S: Serializer>(code: &Code, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(code.name())
}

impl Problem {
    /// A problem of no particular field.
    #[must_use]
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
            field: None,
            errors: Vec::new(),
        }
    }

    /// A problem of one field.
    #[must_use]
    pub fn of(code: Code, field: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            field: Some(field.into()),
            ..Self::new(code, detail)
        }
    }

    /// All that is wrong with a body; the first one gives the answer its code and field.
    #[must_use]
    pub fn of_fields(errors: Vec<FieldProblem>) -> Self {
        match errors.first().cloned() {
            Some(first) => Self {
                errors,
                ..Self::of(first.code, first.field, first.detail)
            },
            None => Self::new(Code::WebhookFieldInvalid, "The body cannot be used."),
        }
    }
}

impl Serialize for Problem {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let wire = Wire {
            kind: format!("urn:flywheel:error:{}", self.code.name()),
            title: self.code.title(),
            status: self.code.status().as_u16(),
            detail: &self.detail,
            field: self.field.as_deref(),
            code: self.code.name(),
            errors: &self.errors,
        };
        wire.serialize(serializer)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = self.code.status();
        let mut response = (status, Json(self)).into_response();
        let headers = response.headers_mut();
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        if status.is_server_error() {
            headers.insert(RETRY_AFTER, RETRY_AFTER_SECONDS);
        }
        response
    }
}
