//! A TikTok video's public page, read in the browser as a stranger sees it.
//!
//! Counts come from the data that the page carries for its own scripts, and where that is missing
//! from what people see, which is abbreviated and has no views. A page that shows neither is told
//! apart by what it is instead; nothing on it is solved, and a host that turns us away is left
//! alone for longer each time.
//!
//! Wire format: the page's `__UNIVERSAL_DATA_FOR_REHYDRATION__`, as read by yt-dlp 2026.10.26,
//! gallery-dl 1.32.18 and `TikTokApi` 7.3.3.

mod data;
mod meaning;
mod post;
mod reading;
mod signs;
mod visible;

use std::sync::Arc;
use std::time::Duration;

use url::Url;

use crate::browser::{Browser, Site, Visitor, Waits, is_a_site};
use crate::http::below;
use crate::{Meaning, PlatformError};

pub use meaning::CODES;
pub use post::{Counts, Post};

const NAME: &str = "tiktok_page";

/// Where TikTok's pages are, and how patient we are.
#[derive(Clone, Debug)]
pub struct TikTokPageConfig {
    /// The site's root: `https://www.tiktok.com/`, or a sandbox on loopback.
    pub base_url: Url,
    /// How long the host is left alone after it turned us away; twice as long after each other
    /// time in a row.
    pub first_block_wait: Duration,
    /// Longest time for which the host is left alone.
    pub longest_block_wait: Duration,
    /// Until a video that is under review is looked at again.
    pub review_wait: Duration,
}

impl TikTokPageConfig {
    /// A minute at first and six hours at most when the host turns us away, a quarter of an hour
    /// for a review.
    #[must_use]
    pub fn new(base_url: Url) -> Self {
        Self {
            base_url,
            first_block_wait: Duration::from_secs(60),
            longest_block_wait: Duration::from_secs(6 * 60 * 60),
            review_wait: Duration::from_secs(15 * 60),
        }
    }
}

/// The reader. Cheap to clone; all clones know of the same blocks.
#[derive(Clone, Debug)]
pub struct TikTokPage {
    base_url: Url,
    visitor: Arc<Visitor>,
}

impl TikTokPage {
    /// A reader of TikTok's pages. Nothing is loaded.
    ///
    /// # Errors
    /// `tiktok_page_misconfigured` when the base URL is neither https nor on loopback.
    pub fn new(config: TikTokPageConfig, browser: Browser) -> Result<Self, PlatformError> {
        if !is_a_site(&config.base_url) {
            return Err(misconfigured(
                "the base URL has to be https, or http on this machine's loopback",
            ));
        }
        let site = Site {
            name: NAME,
            code: meaning::code,
            review_wait: config.review_wait,
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

    /// The address of a video's page. `username` is without the `@`, and may be empty: TikTok finds
    /// the video all the same.
    ///
    /// # Errors
    /// `tiktok_page_misconfigured` when one of them cannot be part of an address.
    pub fn post_url(&self, username: &str, id: &str) -> Result<Url, PlatformError> {
        if !is_username(username) || !is_id(id) {
            return Err(misconfigured(
                "an id of a video is a number, and a user name has letters, digits, _ and .",
            ));
        }
        let path = format!("@{username}/video/{id}");
        self.base_url
            .join(&path)
            .map_err(|error| misconfigured("the base URL takes no path").caused_by(error))
    }

    /// The video as its page shows it now.
    ///
    /// # Errors
    /// As in the tables of this module's meanings and of the [browser's](crate::browser); reading
    /// may always be repeated.
    pub async fn post(&self, username: &str, id: &str) -> Result<Post, PlatformError> {
        let url = self.post_url(username, id)?;
        self.visitor
            .read(&url, |page| reading::read(page, id))
            .await
    }
}

fn misconfigured(message: &'static str) -> PlatformError {
    PlatformError::new(
        NAME,
        "configure",
        "tiktok_page_misconfigured",
        Meaning::Terminal,
        message,
    )
}

fn is_username(text: &str) -> bool {
    text.len() <= 64
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "_.".contains(c))
}

fn is_id(text: &str) -> bool {
    (1..=20).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}
