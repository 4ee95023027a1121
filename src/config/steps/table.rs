//! Tables whose names are not known beforehand: how they are read, and how errors say where.

use engine::policy::Impossible;
use serde::de::DeserializeOwned;
use toml::{Table, Value};

use super::super::ConfigError;
use super::super::file::suggestion;
use super::super::origin::Origin;

/// The tables below a section, by name.
pub(super) fn tables<'s>(
    settings: &'s Table,
    section: &str,
    origin: &Origin<'_>,
) -> Result<Vec<(&'s str, &'s Table)>, ConfigError> {
    let no_table = |path: &[&str]| ConfigError::Impossible {
        place: origin.place(path),
        key: written(path),
        problem: "is not a table".to_owned(),
        fix: format!("write [{section}.NAME] with settings below it"),
    };
    let named = match settings.get(section) {
        Some(Value::Table(named)) => named,
        Some(_) => return Err(no_table(&[section])),
        None => return Ok(Vec::new()),
    };
    let tables = named.iter().map(|(name, table)| match table {
        Value::Table(table) => Ok((name.as_str(), table)),
        _ => Err(no_table(&[section, name.as_str()])),
    });
    tables.collect()
}

/// The table as what it sets. It has the `known` keys; all of them may be missing.
pub(super) fn read<T: DeserializeOwned>(
    table: &Table,
    [section, name]: [&str; 2],
    known: &[&str],
    origin: &Origin<'_>,
) -> Result<T, ConfigError> {
    for (key, value) in table {
        let path = [section, name, key.as_str()];
        if !known.contains(&key.as_str()) {
            return Err(unknown(&path, known, origin));
        }
        // Each alone first: an error of the whole table does not say which key it is about.
        let alone = Table::from_iter([(key.clone(), value.clone())]);
        alone
            .try_into::<T>()
            .map_err(|error| ConfigError::Impossible {
                place: origin.place(&path),
                key: written(&path),
                problem: format!("cannot be read: {}", error.message()),
                fix: format!("write {}", example(key)),
            })?;
    }
    let path = [section, name];
    table
        .clone()
        .try_into()
        .map_err(|error: toml::de::Error| ConfigError::Value {
            place: origin.place(&path),
            key: written(&path),
            problem: error.message().to_owned(),
        })
}

/// A key, or a name, that there is not.
pub(super) fn unknown(path: &[&str], known: &[&str], origin: &Origin<'_>) -> ConfigError {
    let (key, above) = path.split_last().unwrap_or((&"", path));
    ConfigError::UnknownKey {
        place: origin.place(path),
        key: written(path),
        suggestion: suggestion(key, known, &written(above)),
    }
}

/// A value that the engine does not take.
pub(super) fn refusal(
    impossible: Impossible,
    [section, name]: [&str; 2],
    origin: &Origin<'_>,
) -> ConfigError {
    let Impossible { key, problem, fix } = impossible;
    let path = [section, name, key];
    // What a limit's rule calls its pattern is the name of its table.
    let path = match key {
        "pattern" => &path[..2],
        _ => &path[..],
    };
    ConfigError::Impossible {
        place: origin.place(path),
        key: written(path),
        problem,
        fix,
    }
}

/// The path as TOML has it: names that are more than a word are quoted.
pub(super) fn written(path: &[&str]) -> String {
    let of_a_word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let name = |name: &&str| match !name.is_empty() && name.chars().all(of_a_word) {
        true => (*name).to_owned(),
        false => format!("{name:?}"),
    };
    path.iter().map(name).collect::<Vec<_>>().join(".")
}

/// A value that the key could have, as it is written.
pub(super) fn example(key: &str) -> &'static str {
    match key {
        "first_delay" | "max_delay" | "max_total" | "time_limit" => "a time, like \"90s\"",
        "factor" | "jitter" => "a number, like 1.0",
        "limits" => "a list of names, like [\"anthropic\"]",
        "on_exhausted" => "\"fail\" or \"park\"",
        "placement" => "\"inline\" or \"service\"",
        "rate" => "how many in which time, like \"50/min\"",
        _ => "a whole number, like 10",
    }
}
