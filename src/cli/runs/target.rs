//! Which runs something is done to: those that are named, or all that fit a filter; and by whom.

use clap::Args;
use engine::Actor;
use engine::operations::Verb;
use engine::runs::Filter;
use engine::tables::RunStatus;

use super::filter::FilterArgs;
use crate::cli::NeedsPerson;

/// Which runs, who does it, and why.
#[derive(Debug, Args)]
pub(in crate::cli) struct Target {
    /// The runs
    #[arg(
        value_name = "RUN",
        required_unless_present = "all",
        conflicts_with_all = ["all", "FilterArgs"]
    )]
    runs: Vec<String>,
    /// In place of RUN: all runs that fit the options, the newest 10,000 of them. Without --status,
    /// those to which it can be done; without --workflow, only runs that no other run called (to release
    /// or resolve: any run that is held itself, or parked)
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    filter: FilterArgs,
    /// With --all: do it, and not only say to how many runs
    #[arg(long, conflicts_with = "runs")]
    yes: bool,
    /// Why; it is kept, see `runs audit`
    #[arg(long, value_name = "TEXT")]
    why: Option<String>,
    /// Who does it [default: USER of the environment]
    #[arg(long, value_name = "NAME")]
    who: Option<String>,
}

/// The runs.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Chosen {
    /// These.
    Named(Vec<String>),
    /// All that fit; they are only counted until somebody says yes.
    Fitting {
        /// Which.
        filter: Box<Filter>,
        /// Whether somebody did.
        yes: bool,
    },
}

impl Target {
    /// For the audit.
    pub(super) fn actor(&self) -> Actor {
        let who = self.who.clone().or_else(|| std::env::var("USER").ok());
        Actor {
            who: who
                .filter(|who| !who.is_empty())
                .unwrap_or_else(|| "unknown".to_owned()),
            why: self.why.clone(),
        }
    }

    /// The runs to which `verb` is done.
    ///
    /// # Errors
    /// [`NeedsPerson`] for a filter that no run can fit.
    pub(super) fn chosen(self, verb: &Verb) -> Result<Chosen, NeedsPerson> {
        if !self.all {
            return Ok(Chosen::Named(self.runs));
        }
        Ok(Chosen::Fitting {
            filter: Box::new(narrowed(self.filter.filter()?, verb)),
            yes: self.yes,
        })
    }
}

/// What the filter leaves open is left to what makes sense. A run takes those below it along, so that
/// doing it to them by themselves, too, would only fail, or end a child under a run that goes on; a
/// decision alone is needed where the step is, and a release where the hold is.
fn narrowed(mut filter: Filter, verb: &Verb) -> Filter {
    if filter.statuses.is_empty() {
        filter.statuses = statuses(verb).to_vec();
    }
    filter.held |= *verb == Verb::Release;
    let of_any_level = filter.workflow.is_some() || filter.parent_id.is_some();
    let by_itself = matches!(verb, Verb::Resolve(_) | Verb::Release);
    filter.top_level |= !of_any_level && !by_itself;
    filter
}

/// Those of runs to which it can be done, and in which it changes something.
fn statuses(verb: &Verb) -> &'static [RunStatus] {
    match verb {
        Verb::Hold => &[
            RunStatus::Queued,
            RunStatus::Running,
            RunStatus::Waiting,
            RunStatus::Parked,
        ],
        Verb::Resolve(_) => &[RunStatus::Parked],
        // A held run that was at work, or is parked, has the status of that until it looks.
        Verb::Release | Verb::Cancel | Verb::Kill => &RunStatus::OPEN,
        Verb::Rerun(_) => &[RunStatus::Failed, RunStatus::Cancelled, RunStatus::Killed],
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use engine::operations::{Rerun, Resolution};

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        target: Target,
    }

    fn read(words: &[&str]) -> Result<Target, clap::Error> {
        let line = Line::try_parse_from(["x"].iter().chain(words));
        line.map(|line| line.target)
    }

    #[test]
    fn runs_are_named_or_found_and_never_both() {
        let named = read(&["run_1", "run_2"]).unwrap().chosen(&Verb::Hold);
        let both = vec!["run_1".to_owned(), "run_2".to_owned()];
        assert_eq!(named.unwrap(), Chosen::Named(both));
        let refused: [&[&str]; 5] = [
            &[],
            &["run_1", "--all"],
            &["run_1", "--workflow", "measure"],
            &["run_1", "--yes"],
            &["--workflow", "measure"],
        ];
        for wrong in refused {
            assert!(read(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_filter_that_says_little_means_the_runs_to_which_it_can_be_done() {
        let found = |words: &[&str], verb: &Verb| {
            let chosen = read(words).unwrap().chosen(verb);
            match chosen.unwrap() {
                Chosen::Fitting { filter, .. } => (filter.statuses, filter.top_level),
                Chosen::Named(runs) => panic!("{runs:?}"),
            }
        };
        let all: &[&str] = &["--all"];
        assert_eq!(found(all, &Verb::Cancel), (RunStatus::OPEN.to_vec(), true));
        let open = RunStatus::OPEN.to_vec();
        assert_eq!(found(all, &Verb::Release), (open, false));
        let retry = Verb::Resolve(Resolution::Retry);
        assert_eq!(found(all, &retry), (vec![RunStatus::Parked], false));
        let rerun = Verb::Rerun(Rerun::default());
        assert!(!found(all, &rerun).0.contains(&RunStatus::Completed));
        let children: &[&str] = &["--all", "--workflow", "measure", "--status", "running"];
        let running = vec![RunStatus::Running];
        assert_eq!(found(children, &Verb::Kill), (running, false));
    }

    #[test]
    fn only_what_somebody_holds_is_released() {
        for (verb, held) in [(Verb::Release, true), (Verb::Hold, false)] {
            let chosen = read(&["--all"]).unwrap().chosen(&verb).unwrap();
            assert!(
                matches!(&chosen, Chosen::Fitting { filter, .. } if filter.held == held),
                "{chosen:?}"
            );
        }
    }

    #[test]
    fn somebody_is_said_to_have_done_it() {
        let by = read(&["run_1", "--who", "ann", "--why", "locked"])
            .unwrap()
            .actor();
        assert_eq!(
            (by.who.as_str(), by.why.as_deref()),
            ("ann", Some("locked"))
        );
        assert!(!read(&["run_1"]).unwrap().actor().who.is_empty());
        assert_eq!(
            read(&["run_1", "--who", ""]).unwrap().actor().who,
            "unknown"
        );
    }
}
