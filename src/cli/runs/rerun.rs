//! `flywheel runs rerun RUN`: a new run that goes on from a point of one that has ended.

use clap::Args;
use engine::operations::{self, Verb};
use serde_json::Value;

use super::target::Target;
use crate::cli::value::json_or_file;

/// Arguments of `runs rerun`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    flywheel runs rerun run_1\n  \
    flywheel runs rerun run_1 --from scrape\n  \
    flywheel runs rerun run_1 --from scrape@2 --output @reading.json\n  \
    flywheel runs rerun --all --workflow measure_batch --failed-children --yes\n\
    What lies before the point is taken over from the history; `flywheel runs show RUN` has it.")]
pub(in crate::cli) struct Rerun {
    #[command(flatten)]
    target: Target,
    /// The first step that is executed, `scrape@2` for the second time that the run came to it
    /// [default: the run's first]
    #[arg(long, value_name = "STEP")]
    from: Option<String>,
    /// Another input for that step, or, without --from, for the run
    #[arg(long, value_name = "JSON|@FILE", value_parser = json_or_file)]
    input: Option<Value>,
    /// That step's output: it is not executed, and the run goes on behind it
    #[arg(
        long,
        value_name = "JSON|@FILE",
        value_parser = json_or_file,
        requires = "from",
        conflicts_with = "input"
    )]
    output: Option<Value>,
    /// Begin at the last fan-out that has failed child runs, and run only those again
    #[arg(long, conflicts_with_all = ["from", "input", "output"])]
    failed_children: bool,
}

impl Rerun {
    /// What is done to what.
    pub(super) fn into_parts(self) -> (Target, Verb) {
        let rerun = operations::Rerun {
            from: self.from,
            input: self.input,
            output: self.output,
            failed_children: self.failed_children,
        };
        (self.target, Verb::Rerun(rerun))
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
        rerun: Rerun,
    }

    fn read(words: &[&str]) -> Result<Verb, clap::Error> {
        let line = Line::try_parse_from(["x", "run_1"].iter().chain(words));
        line.map(|line| line.rerun.into_parts().1)
    }

    #[test]
    fn a_rerun_begins_where_it_is_said_and_with_what() {
        let output = read(&["--from", "scrape@2", "--output", "{\"views\": 3}"]).unwrap();
        let expected = operations::Rerun {
            from: Some("scrape@2".to_owned()),
            output: Some(json!({ "views": 3 })),
            ..operations::Rerun::default()
        };
        assert_eq!(output, Verb::Rerun(expected));
        let all_of_it = Verb::Rerun(operations::Rerun::default());
        assert_eq!(read(&[]).unwrap(), all_of_it);
        let fitting: [&[&str]; 2] = [&["--input", "1"], &["--failed-children"]];
        for fits in fitting {
            assert!(read(fits).is_ok(), "{fits:?}");
        }
        let contradictions: [&[&str]; 4] = [
            &["--output", "1"],
            &["--from", "scrape", "--input", "1", "--output", "1"],
            &["--from", "scrape", "--failed-children"],
            &["--input", "1", "--failed-children"],
        ];
        for contradiction in contradictions {
            assert!(read(contradiction).is_err(), "{contradiction:?}");
        }
    }
}
