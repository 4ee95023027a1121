//! Chromium, driven through chromedriver: loads a page of a site, and gives its HTML.
//!
//! One Chromium per worker, started at the first page, in a process group of its own, and ended
//! when the [`Browser`] is dropped or the worker is gone, however it went; or that of a
//! [`BrowserServer`], which goes from worker to worker. Every page is loaded in
//! a user context of its own (cookies, storage, cache and connections are nobody else's), several
//! at once behind a semaphore. Images, media and fonts are not loaded, nothing is downloaded, and
//! a public page does not reach this machine or its network. Chromium is replaced after a number
//! of pages, and when it ended or stopped answering: the pages that were under way then are worth
//! another try.
//!
//! Pages are read as they are served to a stranger. Nothing is solved and nothing is evaded; what
//! a page means is up to its reader ([`tiktok_page`](crate::tiktok_page),
//! [`instagram_page`](crate::instagram_page)).
//!
//! Protocol: `WebDriver BiDi`, <https://w3c.github.io/webdriver-bidi/>, with chromedriver's own
//! `goog:cdp` commands for what it lacks.

mod chromium;
mod config;
mod ending;
mod launch;
mod leash;
mod markup;
mod meaning;
mod pace;
mod page;
mod patience;
mod proxy;
mod server;
mod session;
mod tab;
mod unwanted;
mod visitor;

use std::sync::Arc;

use tokio::sync::{Mutex, OwnedSemaphorePermit};
use url::Url;

use self::chromium::Chromium;
use self::meaning::Trouble;
use self::pace::Pace;
use self::tab::Tab;
use crate::PlatformError;

pub use config::{BrowserConfig, Proxy};
pub(crate) use ending::{Ending, Site};
pub(crate) use markup::Markup;
pub use meaning::CODES;
pub use page::Page;
pub use server::BrowserServer;
pub(crate) use visitor::{Visitor, Waits, is_a_site, is_empty, path_of};

/// The worker's browser. Cheap to clone; all clones share one Chromium and its limits.
#[derive(Clone, Debug)]
pub struct Browser {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    config: BrowserConfig,
    pace: Pace,
    /// The one that new pages are loaded in. Pages under way keep an older one alive.
    current: Mutex<Option<Arc<Chromium>>>,
}

impl Browser {
    /// A browser that has not started anything yet.
    ///
    /// # Errors
    /// `browser_misconfigured` when a number is 0, a user agent cannot be a header, or the proxy's
    /// address is not of the form `http://host:port`.
    pub fn new(config: BrowserConfig) -> Result<Self, PlatformError> {
        config.check().map_err(Trouble::into_error)?;
        let pace = Pace::new(config.pages_at_once, config.host_delay, config.host_jitter);
        let current = Mutex::default();
        Ok(Self {
            shared: Arc::new(Shared {
                config,
                pace,
                current,
            }),
        })
    }

    /// Loads the page at `url` in a context of its own and gives it as soon as `is_settled` says
    /// that it is what the reader waits for, or as it is after
    /// [`settle_limit`](BrowserConfig::settle_limit). Chromium's own error page comes as the status
    /// that it was shown for, without HTML.
    ///
    /// Waits for the host's turn and for a free place; from then on it takes at most
    /// [`start_limit`](BrowserConfig::start_limit) if Chromium has to be started, and
    /// [`page_limit`](BrowserConfig::page_limit).
    ///
    /// # Errors
    /// As in the table of this module's meanings; loading may always be repeated.
    pub async fn open(
        &self,
        url: &Url,
        is_settled: impl Fn(&Page) -> bool + Send + Sync,
    ) -> Result<Page, PlatformError> {
        self.turn(url).await?.load(is_settled).await
    }

    /// Waits for the host's turn and for a free place. Nothing is loaded.
    ///
    /// # Errors
    /// `browser_misconfigured` when the address is not one of the web, `browser_busy` when it would
    /// have to wait for long.
    pub(crate) async fn turn(&self, url: &Url) -> Result<Turn, PlatformError> {
        let host = url.host_str().filter(|_| is_of_the_web(url));
        let Some(host) = host else {
            let words = "the page's address is not one of the web".to_owned();
            return Err(Trouble::Misconfigured(words).into_error());
        };
        let turn = self.shared.pace.turn(host).await;
        let place = turn.map_err(Trouble::into_error)?;
        Ok(Turn {
            browser: self.clone(),
            url: url.clone(),
            place,
        })
    }

    /// The Chromium to load the next page in: a new one when there is none that still serves.
    async fn chromium(&self) -> Result<Arc<Chromium>, Trouble> {
        let config = &self.shared.config;
        let mut current = self.shared.current.lock().await;
        if let Some(chromium) = current.as_ref()
            && chromium.takes_another_page(config.pages_per_browser)
        {
            return Ok(Arc::clone(chromium));
        }
        // That of a server is replaced once the pages in it are done.
        let last = current.take().map(|chromium| chromium.name().to_owned());
        let chromium = Arc::new(Chromium::start(config, last.as_deref()).await?);
        *current = Some(Arc::clone(&chromium));
        Ok(chromium)
    }
}

/// A page's turn to be loaded: a place among those at once, which is free again when it is dropped.
#[derive(Debug)]
pub(crate) struct Turn {
    browser: Browser,
    url: Url,
    place: OwnedSemaphorePermit,
}

impl Turn {
    /// As [`Browser::open`], without waiting for anything but the page.
    pub(crate) async fn load(
        self,
        is_settled: impl Fn(&Page) -> bool + Send + Sync,
    ) -> Result<Page, PlatformError> {
        let loaded = self.load_within_limits(&is_settled).await;
        loaded.map_err(Trouble::into_error)
    }

    async fn load_within_limits(
        self,
        is_settled: &(impl Fn(&Page) -> bool + Sync),
    ) -> Result<Page, Trouble> {
        let Self {
            browser,
            url,
            place,
        } = self;
        let config = &browser.shared.config;
        let chromium = browser.chromium().await?;
        let work = async {
            let tab = Tab::open(Arc::clone(&chromium), place).await?;
            tab.load(&url, config, is_settled).await
        };
        let loaded = tokio::select! {
            loaded = tokio::time::timeout(config.page_limit, work) => {
                loaded.unwrap_or(Err(Trouble::TooSlow(config.page_limit)))
            }
            () = chromium.ended() => Err(Trouble::Crashed("Chromium ended".to_owned())),
        };
        match loaded {
            Ok(_) => browser.shared.pace.loaded(),
            Err(Trouble::Crashed(_)) => chromium.retire(),
            Err(_) => {}
        }
        loaded
    }
}

/// Nothing else has a host, a page and no rights on this machine.
fn is_of_the_web(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https")
}
