//! What has to be on the machine before anything can be built or run, and how it gets there.
//!
//! Every part looks first and installs only what is missing, so a second run changes nothing and
//! needs no network.

pub(crate) mod browser;
pub(crate) mod postgres;
pub(crate) mod python;
pub(crate) mod remote_step;
pub(crate) mod restate;
pub(crate) mod system;
pub(crate) mod vendors;

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use crate::setup::browser::Browser;
use crate::workspace;

/// A person has to do something first; ends the program with exit code 2.
#[derive(Debug)]
pub(crate) struct PersonNeeded(pub(crate) String);

impl std::fmt::Display for PersonNeeded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for PersonNeeded {}

/// The programs that the demo, the tests and the benchmarks are told of by environment.
#[derive(Debug)]
pub(crate) struct Tools {
    restate_server: PathBuf,
    media_helper: PathBuf,
    /// Nothing where nobody needs it.
    browser: Option<Browser>,
}

impl Tools {
    /// Installs the Restate server unless it is there.
    pub(crate) fn install() -> Result<Self> {
        Ok(Self {
            restate_server: restate::server()?,
            media_helper: workspace::debug_binary("flywheel-media")?,
            browser: browser::programs()?,
        })
    }

    /// Hands the paths to a child.
    pub(crate) fn tell<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        if let Some(browser) = &self.browser {
            command
                .env(browser::CHROMIUM, &browser.chromium)
                .env(browser::CHROMEDRIVER, &browser.chromedriver);
        }
        command
            .env("RESTATE_SERVER_BIN", &self.restate_server)
            .env("FLYWHEEL_MEDIA_BIN", &self.media_helper)
    }
}
