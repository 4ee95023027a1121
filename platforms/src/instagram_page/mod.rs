//! An Instagram reel's public page, read in the browser as a stranger sees it.
//!
//! Counts come from the data that the page carries for its own scripts, and where that is missing
//! from the page's description for other sites, which is abbreviated and has no views. Shares are
//! in neither. A page that shows none is told apart by what it is instead; nothing on it is solved,
//! and a host that turns us away is left alone for longer each time.
//!
//! Wire format: the page's prefetched answers, as read by yt-dlp 2026.10.26.

mod data;
mod description;
mod meaning;
mod post;
mod reading;
mod signs;

use std::sync::Arc;
use std::time::Duration;

use url::Url;

use crate::browser::{Browser, Site, Visitor, Waits, is_a_site};
use crate::http::below;
use crate::{Meaning, PlatformError};

pub use meaning::CODES;
pub use post::{Counts, Post};

const NAME: &str = "instagram_page";

/// Where Instagram's pages are, and how patient we are.
#[derive(Clone, Debug)]
pub struct InstagramPageConfig {
    /// The site's root: `https://www.instagram.com/`, or a sandbox on loopback.
    pub base_url: Url,
    /// How long the host is left alone after it turned us away; twice as long after each other
    /// time in a row.
    pub first_block_wait: Duration,
    /// Longest time for which the host is left alone.
    pub longest_block_wait: Duration,
}

impl InstagramPageConfig {
    /// A minute at first and six hours at most when the host turns us away.
    #[must_use]
    pub fn new(base_url: Url) -> Self {
        Self {
            base_url,
            first_block_wait: Duration::from_secs(60),
            longest_block_wait: Duration::from_secs(6 * 60 * 60),
        }
    }
}

/// The reader. Cheap to clone; all clones know of the same blocks.
#[derive(Clone, Debug)]
pub struct InstagramPage {
    base_url: Url,
    visitor: Arc<Visitor>,
}

impl InstagramPage {
    /// A reader of Instagram's pages. Nothing is loaded.
    ///
    /// # Errors
    /// `instagram_page_misconfigured` when the base URL is neither https nor on loopback.
    pub fn new(config: InstagramPageConfig, browser: Browser) -> Result<Self, PlatformError> {
        if !is_a_site(&config.base_url) {
            return Err(misconfigured(
                "the base URL has to be https, or http on this machine's loopback",
            ));
        }
        let site = Site {
            name: NAME,
            code: meaning::code,
            // Instagram says nothing of a review.
            review_wait: config.first_block_wait,
        };
        let waits = Waits {
            first: config.first_block_wait,
            longest: config.longest_block_wait,
        };
        Ok(Self {
            base_url: below(config.base_url),
            visitor: Arc::new(Visitor::new(browser, site, waits)),
        })
    }

    /// The address of a reel's page. `shortcode` is the reel's name in addresses: its number in
    /// base 64.
    ///
    /// # Errors
    /// `instagram_page_misconfigured` when it cannot be part of an address.
    pub fn post_url(&self, shortcode: &str) -> Result<Url, PlatformError> {
        if !is_shortcode(shortcode) {
            return Err(misconfigured(
                "a short code has letters, digits, - and _, and at most 64 of them",
            ));
        }
        let path = format!("reel/{shortcode}/");
        self.base_url
            .join(&path)
            .map_err(|error| misconfigured("the base URL takes no path").caused_by(error))
    }

    /// The reel as its page shows it now.
    ///
    /// # Errors
    /// As in the tables of this module's meanings and of the [browser's](crate::browser); reading
    /// may always be repeated.
    pub async fn post(&self, shortcode: &str) -> Result<Post, PlatformError> {
        let url = self.post_url(shortcode)?;
        let home = self.base_url.path();
        self.visitor
            .read(&url, |page| reading::read(page, shortcode, home))
            .await
    }
}

fn misconfigured(message: &'static str) -> PlatformError {
    PlatformError::new(
        NAME,
        "configure",
        "instagram_page_misconfigured",
        Meaning::Terminal,
        message,
    )
}

fn is_shortcode(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-_".contains(c))
}
