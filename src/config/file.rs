//! `flywheel.toml`: how it is read. The defaults are the repository's own file, built
//! in; a file of the user's is laid over it, and a key that the defaults do not have is an error.

use std::path::{Path, PathBuf};

use toml::{Table, Value};

use super::origin::{Origin, position};
use super::steps::{self, StepSettings};
use super::{Config, ConfigError};

pub(super) const DEFAULTS: &str = include_str!("../../flywheel.toml");
/// Looked up in the working folder.
const FILE: &str = "flywheel.toml";
/// Below this likeness a suggestion would only confuse.
const LIKE: f64 = 0.7;

impl Config {
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
        let origin = Origin { file, text };
        let given = table(text, file)?;
        let mut settings = table(DEFAULTS, "the built-in defaults")?;
        lay_over(&mut settings, given, "", &origin)?;
        let steps = StepSettings::read(&settings, &origin)?;
        let config: Self = settings
            .try_into()
            .map_err(|error| misfit(&error, &origin))?;
        let config = Self { steps, ..config };
        match config.nonsense() {
            Some((key, problem)) => Err(ConfigError::Senseless {
                place: origin.place(&key.split('.').collect::<Vec<_>>()),
                key,
                problem,
            }),
            None => Ok(config),
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

/// A value that is not what its key takes. What was read is no text any more, so that the error knows no
/// line; but its last words name the key.
fn misfit(error: &toml::de::Error, origin: &Origin<'_>) -> ConfigError {
    let said = error.to_string();
    let last = said.lines().last().unwrap_or_default();
    let key = last
        .strip_prefix("in `")
        .and_then(|key| key.strip_suffix('`'))
        .unwrap_or_default();
    ConfigError::Value {
        place: origin.place(&key.split('.').collect::<Vec<_>>()),
        key: key.to_owned(),
        problem: error.message().to_owned(),
    }
}

/// Replaces in `settings` what `given` has; a key that is not there yet is nobody's, except where
/// the keys are names, which [`StepSettings`] knows.
fn lay_over(
    settings: &mut Table,
    given: Table,
    above: &str,
    origin: &Origin<'_>,
) -> Result<(), ConfigError> {
    for (key, value) in given {
        let path = if above.is_empty() {
            key.clone()
        } else {
            format!("{above}.{key}")
        };
        if !settings.contains_key(&key) && !steps::holds_names(above) {
            let known: Vec<&str> = settings.keys().map(String::as_str).collect();
            let suggestion = suggestion(&key, &known, above);
            return Err(ConfigError::UnknownKey {
                place: origin.place(&path.split('.').collect::<Vec<_>>()),
                key: path,
                suggestion,
            });
        }
        match (settings.get_mut(&key), value) {
            (Some(Value::Table(known)), Value::Table(given)) => {
                lay_over(known, given, &path, origin)?
            }
            (_, value) => {
                settings.insert(key, value);
            }
        }
    }
    Ok(())
}

/// What may have been meant by a key that is not `known` below `above`, as the end of a sentence.
pub(crate) fn suggestion(key: &str, known: &[&str], above: &str) -> String {
    let likeness = |known: &str| strsim::jaro_winkler(key, known);
    let closest = known
        .iter()
        .max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
    match closest.filter(|known| likeness(known) >= LIKE) {
        Some(meant) if above.is_empty() => format!("; did you mean `{meant}`?"),
        Some(meant) => format!("; did you mean `{above}.{meant}`?"),
        None => format!("; there are {}", known.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use jiff::SignedDuration;

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
            "x.toml:2: there is no setting `loop.wiat`; did you mean `loop.wait`?"
        );
        assert_eq!(
            refusal("[sandbx]"),
            "x.toml:1: there is no setting `sandbx`; did you mean `sandbox`?"
        );
        assert_eq!(
            refusal("[database]\nx = 1"),
            "x.toml:2: there is no setting `database.x`; there are url"
        );
    }

    #[test]
    fn a_value_that_makes_no_sense_is_refused_by_name() {
        assert_eq!(
            refusal("[sandbox]\ntime_scale = 0.0"),
            "x.toml:2: `sandbox.time_scale` must lie between 0.001 and 1000000"
        );
        assert_eq!(
            refusal("[loop]\nwait = \"-1h\""),
            "x.toml:2: `loop.wait` must not be negative"
        );
        assert_eq!(
            refusal("[anthropic.prices]\ncache_read = -0.1"),
            "x.toml:2: `anthropic.prices.cache_read` must lie between 0 and 1000000"
        );
        for (text, said) in [
            (
                "[loop]\nwait = \"9000000000000000000s\"",
                "x.toml:2: `loop.wait` must be shorter than 100 years",
            ),
            (
                "[browser]\nhost_jitter = \"876000h\"",
                "x.toml:2: `browser.host_jitter` must be shorter than 100 years",
            ),
            (
                "[fetch]\ntime = \"0s\"",
                "x.toml:2: `fetch.time` must be longer than nothing",
            ),
        ] {
            assert_eq!(refusal(text), said);
        }
    }

    #[test]
    fn the_longest_wait_can_be_slowed_down_as_far_as_any() {
        let longest = "[loop]\nwait = \"875999h\"\n[sandbox]\ntime_scale = 0.001";
        let config = Config::parse(longest, "").unwrap();
        let wait = config.wall_wait(config.sandbox.time_scale);
        assert_eq!(wait, Duration::from_secs(875_999 * 3600 * 1000));
    }

    #[test]
    fn a_value_of_the_wrong_kind_is_named_with_its_line() {
        for (text, said) in [
            (
                "[loop]\nwait = 6",
                "x.toml:2: `loop.wait` cannot be read: invalid type: integer `6`, ",
            ),
            (
                "[inbox]\n\n[anthropic]\nprices.input = \"2\"",
                "x.toml:4: `anthropic.prices.input` cannot be read: invalid type: string \"2\", ",
            ),
            (
                "loop = 6",
                "x.toml:1: `loop` cannot be read: invalid type: integer `6`, ",
            ),
            (
                "[tiktok]\nprivacy = \"NOBODY\"",
                "x.toml:2: `tiktok.privacy` cannot be read: unknown variant `NOBODY`, ",
            ),
        ] {
            let error = refusal(text);
            assert!(error.starts_with(said), "{error}");
        }
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
