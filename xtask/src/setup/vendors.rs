//! The vendors' own Python clients, which a test runs against the sandbox: a virtual environment
//! with what `tests/vendors/requirements.txt` pins.

use std::path::PathBuf;

use anyhow::Result;

use crate::setup::browser;
use crate::setup::python::{self, Environment};

/// Names the Python that has the clients, also to the tests.
pub(crate) const PYTHON: &str = "FLYWHEEL_VENDORS_PYTHON";

const CLIENTS: Environment = Environment {
    name: "vendors-python",
    requirements: "tests/vendors/requirements.txt",
    what: "the vendors' Python clients",
    variable: Some(PYTHON),
};

/// The Python that has the clients, after making its environment if it is not there.
/// `FLYWHEEL_VENDORS_PYTHON` names another one.
pub(crate) fn python() -> Result<PathBuf> {
    CLIENTS.python()
}

/// Whether the environment can be made, or need not be.
pub(crate) fn can_be_installed() -> bool {
    browser::is_given(PYTHON) || python::makes_environments()
}
