//! `flywheel prune --older-than DURATION`: removes old history.

use clap::Args;
use engine::prune::{self, Pruned};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use schema::{DatabaseConnection, events};
use serde::Serialize;

use super::{Ended, Shared};
use crate::output::{self, note};

/// Runs of one transaction: others who write wait for a moment only.
const BATCH: u64 = 200;

/// Arguments of `prune`.
#[derive(Debug, Args)]
#[command(
    after_help = "A run goes with all runs that it called, when it ended longer ago than that and nothing below it is \
open; one from which an open run goes on stays. With it go its attempts, tags, waits and the rest of \
its record: it can no longer be shown, or run again from a step. Events of which everything was done go, too. \
Posts, readings, analyses, weights and all else that the channel has learned are not touched.\n\nThe key \
of a removed run is free again: the same message, sent once more under a new id, starts a new run. A \
video is not posted twice by that: its row in `posts` stays, and decides.\n\nExamples:\n  \
flywheel prune --older-than 90d --dry-run\n  flywheel prune --older-than 90d --audit"
)]
pub(super) struct Prune {
    /// Remove what ended longer ago than this: 90d, 12h, 6mo
    #[arg(long = "older-than", value_name = "DURATION", value_parser = ago)]
    before: Timestamp,
    /// From the audit, too, what people did longer ago than that (`runs audit`)
    #[arg(long)]
    audit: bool,
    /// Remove nothing, and say how much it would be
    #[arg(long)]
    dry_run: bool,
}

/// What it came to.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    dry_run: bool,
    #[serde(flatten)]
    pruned: Pruned,
    /// Rows of the audit, if they were asked for.
    audit: Option<u64>,
}

impl Prune {
    pub(super) async fn run(self, shared: &Shared) -> anyhow::Result<Ended> {
        let db = shared.setup()?.tables().await?;
        let report = self.sweep(&db).await?;
        if report.pruned.before_ms < self.before.as_millisecond() {
            let since = Timestamp::from_millisecond(report.pruned.before_ms)?;
            note(format!(
                "A message or event of {since} has not started its runs yet. What ended since then \
                 stays, because it may be looked for again: see `flywheel events list`, and the API's log."
            ));
        }
        if shared.json {
            output::json(&report)?;
        } else {
            output::data(sentence(&report));
        }
        Ok(Ended::Well)
    }

    async fn sweep(&self, db: &DatabaseConnection) -> anyhow::Result<Report> {
        let before = match oldest_message(db).await? {
            Some(came) => self.before.min(came),
            None => self.before,
        };
        let (pruned, audit) = match self.dry_run {
            true => (
                prune::count_older_than(db, before, BATCH).await?,
                prune::count_audit_older_than(db, self.before).await?,
            ),
            false => (
                prune::older_than(db, before, BATCH).await?,
                match self.audit {
                    true => prune::audit_older_than(db, self.before, BATCH).await?,
                    false => 0,
                },
            ),
        };
        Ok(Report {
            dry_run: self.dry_run,
            pruned,
            audit: self.audit.then_some(audit),
        })
    }
}

/// When the oldest message came that has not started its runs: it will be taken up again, and looks
/// for those that it started before.
async fn oldest_message(db: &DatabaseConnection) -> anyhow::Result<Option<Timestamp>> {
    let waiting = events::stuck(db, Timestamp::now()).await?;
    Ok(waiting.first().map(events::Model::received_at))
}

fn sentence(report: &Report) -> String {
    let pruned = &report.pruned;
    let verb = match report.dry_run {
        true => "would remove",
        false => "removed",
    };
    let mut sentence = format!(
        "{verb} {} runs with {} attempts, and {} events",
        pruned.runs, pruned.attempts, pruned.events
    );
    if let Some(audit) = report.audit {
        sentence = format!("{sentence}, and {audit} rows of the audit");
    }
    if pruned.kept > 0 {
        let kept = pruned.kept;
        sentence = format!("{sentence}; {kept} runs as old stay, because open ones need them");
    }
    sentence
}

/// So long before now, by the calendar in UTC.
fn ago(words: &str) -> Result<Timestamp, String> {
    let wrong = || format!("{words} is no time that has passed; give one like 90d, 12h or 6mo");
    let span: Span = words.parse().map_err(|_| wrong())?;
    if !span.is_positive() {
        return Err(wrong());
    }
    let now = Timestamp::now().to_zoned(TimeZone::UTC);
    let before = now.checked_sub(span).map_err(|_| wrong())?;
    Ok(before.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_counts_back_from_now() {
        let before = ago("90d").unwrap();
        let hours = Timestamp::now().duration_since(before).as_hours();
        assert!((90 * 24 - 1..=90 * 24).contains(&hours), "{hours}");
        for wrong in ["", "90", "0d", "-90d", "soon", "90 d ago", "99999y"] {
            assert!(ago(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_was_done_is_one_sentence() {
        let pruned = Pruned {
            runs: 2,
            attempts: 9,
            kept: 1,
            ..Pruned::default()
        };
        let report = |dry_run, audit| Report {
            dry_run,
            pruned: pruned.clone(),
            audit,
        };
        assert_eq!(
            sentence(&report(false, Some(3))),
            "removed 2 runs with 9 attempts, and 0 events, and 3 rows of the audit; 1 runs as old stay, because open ones need them"
        );
        assert!(sentence(&report(true, None)).starts_with("would remove 2 runs"));
    }
}
