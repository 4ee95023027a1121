//! The only place that writes to the terminal: data to stdout, all else to stderr.
//!
//! Written with `write!`, because a reader that went away (`flywheel runs list | head`) is no reason
//! to panic.

use std::fmt::Display;
use std::io::Write as _;

use serde::Serialize;

/// One line of data.
pub(crate) fn data(line: impl Display) {
    let mut stdout = std::io::stdout().lock();
    // Nobody reads any more: there is nobody to tell.
    let _ = writeln!(stdout, "{line}").and_then(|()| stdout.flush());
}

/// A value as one line of JSON.
///
/// # Errors
/// When the value cannot be written as JSON.
pub(crate) fn json(value: &impl Serialize) -> serde_json::Result<()> {
    data(serde_json::to_string(value)?);
    Ok(())
}

/// One line for the person at the terminal.
pub(crate) fn note(line: impl Display) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}
