//! The browser and the readers of public pages, with a real Chromium and a site on loopback.
//!
//! Chromium and chromedriver are found by `CHROMIUM_BIN` and `CHROMEDRIVER_BIN`, else where Debian's
//! packages put them. Without them these tests fail: nothing else proves that pages can be read.

mod behaviour;
mod contexts;
mod crashes;
mod endings;
mod instagram;
mod processes;
mod proxy;
mod server;
mod site;
mod tiktok;

use std::env;
use std::error::Error;
use std::path::PathBuf;
use std::time::Duration;

use platforms::PlatformError;
use platforms::browser::{Browser, BrowserConfig};

/// What a test returns.
pub(crate) type Checked = Result<(), Box<dyn Error>>;

/// The configuration of a browser for tests: more patient than a program needs to be, since several
/// programs may be at work on this machine.
pub(crate) fn config() -> Result<BrowserConfig, Box<dyn Error>> {
    let default = BrowserConfig::default();
    let chromedriver = program("CHROMEDRIVER_BIN", default.chromedriver)?;
    let chromium = program("CHROMIUM_BIN", default.chromium)?;
    Ok(BrowserConfig {
        start_limit: Duration::from_secs(120),
        page_limit: Duration::from_secs(90),
        this_machine: true,
        ..BrowserConfig::new(chromedriver, chromium)
    })
}

/// A browser that has not started anything.
pub(crate) fn browser() -> Result<Browser, Box<dyn Error>> {
    Ok(Browser::new(config()?)?)
}

fn program(variable: &str, default: PathBuf) -> Result<PathBuf, String> {
    let path = env::var_os(variable).map_or(default, PathBuf::from);
    if path.is_file() {
        return Ok(path);
    }
    Err(format!(
        "there is no {}: install Chromium and chromedriver (Debian: `apt-get install \
         chromium-headless-shell chromium-driver`; `cargo xtask test` does it), or set {variable}",
        path.display()
    ))
}

/// The error of a call that has to fail.
pub(crate) fn failure<T: std::fmt::Debug>(
    result: Result<T, PlatformError>,
) -> Result<PlatformError, Box<dyn Error>> {
    match result {
        Err(error) => Ok(error),
        Ok(value) => Err(format!("succeeded with {value:?}").into()),
    }
}
