//! `flywheel runs resolve RUN`: a decision about the step at which a run is parked.

use clap::Args;
use engine::operations::{Resolution, Verb};
use serde_json::Value;

use super::target::Target;
use crate::cli::value::json_or_file;

/// Arguments of `runs resolve`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    flywheel runs resolve run_1 --retry --why 'the key is renewed'\n  \
    flywheel runs resolve run_1 --skip @output.json\n  \
    flywheel runs resolve --all --error-code publish_unknown --fail 'not worth it' --yes\n\
    `flywheel runs show RUN` says at which step a run is parked, `flywheel steps list STEP` what its output is.")]
pub(in crate::cli) struct Resolve {
    #[command(flatten)]
    target: Target,
    #[command(flatten)]
    decision: Decision,
}

/// One of the three.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct Decision {
    /// The step is tried again, with its policy from the beginning
    #[arg(long)]
    retry: bool,
    /// The step counts as done, with this output
    #[arg(long, value_name = "JSON|@FILE", value_parser = json_or_file)]
    skip: Option<Value>,
    /// The step has failed, for this reason; the workflow decides what follows
    #[arg(long, value_name = "REASON")]
    fail: Option<String>,
}

impl Resolve {
    /// What is done to what.
    pub(super) fn into_parts(self) -> (Target, Verb) {
        (self.target, Verb::Resolve(self.decision.into()))
    }
}

impl From<Decision> for Resolution {
    fn from(decision: Decision) -> Self {
        match (decision.retry, decision.skip, decision.fail) {
            (false, Some(output), _) => Self::Skip { output },
            (false, None, Some(reason)) => Self::Fail { reason },
            // One of them is given, or the command line is refused.
            _ => Self::Retry,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use serde_json::json;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        resolve: Resolve,
    }

    fn read(words: &[&str]) -> Result<Verb, clap::Error> {
        let line = Line::try_parse_from(["x", "run_1"].iter().chain(words));
        line.map(|line| line.resolve.into_parts().1)
    }

    #[test]
    fn a_decision_is_one_of_three() {
        let resolved = |words: &[&str]| match read(words).unwrap() {
            Verb::Resolve(resolution) => resolution,
            other => panic!("{other:?}"),
        };
        assert_eq!(resolved(&["--retry"]), Resolution::Retry);
        let output = json!({ "views": 3 });
        assert_eq!(
            resolved(&["--skip", "{\"views\": 3}"]),
            Resolution::Skip { output }
        );
        let reason = "gone".to_owned();
        assert_eq!(resolved(&["--fail", "gone"]), Resolution::Fail { reason });
        let refused: [&[&str]; 5] = [
            &[],
            &["--retry", "--skip", "1"],
            &["--retry", "--fail", "gone"],
            &["--skip", "1", "--fail", "gone"],
            &["--skip", "{"],
        ];
        for wrong in refused {
            assert!(read(wrong).is_err(), "{wrong:?}");
        }
    }
}
