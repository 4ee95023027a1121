//! A rule of a platform that something breaks, found before anything is sent.

use std::fmt;

use crate::http::Service;
use crate::{Meaning, PlatformError};

/// One broken rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The field that has it.
    pub field: &'static str,
    /// What is wrong with it, as a predicate: `has 104 characters, 100 are allowed`.
    pub problem: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.field, self.problem)
    }
}

/// Fails with all of them in one terminal error, if there are any.
pub(crate) fn refuse(
    service: &Service,
    operation: &'static str,
    code: &'static str,
    violations: &[Violation],
) -> Result<(), PlatformError> {
    if violations.is_empty() {
        return Ok(());
    }
    let all: Vec<_> = violations.iter().map(Violation::to_string).collect();
    let message = all.join("; ");
    Err(PlatformError::new(
        service.name,
        operation,
        code,
        Meaning::Terminal,
        message,
    ))
}
