//! `flywheel.toml`: its shape, and how it is read. The defaults are the repository's own file, built
//! in; a file of the user's is laid over it, and a key that the defaults do not have is an error.

use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::SignedDuration;
use platforms::tiktok::PrivacyLevel;
use platforms::youtube::Privacy;
use reqwest::Url;
use serde::{Deserialize, Deserializer};
use toml::{Table, Value};

use super::ConfigError;

const DEFAULTS: &str = include_str!("../../flywheel.toml");
/// Looked up in the working folder.
const FILE: &str = "flywheel.toml";
/// Below this likeness a suggestion would only confuse.
const LIKE: f64 = 0.7;

/// All settings.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Config {
    /// The loop.
    #[serde(rename = "loop")]
    pub(crate) video_loop: Loop,
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
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Loop {
    /// In the audience's time.
    pub(crate) wait: SignedDuration,
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

    /// The file to read: the named one, or the one in the working folder if there is one.
    pub(crate) fn find(named: Option<&Path>) -> Option<PathBuf> {
        let here = || Path::new(FILE).is_file().then(|| PathBuf::from(FILE));
        let found = named.map(Path::to_owned).or_else(here)?;
        Some(std::path::absolute(&found).unwrap_or(found))
    }

    /// Reads `file` over the defaults; without one, the defaults.
    pub(crate) fn read(file: Option<&Path>) -> Result<Self, ConfigError> {
        let Some(path) = file else {
            return Self::parse("", "the built-in defaults");
        };
        let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Read {
            path: path.to_owned(),
            source,
        })?;
        Self::parse(&text, &path.display().to_string())
    }

    /// Settings from `text` over the defaults. `file` is what errors call it.
    pub(crate) fn parse(text: &str, file: &str) -> Result<Self, ConfigError> {
        let given = table(text, file)?;
        let mut settings = table(DEFAULTS, "the built-in defaults")?;
        lay_over(&mut settings, given, "", file)?;
        let config: Self = settings.try_into().map_err(|source| ConfigError::Value {
            file: file.to_owned(),
            source: Box::new(source),
        })?;
        match config.nonsense() {
            Some((key, problem)) => Err(ConfigError::Senseless {
                file: file.to_owned(),
                key,
                problem,
            }),
            None => Ok(config),
        }
    }

    /// From publication to measurement, in wall time.
    pub(crate) fn wall_wait(&self, time_scale: f64) -> Duration {
        std_duration(self.video_loop.wait).div_f64(time_scale)
    }

    fn nonsense(&self) -> Option<(&'static str, &'static str)> {
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

/// `text` as TOML.
fn table(text: &str, file: &str) -> Result<Table, ConfigError> {
    text.parse().map_err(|error: toml::de::Error| {
        let (line, column) = position(text, error.span().map_or(0, |span| span.start));
        ConfigError::Syntax {
            file: file.to_owned(),
            line,
            column,
            message: error.message().to_owned(),
        }
    })
}

/// Line and column of a byte, both from 1.
fn position(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (
        before.matches('\n').count() + 1,
        before[line_start..].chars().count() + 1,
    )
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

/// Replaces in `settings` what `given` has; a key that is not there yet is nobody's.
fn lay_over(
    settings: &mut Table,
    given: Table,
    above: &str,
    file: &str,
) -> Result<(), ConfigError> {
    for (key, value) in given {
        let path = if above.is_empty() {
            key.clone()
        } else {
            format!("{above}.{key}")
        };
        if !settings.contains_key(&key) {
            let suggestion = suggestion(&key, &settings.keys().collect::<Vec<_>>(), above);
            return Err(ConfigError::UnknownKey {
                file: file.to_owned(),
                key: path,
                suggestion,
            });
        }
        match (settings.get_mut(&key), value) {
            (Some(Value::Table(known)), Value::Table(given)) => {
                lay_over(known, given, &path, file)?
            }
            (_, value) => {
                settings.insert(key, value);
            }
        }
    }
    Ok(())
}

fn suggestion(key: &str, known: &[&String], above: &str) -> String {
    let likeness = |known: &String| strsim::jaro_winkler(key, known);
    let closest = known
        .iter()
        .max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
    match closest.filter(|known| likeness(known) >= LIKE) {
        Some(meant) if above.is_empty() => format!("; did you mean `{meant}`?"),
        Some(meant) => format!("; did you mean `{above}.{meant}`?"),
        None => {
            let all: Vec<&str> = known.iter().map(|known| known.as_str()).collect();
            format!("; there are {}", all.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str) -> String {
        Config::parse(text, "x.toml").unwrap_err().to_string()
    }

    #[test]
    fn the_shown_defaults_are_the_defaults() {
        let config = Config::parse("", "").unwrap();
        assert_eq!(config.wall_wait(1.0), Duration::from_secs(6 * 3600));
        assert_eq!(config.wall_wait(900.0), Duration::from_secs(24));
        assert_eq!(config.media.limits(), media::Limits::default());
        assert!(!config.sandbox.always);
    }

    #[test]
    fn a_file_changes_only_what_it_says() {
        let config = Config::parse(
            "[loop]\nwait = \"90s\"\n[anthropic.prices]\ninput = 4.0",
            "",
        )
        .unwrap();
        assert_eq!(config.video_loop.wait, SignedDuration::from_secs(90));
        assert_eq!(
            (
                config.anthropic.prices.input,
                config.anthropic.prices.output
            ),
            (4.0, 10.0)
        );
    }

    #[test]
    fn an_unknown_key_is_named_with_what_may_have_been_meant() {
        assert_eq!(
            refusal("[loop]\nwiat = \"1h\""),
            "x.toml: there is no setting `loop.wiat`; did you mean `loop.wait`?"
        );
        assert_eq!(
            refusal("[sandbx]"),
            "x.toml: there is no setting `sandbx`; did you mean `sandbox`?"
        );
        assert_eq!(
            refusal("[database]\nx = 1"),
            "x.toml: there is no setting `database.x`; there are url"
        );
    }

    #[test]
    fn a_value_that_makes_no_sense_is_refused_by_name() {
        assert_eq!(
            refusal("[sandbox]\ntime_scale = 0.0"),
            "x.toml: `sandbox.time_scale` must lie between 0.001 and 1000000"
        );
        assert_eq!(
            refusal("[loop]\nwait = \"-1h\""),
            "x.toml: `loop.wait` must not be negative"
        );
        assert_eq!(
            refusal("[anthropic.prices]\ncache_read = -0.1"),
            "x.toml: `anthropic.prices.cache_read` must lie between 0 and 1000000"
        );
        assert!(refusal("[loop]\nwait = 6").contains("wrong kind"));
    }

    #[test]
    fn a_line_that_is_no_toml_is_named_and_not_repeated() {
        let unfinished = "[database]\nurl = \"postgres://me:hunter2@host/x";
        let error = anyhow::Error::new(Config::parse(unfinished, "x.toml").unwrap_err());
        let said = format!("{error:#}");
        assert!(said.starts_with("x.toml:2:"), "{said}");
        assert!(!format!("{said}{error:?}").contains("hunter2"), "{said}");
    }
}
