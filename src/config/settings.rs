//! What there is to set, and what of it makes no sense.

use std::path::PathBuf;
use std::time::Duration;

use jiff::SignedDuration;
use platforms::tiktok::PrivacyLevel;
use platforms::youtube::Privacy;
use reqwest::Url;
use serde::{Deserialize, Deserializer};

use super::steps::StepSettings;

/// A hundred years: sums and quotients of longer times are no times any more.
const TOO_LONG: SignedDuration = SignedDuration::from_hours(100 * 365 * 24);

/// A key, and what its value has to be, as a predicate.
type Nonsense = (&'static str, &'static str);

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
    pub(super) fn nonsense(&self) -> Option<Nonsense> {
        let scale = self.sandbox.time_scale;
        let checks = [
            self.senseless_time(),
            self.anthropic.prices.nonsense(),
            self.browser.nonsense(),
            (!(0.001..=1e6).contains(&scale))
                .then_some(("sandbox.time_scale", "must lie between 0.001 and 1000000")),
        ];
        checks.into_iter().flatten().next()
    }

    fn senseless_time(&self) -> Option<Nonsense> {
        let may_be_nothing = [
            ("loop.wait", self.video_loop.wait),
            ("browser.host_delay", self.browser.host_delay),
            ("browser.host_jitter", self.browser.host_jitter),
        ];
        let must_last = [
            ("media.max_duration", self.media.max_duration),
            ("media.time", self.media.time),
            ("fetch.time", self.fetch.time),
            ("browser.page_time", self.browser.page_time),
        ];
        let negative = may_be_nothing.iter().filter(|(_, time)| time.is_negative());
        let nothing = must_last.iter().filter(|(_, time)| !time.is_positive());
        let endless = may_be_nothing
            .iter()
            .chain(&must_last)
            .filter(|(_, time)| *time >= TOO_LONG);
        let mut wrong = negative
            .map(|(key, _)| (*key, "must not be negative"))
            .chain(nothing.map(|(key, _)| (*key, "must be longer than nothing")))
            .chain(endless.map(|(key, _)| (*key, "must be shorter than 100 years")));
        wrong.next()
    }
}

impl Prices {
    /// The first that the client of Claude would refuse.
    fn nonsense(self) -> Option<Nonsense> {
        let prices = [
            ("anthropic.prices.input", self.input),
            ("anthropic.prices.output", self.output),
            ("anthropic.prices.cache_read", self.cache_read),
            ("anthropic.prices.cache_write", self.cache_write),
        ];
        let senseless = |(_, price): &(&str, f64)| !(0.0..=1e6).contains(price);
        let (key, _) = prices.into_iter().find(senseless)?;
        Some((key, "must lie between 0 and 1000000"))
    }
}

impl Browser {
    fn nonsense(&self) -> Option<Nonsense> {
        if self.pages_at_once == 0 {
            Some(("browser.pages_at_once", "must be 1 or more"))
        } else if self.pages_per_browser == 0 {
            Some(("browser.pages_per_browser", "must be 1 or more"))
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
