//! The groups of runs that are counted after each pass, the empty ones among them.

use std::collections::{BTreeSet, HashMap};

use crate::runs::Count;
use crate::tables::RunStatus;

/// A count for every status of every workflow seen so far: a gauge keeps its last value, so a group
/// that has become empty must be said to be.
pub(super) fn every_group(workflows: &mut BTreeSet<String>, counts: Vec<Count>) -> Vec<Count> {
    workflows.extend(counts.iter().map(|count| count.workflow.clone()));
    let known: HashMap<(String, RunStatus), i64> = counts
        .into_iter()
        .map(|count| ((count.workflow, count.status), count.runs))
        .collect();
    let groups_of = |workflow: &String| {
        RunStatus::ALL.map(|status| {
            let runs = known.get(&(workflow.clone(), status)).copied();
            Count {
                workflow: workflow.clone(),
                status,
                runs: runs.unwrap_or(0),
            }
        })
    };
    workflows.iter().flat_map(groups_of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(workflow: &str, status: RunStatus, runs: i64) -> Count {
        Count {
            workflow: workflow.to_owned(),
            status,
            runs,
        }
    }

    #[test]
    fn a_group_that_has_become_empty_is_counted_as_zero() {
        let mut workflows = BTreeSet::new();
        every_group(&mut workflows, vec![count("a", RunStatus::Running, 2)]);
        let groups = every_group(&mut workflows, vec![count("b", RunStatus::Failed, 1)]);
        let of = |workflow: &str, status| {
            let group = groups
                .iter()
                .find(|group| group.workflow == workflow && group.status == status);
            group.map(|group| group.runs)
        };
        assert_eq!(groups.len(), 2 * RunStatus::ALL.len());
        assert_eq!(of("a", RunStatus::Running), Some(0));
        assert_eq!(of("b", RunStatus::Failed), Some(1));
        assert_eq!(of("b", RunStatus::Completed), Some(0));
    }
}
