//! A Chromium of our own, with its chromedriver: started, watched, and ended as one.

use std::path::Path;
use std::time::Duration;

use nix::unistd::geteuid;
use tempfile::TempDir;
use thirtyfour::error::WebDriverResult;
use thirtyfour::prelude::{CapabilitiesHelper as _, ChromiumLikeCapabilities as _};
use thirtyfour::{ChromeCapabilities, DesiredCapabilities, WebDriver};
use tokio::sync::watch;
use tokio_util::task::AbortOnDropHandle;

use super::leash::Leash;
use super::meaning::Trouble;
use super::proxy::Forwarder;
use super::session::{self, Session};
use super::{BrowserConfig, unwanted};

/// What Chromium is started with: no window, no pictures, no fonts from outside, no errands of its
/// own, and English, in which walls are worded as we know them.
const ARGUMENTS: &[&str] = &[
    "--headless=new",
    "--window-size=1280,800",
    "--accept-lang=en-US,en",
    "--blink-settings=imagesEnabled=false",
    "--disable-remote-fonts",
    "--mute-audio",
    "--disable-gpu",
    // A container's shared memory is too small for a page.
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-breakpad",
    "--disable-component-update",
    "--disable-extensions",
    "--disable-sync",
    "--no-default-browser-check",
    "--no-first-run",
    "--password-store=basic",
];

/// A Chromium that ends when this is dropped.
#[derive(Debug)]
pub(super) struct Launched {
    /// Where its commands go.
    pub(super) session: Session,
    /// True once Chromium or chromedriver is gone.
    pub(super) ended: watch::Receiver<bool>,
    _keeper: AbortOnDropHandle<()>,
    _forwarder: Option<Forwarder>,
    /// Its profile. The leash removes it too, but only if we end in a way that we cannot see.
    _folder: TempDir,
}

impl Launched {
    /// Starts chromedriver, and Chromium through it.
    pub(super) async fn start(config: &BrowserConfig) -> Result<Self, Trouble> {
        config.check_programs()?;
        let limit = config.start_limit;
        tokio::time::timeout(limit, begin(config))
            .await
            .unwrap_or_else(|_| {
                let words = format!("Chromium had not started after {limit:?}");
                Err(Trouble::NotStarted(words))
            })
    }
}

async fn begin(config: &BrowserConfig) -> Result<Launched, Trouble> {
    let folder = TempDir::with_prefix("flywheel-browser-").map_err(not_started)?;
    let forwarder = match &config.proxy {
        Some(proxy) => Some(Forwarder::start(proxy).await.map_err(not_started)?),
        None => None,
    };
    let mut leash =
        Leash::start(&config.chromedriver, &["--port=0"], folder.path()).map_err(not_started)?;
    let port = leash.port().await.map_err(not_started)?;
    let proxy_port = forwarder.as_ref().map(Forwarder::port);
    let wanted = capabilities(config, folder.path(), proxy_port).map_err(not_started)?;
    let session = Session::of(&driver(port, wanted, config.start_limit).await?)?;
    let (say_ended, ended) = watch::channel(false);
    let keeper = tokio::spawn(keep(leash, session.clone(), say_ended));
    Ok(Launched {
        session,
        ended,
        _keeper: AbortOnDropHandle::new(keeper),
        _forwarder: forwarder,
        _folder: folder,
    })
}

/// A `WebDriver` session, in which chromedriver starts Chromium.
async fn driver(
    port: u16,
    wanted: ChromeCapabilities,
    limit: Duration,
) -> Result<WebDriver, Trouble> {
    let http = reqwest::Client::builder()
        .no_proxy()
        .timeout(limit)
        .build()
        .map_err(not_started)?;
    session::tls();
    let driver = WebDriver::builder(format!("http://127.0.0.1:{port}"), wanted)
        .client(http)
        .await
        .map_err(not_started)?;
    // The whole group is ended in one go. A session that is dropped would be ended by a request
    // that blocks this thread.
    let _ = driver.clone().leak();
    Ok(driver)
}

fn capabilities(
    config: &BrowserConfig,
    folder: &Path,
    proxy_port: Option<u16>,
) -> WebDriverResult<ChromeCapabilities> {
    let mut wanted = DesiredCapabilities::chrome();
    wanted.set_binary(&config.chromium.to_string_lossy())?;
    for argument in ARGUMENTS {
        wanted.add_arg(argument)?;
    }
    let profile = folder.join("profile");
    wanted.add_arg(&format!("--user-data-dir={}", profile.display()))?;
    // Chromium's sandbox does not work for root, and it refuses to start.
    if geteuid().is_root() {
        wanted.add_arg("--no-sandbox")?;
    }
    if let Some(port) = proxy_port {
        wanted.add_arg(&format!("--proxy-server=http://127.0.0.1:{port}"))?;
    }
    if let Some(argument) = unwanted::argument(config.this_machine, proxy_port.is_some()) {
        wanted.add_arg(&argument)?;
    }
    wanted.set("unhandledPromptBehavior", "dismiss")?;
    wanted.enable_bidi()?;
    Ok(wanted)
}

/// Holds the leash until Chromium or chromedriver is gone, then lets go of what is left.
async fn keep(leash: Leash, chromium: Session, ended: watch::Sender<bool>) {
    let Leash {
        mut child,
        held,
        mut stdout,
    } = leash;
    let mut nowhere = tokio::io::sink();
    tokio::select! {
        _ = child.wait() => {}
        _ = tokio::io::copy(&mut stdout, &mut nowhere) => {}
        () = chromium.gone() => {}
    }
    ended.send_replace(true);
    drop(held);
    // So that no zombie is left of the shell.
    let _ = child.wait().await;
}

fn not_started(error: impl std::fmt::Display) -> Trouble {
    Trouble::NotStarted(error.to_string())
}
