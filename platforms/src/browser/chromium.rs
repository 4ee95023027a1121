//! One Chromium with its chromedriver: started, watched, and ended as one.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, geteuid};
use serde_json::Value;
use tempfile::TempDir;
use thirtyfour::bidi::modules::browser::{DownloadBehavior, RemoveUserContext};
use thirtyfour::bidi::{BiDi, UserContextId};
use thirtyfour::error::WebDriverResult;
use thirtyfour::prelude::{CapabilitiesHelper as _, ChromiumLikeCapabilities as _};
use thirtyfour::{ChromeCapabilities, DesiredCapabilities, WebDriver};
use tokio::sync::watch;
use tokio_util::task::AbortOnDropHandle;

use super::BrowserConfig;
use super::leash::Leash;
use super::meaning::Trouble;
use super::proxy::Forwarder;

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

/// Longest time for taking a context away; a Chromium that needs longer is not well.
const REMOVAL_LIMIT: Duration = Duration::from_secs(15);
/// Between two looks whether Chromium is still there.
const LOOK_INTERVAL: Duration = Duration::from_millis(250);

/// A running Chromium. It ends when the last page in it is done and nobody holds it any more.
#[derive(Debug)]
pub(super) struct Chromium {
    bidi: BiDi,
    ended: watch::Receiver<bool>,
    is_retired: AtomicBool,
    pages: AtomicU32,
    _keeper: AbortOnDropHandle<()>,
    _forwarder: Option<Forwarder>,
    /// Its profile. The leash removes it too, but only if we end in a way that we cannot see.
    _folder: TempDir,
}

impl Chromium {
    /// Starts chromedriver, and Chromium through it.
    pub(super) async fn start(config: &BrowserConfig) -> Result<Self, Trouble> {
        for program in [&config.chromedriver, &config.chromium] {
            if !program.is_file() {
                return Err(Trouble::NotInstalled(program.clone()));
            }
        }
        let limit = config.start_limit;
        tokio::time::timeout(limit, begin(config))
            .await
            .unwrap_or_else(|_| {
                let words = format!("Chromium had not started after {limit:?}");
                Err(Trouble::NotStarted(words))
            })
    }

    /// Where its commands go.
    pub(super) fn bidi(&self) -> &BiDi {
        &self.bidi
    }

    /// Returns once Chromium or chromedriver is gone.
    pub(super) async fn ended(&self) {
        let mut ended = self.ended.clone();
        // It also is when nobody is left who would say so.
        let _ = ended.wait_for(|ended| *ended).await;
    }

    /// Whether another page may be loaded in it, of at most `most` in all. Counts it.
    pub(super) fn takes_another_page(&self, most: u32) -> bool {
        !self.is_retired.load(Ordering::Relaxed)
            && !*self.ended.borrow()
            && self.pages.fetch_add(1, Ordering::Relaxed) < most
    }

    /// No new page is loaded in it.
    pub(super) fn retire(&self) {
        self.is_retired.store(true, Ordering::Relaxed);
    }

    /// Takes a context away with all that is in it, whatever its pages are doing.
    pub(super) async fn forget(&self, user_context: UserContextId) {
        let removal = self.bidi.send(RemoveUserContext { user_context });
        tokio::select! {
            removed = tokio::time::timeout(REMOVAL_LIMIT, removal) => {
                if !matches!(removed, Ok(Ok(_))) {
                    self.retire();
                }
            }
            () = self.ended() => {}
        }
    }
}

async fn begin(config: &BrowserConfig) -> Result<Chromium, Trouble> {
    let folder = TempDir::with_prefix("flywheel-browser-").map_err(not_started)?;
    let forwarder = match &config.proxy {
        Some(proxy) => Some(Forwarder::start(proxy).await.map_err(not_started)?),
        None => None,
    };
    let mut leash =
        Leash::start(&config.chromedriver, &["--port=0"], folder.path()).map_err(not_started)?;
    let port = leash.port().await.map_err(not_started)?;
    let proxy_port = forwarder.as_ref().map(Forwarder::port);
    let wanted = capabilities(&config.chromium, folder.path(), proxy_port).map_err(not_started)?;
    let driver = session(port, wanted, config.start_limit).await?;
    let pid = chromium_pid(&driver);
    let bidi = Box::pin(driver.bidi()).await.map_err(not_started)?;
    bidi.browser()
        .set_download_behavior(Some(DownloadBehavior::Denied))
        .await
        .map_err(not_started)?;
    let (say_ended, ended) = watch::channel(false);
    Ok(Chromium {
        bidi,
        ended,
        is_retired: AtomicBool::new(false),
        // The page that it is started for.
        pages: AtomicU32::new(1),
        _keeper: AbortOnDropHandle::new(tokio::spawn(keep(leash, pid, say_ended))),
        _forwarder: forwarder,
        _folder: folder,
    })
}

/// A `WebDriver` session, in which chromedriver starts Chromium.
async fn session(
    port: u16,
    wanted: ChromeCapabilities,
    limit: Duration,
) -> Result<WebDriver, Trouble> {
    // Each web socket of thirtyfour's, also one to this machine, begins by asking for the process's
    // TLS provider. Another one that is set already serves as well.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let http = reqwest::Client::builder()
        .no_proxy()
        .timeout(limit)
        .build()
        .map_err(not_started)?;
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
    program: &Path,
    folder: &Path,
    proxy_port: Option<u16>,
) -> WebDriverResult<ChromeCapabilities> {
    let mut wanted = DesiredCapabilities::chrome();
    wanted.set_binary(&program.to_string_lossy())?;
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
    wanted.set("unhandledPromptBehavior", "dismiss")?;
    wanted.enable_bidi()?;
    Ok(wanted)
}

fn chromium_pid(driver: &WebDriver) -> Option<Pid> {
    let pid = driver
        .capabilities()
        .get("goog:processID")
        .and_then(Value::as_i64)?;
    i32::try_from(pid).ok().map(Pid::from_raw)
}

/// Holds the leash until Chromium or chromedriver is gone, then lets go of what is left.
async fn keep(leash: Leash, chromium: Option<Pid>, ended: watch::Sender<bool>) {
    let Leash {
        mut child,
        held,
        mut stdout,
    } = leash;
    let mut nowhere = tokio::io::sink();
    tokio::select! {
        _ = child.wait() => {}
        _ = tokio::io::copy(&mut stdout, &mut nowhere) => {}
        () = gone(chromium) => {}
    }
    ended.send_replace(true);
    drop(held);
    // So that no zombie is left of the shell.
    let _ = child.wait().await;
}

/// chromedriver waits for its Chromium, so a process that ended is not there any more.
async fn gone(process: Option<Pid>) {
    let Some(process) = process else {
        return std::future::pending().await;
    };
    while kill(process, None::<Signal>) != Err(Errno::ESRCH) {
        tokio::time::sleep(LOOK_INTERVAL).await;
    }
}

fn not_started(error: impl std::fmt::Display) -> Trouble {
    Trouble::NotStarted(error.to_string())
}
