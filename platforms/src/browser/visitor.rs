//! Visits to the pages of one site: what its readers have in common.

use std::time::{Duration, Instant};

use url::Url;

use super::ending::{Ending, Site};
use super::patience::Patience;
use super::{Browser, Page};
use crate::PlatformError;
use crate::http::is_loopback;

/// Visits pages of a site, and leaves its hosts alone when they turn us away.
#[derive(Debug)]
pub(crate) struct Visitor {
    browser: Browser,
    site: Site,
    patience: Patience,
}

/// How long a host that turns us away is left alone.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Waits {
    /// After the first time; after each other it is doubled.
    pub(crate) first: Duration,
    /// At most.
    pub(crate) longest: Duration,
}

impl Visitor {
    pub(crate) fn new(browser: Browser, site: Site, waits: Waits) -> Self {
        Self {
            browser,
            site,
            patience: Patience::new(waits.first, waits.longest),
        }
    }

    /// Loads a page and reads it with `read`, which is asked again while the page may still become
    /// another one. A host that is to be left alone is not asked at all.
    ///
    /// # Errors
    /// Those of the browser, and the site's own for each ending.
    pub(crate) async fn read<T>(
        &self,
        url: &Url,
        read: impl Fn(&Page) -> Result<T, Ending> + Send + Sync,
    ) -> Result<T, PlatformError> {
        let host = url.host_str().unwrap_or_default();
        let turn = self.browser.turn(url).await?;
        if let Some((ending, block)) = self.patience.block(host, Instant::now()) {
            return Err(ending.into_block(&self.site, block));
        }
        let asked = Instant::now();
        let is_settled =
            |page: &Page| read(page).map_or_else(|ending| !ending.may_pass(), |_| true);
        let page = turn.load(is_settled).await?;
        let ending = match read(&page) {
            Ok(value) => {
                self.patience.served(host, asked);
                return Ok(value);
            }
            Err(ending) => ending,
        };
        if !ending.is_block() {
            if ending.is_an_answer() {
                self.patience.served(host, asked);
            }
            return Err(ending.into_error(&self.site));
        }
        let block = self.patience.refused(host, &ending, asked, Instant::now());
        tracing::warn!(
            site = self.site.name,
            host,
            code = (self.site.code)(&ending),
            times = block.times,
            wait_s = block.wait.as_secs(),
            "A site turns us away, and is left alone for a while."
        );
        Err(ending.into_block(&self.site, block))
    }
}

/// Whether pages may be loaded below this address: everything else would be readable on the way,
/// or is no site.
pub(crate) fn is_a_site(base: &Url) -> bool {
    let is_safe = base.scheme() == "https" || (base.scheme() == "http" && is_loopback(base));
    is_safe && base.has_host() && base.username().is_empty()
}

/// Whether a document is the empty one that Chromium makes of nothing.
pub(crate) fn is_empty(html: &str) -> bool {
    const TAGS: [&str; 6] = [
        "<html>", "<head>", "</head>", "<body>", "</body>", "</html>",
    ];
    let mut rest = html.trim();
    for tag in TAGS {
        rest = rest.strip_prefix(tag).unwrap_or(rest).trim_start();
    }
    rest.is_empty()
}

/// The path of an address, without the slash at its end; empty when it is none.
pub(crate) fn path_of(url: &str) -> String {
    let path = Url::parse(url).map_or_else(|_| String::new(), |url| url.path().to_owned());
    path.trim_end_matches('/').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_site_is_encrypted_or_on_this_machine() -> Result<(), url::ParseError> {
        for (base, expected) in [
            ("https://www.tiktok.com/", true),
            ("http://127.0.0.1:9000/tiktok/", true),
            ("http://www.tiktok.com/", false),
            ("https://user@www.tiktok.com/", false),
            ("file:///etc/", false),
        ] {
            assert_eq!(is_a_site(&Url::parse(base)?), expected, "{base}");
        }
        Ok(())
    }

    #[test]
    fn nothing_is_told_from_next_to_nothing() {
        assert!(is_empty(""));
        assert!(is_empty("<html><head></head><body></body></html>"));
        assert!(is_empty("<html><head></head><body>\n</body></html>\n"));
        assert!(!is_empty("<html><head></head><body>x</body></html>"));
        assert!(!is_empty("<html><head><script></script></head></html>"));
    }

    #[test]
    fn the_path_of_an_address_is_without_its_question() {
        assert_eq!(path_of("https://a.example/login/?next=%2F"), "/login");
        assert_eq!(path_of("https://a.example"), "");
        assert_eq!(path_of("no address"), "");
    }
}
