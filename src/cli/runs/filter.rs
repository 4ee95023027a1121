//! `--status`, `--tag` and the like: which runs a verb is about, in the same words for all verbs.

use std::collections::BTreeSet;

use clap::Args;
use engine::runs::Filter;
use engine::tables::RunStatus;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

use crate::cli::NeedsPerson;

/// Arguments of every verb that may be about many runs.
#[derive(Debug, Args)]
pub(super) struct FilterArgs {
    /// Only of this workflow
    #[arg(long, value_name = "NAME")]
    workflow: Option<String>,
    /// Only of this status, or of several with commas between them: queued, running, waiting, held,
    /// parked, completed, failed, cancelled, killed
    #[arg(long = "status", value_name = "STATUS", value_parser = status, value_delimiter = ',')]
    statuses: Vec<RunStatus>,
    /// Only with this tag; repeated: only with all of them
    #[arg(long = "tag", value_name = "KEY=VALUE", value_parser = tag)]
    tags: Vec<(String, String)>,
    /// Only those that failed with this code
    #[arg(long, value_name = "CODE")]
    error_code: Option<String>,
    /// Only open ones that somebody holds; not those that are held with a run above them
    #[arg(long)]
    held: bool,
    /// Only those created then or later: 2026-11-23T18:00:00Z, 2026-11-23 (UTC), or how long ago: 6h,
    /// 2d
    #[arg(long, value_name = "WHEN", value_parser = when)]
    since: Option<Timestamp>,
    /// Only those created before then
    #[arg(long, value_name = "WHEN", value_parser = when)]
    until: Option<Timestamp>,
}

impl FilterArgs {
    /// The filter that is meant.
    ///
    /// # Errors
    /// [`NeedsPerson`] for one that no run can fit.
    pub(super) fn filter(self) -> Result<Filter, NeedsPerson> {
        if let (Some(since), Some(until)) = (self.since, self.until)
            && since >= until
        {
            return Err(NeedsPerson(format!(
                "no run was created since {since} and before {until}: --since must be the earlier one"
            )));
        }
        if let Some(key) = asked_twice(&self.tags) {
            return Err(NeedsPerson(format!(
                "a run has one value of the tag {key}, and more than one is asked for"
            )));
        }
        let mut statuses = self.statuses;
        if self.held && statuses.is_empty() {
            // What holds a run that has ended is forgotten soon, and not at once.
            statuses = RunStatus::OPEN.to_vec();
        }
        Ok(Filter {
            workflow: self.workflow,
            statuses,
            tags: self.tags,
            error_code: self.error_code,
            created_after: self.since,
            created_before: self.until,
            held: self.held,
            ..Filter::default()
        })
    }
}

fn asked_twice(tags: &[(String, String)]) -> Option<&String> {
    let mut keys = BTreeSet::new();
    let mut all = tags.iter().map(|(key, _)| key);
    all.find(|key| !keys.insert(*key))
}

fn status(word: &str) -> Result<RunStatus, String> {
    let known = RunStatus::ALL
        .into_iter()
        .find(|status| status.as_str() == word);
    known.ok_or_else(|| {
        format!(
            "there is no status {word}; there are {}",
            RunStatus::ALL.map(RunStatus::as_str).join(", ")
        )
    })
}

fn tag(words: &str) -> Result<(String, String), String> {
    match words.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("a tag is KEY=VALUE, for one platform=tiktok".to_owned()),
    }
}

/// An instant, a date or time in UTC, or how long ago.
fn when(words: &str) -> Result<Timestamp, String> {
    let utc = || TimeZone::UTC;
    if let Ok(instant) = words.parse::<Timestamp>() {
        return Ok(instant);
    }
    let read = match (words.parse::<DateTime>(), words.parse::<Span>()) {
        (Ok(date), _) => date.to_zoned(utc()).ok(),
        (_, Ok(ago)) => Timestamp::now().to_zoned(utc()).checked_sub(ago.abs()).ok(),
        _ => None,
    };
    let read = read.map(|instant| instant.timestamp());
    read.ok_or_else(|| {
        format!(
            "{words} is no time; give an instant (2026-11-23T18:00:00Z), a date in UTC \
             (2026-11-23), or how long ago it was (6h, 2d)"
        )
    })
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[derive(Debug, clap::Parser)]
    #[command(no_binary_name = true)]
    struct Words {
        #[command(flatten)]
        filter: FilterArgs,
    }

    fn read(words: &[&str]) -> Result<Filter, String> {
        let words = Words::try_parse_from(words).map_err(|error| error.to_string())?;
        words.filter.filter().map_err(|error| error.to_string())
    }

    #[test]
    fn no_words_mean_every_run() {
        assert_eq!(read(&[]).unwrap(), Filter::default());
    }

    #[test]
    fn every_word_narrows_the_filter() {
        let words = [
            "--workflow=measure",
            "--status=failed,killed",
            "--status=parked",
            "--tag=platform=tiktok",
            "--tag=note=a=b",
            "--error-code=step_timed_out",
            "--since=2026-11-22",
            "--until=2026-11-23T18:00:00+01:00",
        ];
        let tag = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        let wanted = Filter {
            workflow: Some("measure".to_owned()),
            statuses: vec![RunStatus::Failed, RunStatus::Killed, RunStatus::Parked],
            tags: vec![tag("platform", "tiktok"), tag("note", "a=b")],
            error_code: Some("step_timed_out".to_owned()),
            created_after: Some("2026-11-22T00:00:00Z".parse().unwrap()),
            created_before: Some("2026-11-23T17:00:00Z".parse().unwrap()),
            ..Filter::default()
        };
        assert_eq!(read(&words).unwrap(), wanted);
    }

    #[test]
    fn held_runs_are_open_ones_unless_it_is_said_otherwise() {
        let held = |words: &[&str]| {
            let filter = read(words).unwrap();
            (filter.held, filter.statuses)
        };
        assert_eq!(held(&["--held"]), (true, RunStatus::OPEN.to_vec()));
        let parked = vec![RunStatus::Parked];
        assert_eq!(held(&["--held", "--status=parked"]), (true, parked));
    }

    #[test]
    fn how_long_ago_counts_from_now() {
        let before = Timestamp::now();
        let since = read(&["--since=2d"]).unwrap().created_after.unwrap();
        let ago = before.duration_since(since);
        assert!((ago.as_hours() - 48).abs() <= 1, "{since}");
    }

    #[test]
    fn what_cannot_be_meant_is_refused_with_the_reason() {
        let cases = [
            ("--status=fine", "there is no status fine; there are queued"),
            ("--tag=tiktok", "a tag is KEY=VALUE"),
            ("--tag==x", "a tag is KEY=VALUE"),
            ("--since=yesterday", "yesterday is no time"),
        ];
        for (word, reason) in cases {
            let error = read(&[word]).unwrap_err();
            assert!(error.contains(reason), "{error}");
        }
        let two_values = read(&["--tag=a=1", "--tag=a=2"]).unwrap_err();
        assert!(
            two_values.contains("one value of the tag a"),
            "{two_values}"
        );
        let no_time = read(&["--since=2026-11-23", "--until=2026-11-22"]).unwrap_err();
        assert!(no_time.contains("--since must be the earlier"), "{no_time}");
    }
}
