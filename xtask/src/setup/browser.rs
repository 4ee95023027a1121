//! Finds Chromium and chromedriver on this machine.

use std::env;
use std::path::PathBuf;

use anyhow::Result;

use crate::process::on_path;
use crate::setup::PersonNeeded;

/// Names Chromium, also to the programs that we run.
pub(crate) const CHROMIUM: &str = "CHROMIUM_BIN";
/// Names chromedriver, also to the programs that we run.
pub(crate) const CHROMEDRIVER: &str = "CHROMEDRIVER_BIN";

/// The two programs that read pages.
#[derive(Debug)]
pub(crate) struct Browser {
    pub(crate) chromium: PathBuf,
    pub(crate) chromedriver: PathBuf,
}

/// Where they are, if both are there. `chromium-headless-shell` goes before `chromium`: it reads a
/// page in a third of the processor time.
pub(crate) fn programs() -> Result<Option<Browser>> {
    let chromium = match given(CHROMIUM)? {
        Some(given) => Some(given),
        None => on_path("chromium-headless-shell").or_else(|| on_path("chromium")),
    };
    let chromedriver = match given(CHROMEDRIVER)? {
        Some(given) => Some(given),
        None => on_path("chromedriver"),
    };
    Ok(chromium
        .zip(chromedriver)
        .map(|(chromium, chromedriver)| Browser {
            chromium,
            chromedriver,
        }))
}

/// Whether a person has said where this program is.
pub(crate) fn is_given(variable: &str) -> bool {
    env::var_os(variable).is_some_and(|path| !path.is_empty())
}

/// What this variable names, if it names anything; it has to be there.
pub(crate) fn given(variable: &str) -> Result<Option<PathBuf>> {
    if !is_given(variable) {
        return Ok(None);
    }
    let path = PathBuf::from(env::var_os(variable).unwrap_or_default());
    if path.is_file() {
        return Ok(Some(path));
    }
    let message = format!(
        "{variable} is {}, and there is no such file",
        path.display()
    );
    Err(PersonNeeded(message).into())
}
