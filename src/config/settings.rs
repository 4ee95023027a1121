//! What there is to set, and what of it makes no sense.

use std::path::PathBuf;
use std::time::Duration;

use jiff::SignedDuration;
use platforms::tiktok::PrivacyLevel;
use platforms::youtube::Privacy;
use reqwest::Url;
use serde::{Deserialize, Deserializer};

use super::steps::StepSettings;

/// All settings.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Config {
    /// The loop.
    #[serde(rename = "loop")]
    pub(crate) video_loop: Loop,
    /// Readings beside those of the loops.
    pub(crate) batch: Batch,
    /// Where rows are kept.
    pub(crate) database: Database,
    /// Where videos come from.
    pub(crate) inbox: Inbox,
    /// Instagram.
    pub(crate) instagram: Instagram,
    /// TikTok.
    pub(crate) tiktok: TikTok,
    /// `YouTube`.
    pub(crate) youtube: YouTube,
    /// Claude.
    pub(crate) anthropic: Anthropic,
    /// The media helper.
    pub(crate) media: Media,
    /// Videos named by a URL.
    pub(crate) fetch: Fetch,
    /// Chromium.
    pub(crate) browser: Browser,
    /// The sandbox.
    pub(crate) sandbox: Sandbox,
    /// The steps' policies, and the limits.
    #[serde(skip)]
    pub(super) steps: StepSettings,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Loop {
    /// In the audience's time.
    pub(crate) wait: SignedDuration,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Batch {
    /// Whether a database begins with a schedule for them.
    pub(crate) scheduled: bool,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Database {
    /// Empty: in the data folder.
    pub(crate) url: String,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Inbox {
    /// Empty: in the data folder.
    pub(crate) path: PathBuf,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Instagram {
    #[serde(deserialize_with = "url")]
    pub(crate) base_url: Url,
    #[serde(deserialize_with = "url")]
    pub(crate) upload_url: Url,
    #[serde(deserialize_with = "url")]
    pub(crate) page_url: Url,
    pub(crate) account: String,
    pub(crate) share_to_feed: bool,
    pub(crate) read: Read,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct TikTok {
    #[serde(deserialize_with = "url")]
    pub(crate) base_url: Url,
    #[serde(deserialize_with = "url")]
    pub(crate) page_url: Url,
    pub(crate) account: String,
    pub(crate) privacy: PrivacyLevel,
    pub(crate) read: Read,
}

/// How posts are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Read {
    Api,
    Page,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct YouTube {
    #[serde(deserialize_with = "url")]
    pub(crate) base_url: Url,
    pub(crate) account: String,
    pub(crate) privacy: Privacy,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Anthropic {
    #[serde(deserialize_with = "url")]
    pub(crate) base_url: Url,
    pub(crate) model: String,
    pub(crate) prices: Prices,
}

/// US dollars per million tokens.
#[derive(Debug, Clone, Copy, Deserialize)]
pub(crate) struct Prices {
    pub(crate) input: f64,
    pub(crate) output: f64,
    pub(crate) cache_read: f64,
    pub(crate) cache_write: f64,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Media {
    pub(crate) max_bytes: u64,
    pub(crate) max_duration: SignedDuration,
    pub(crate) max_pixels: u64,
    pub(crate) memory_bytes: u64,
    pub(crate) time: SignedDuration,
    pub(crate) at_once: usize,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Fetch {
    pub(crate) max_bytes: u64,
    pub(crate) time: SignedDuration,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Browser {
    pub(crate) pages_at_once: usize,
    pub(crate) pages_per_browser: u32,
    pub(crate) page_time: SignedDuration,
    pub(crate) user_agents: Vec<String>,
    pub(crate) host_delay: SignedDuration,
    pub(crate) host_jitter: SignedDuration,
    /// Empty: none.
    pub(crate) proxy: String,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Sandbox {
    pub(crate) always: bool,
    pub(crate) world_seed: u64,
    /// Seconds of audience per second of wall time.
    pub(crate) time_scale: f64,
}

impl Config {
    /// Whether a post of any platform is read by its public page.
    pub(crate) fn reads_pages(&self) -> bool {
        [self.instagram.read, self.tiktok.read].contains(&Read::Page)
    }

    /// From publication to measurement, in wall time.
    pub(crate) fn wall_wait(&self, time_scale: f64) -> Duration {
        std_duration(self.video_loop.wait).div_f64(time_scale)
    }

    /// The first key with a value that makes no sense, and what it has to be.
    pub(super) fn nonsense(&self) -> Option<(&'static str, &'static str)> {
        if self.video_loop.wait.is_negative() {
            Some(("loop.wait", "must not be negative"))
        } else if let Some(price) = self.anthropic.prices.nonsense() {
            Some((price, "must lie between 0 and 1000000"))
        } else if !self.media.max_duration.is_positive() {
            Some(("media.max_duration", "must be longer than nothing"))
        } else if !self.media.time.is_positive() {
            Some(("media.time", "must be longer than nothing"))
        } else if !self.fetch.time.is_positive() {
            Some(("fetch.time", "must be longer than nothing"))
        } else if let Some(nonsense) = self.browser.nonsense() {
            Some(nonsense)
        } else if !(0.001..=1e6).contains(&self.sandbox.time_scale) {
            Some(("sandbox.time_scale", "must lie between 0.001 and 1000000"))
        } else {
            None
        }
    }
}

impl Prices {
    /// The first that the client of Claude would refuse.
    fn nonsense(self) -> Option<&'static str> {
        let prices = [
            ("anthropic.prices.input", self.input),
            ("anthropic.prices.output", self.output),
            ("anthropic.prices.cache_read", self.cache_read),
            ("anthropic.prices.cache_write", self.cache_write),
        ];
        let senseless = |(_, price): &(&str, f64)| !(0.0..=1e6).contains(price);
        prices.into_iter().find(senseless).map(|(key, _)| key)
    }
}

impl Browser {
    fn nonsense(&self) -> Option<(&'static str, &'static str)> {
        if self.pages_at_once == 0 {
            Some(("browser.pages_at_once", "must be 1 or more"))
        } else if self.pages_per_browser == 0 {
            Some(("browser.pages_per_browser", "must be 1 or more"))
        } else if !self.page_time.is_positive() {
            Some(("browser.page_time", "must be longer than nothing"))
        } else if self.host_delay.is_negative() {
            Some(("browser.host_delay", "must not be negative"))
        } else if self.host_jitter.is_negative() {
            Some(("browser.host_jitter", "must not be negative"))
        } else {
            None
        }
    }
}

impl Media {
    /// As the media crate wants them.
    pub(crate) fn limits(&self) -> media::Limits {
        media::Limits {
            max_bytes: self.max_bytes,
            max_duration: std_duration(self.max_duration),
            max_pixels: self.max_pixels,
            memory_bytes: self.memory_bytes,
            time: std_duration(self.time),
        }
    }
}

fn url<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Url, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse()
        .map_err(|error| serde::de::Error::custom(format!("`{text}` is no URL: {error}")))
}

/// Negative ones, which were refused, would be nothing.
pub(crate) fn std_duration(duration: SignedDuration) -> Duration {
    Duration::try_from(duration).unwrap_or_default()
}
