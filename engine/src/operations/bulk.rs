//! The same for many runs: a count before, and a result for each.

use std::collections::HashSet;

use super::{Actor, Applied, OperationError, Operations, Verb, audit};
use crate::controls::lineage;
use crate::error::EngineError;
use crate::runs::{self, Filter, Total};

/// Most runs that are done at once with one call.
const MOST: u64 = 10_000;

/// What came of each run.
pub type Results = Vec<(String, Result<Applied, OperationError>)>;

impl Operations {
    /// How many runs the filter finds: those that [`Operations::apply_to_all`] would go through.
    ///
    /// # Errors
    /// [`EngineError::Database`].
    pub async fn preview(&self, filter: &Filter, _verb: &Verb) -> Result<Total, EngineError> {
        runs::total(&self.db, filter).await
    }

    /// Does it to every run that the filter finds now, ten thousand at most, newest first; one that
    /// refuses stops no other. A run that is cancelled or killed takes those below it along, which then
    /// are not told by themselves.
    ///
    /// # Errors
    /// [`EngineError::Database`] when the runs cannot be listed.
    pub async fn apply_to_all(
        &self,
        filter: &Filter,
        verb: &Verb,
        by: &Actor,
    ) -> Result<Results, EngineError> {
        let found = runs::list(&self.db, filter, MOST).await?;
        let mut runs: Vec<(usize, String)> =
            found.into_iter().map(|run| run.id).enumerate().collect();
        // Those above before those below.
        runs.sort_by_key(|(_, id)| lineage(id).count());
        let mut done = HashSet::<String>::new();
        let mut results = Vec::with_capacity(runs.len());
        for (place, id) in runs {
            let above = match verb {
                Verb::Cancel | Verb::Kill => lineage(&id).skip(1).find(|id| done.contains(*id)),
                _ => None,
            };
            let result = match above {
                Some(above) => self.done_with(above, &id, verb, by).await,
                None => self.apply_now(&id, verb, by).await,
            };
            if result.is_ok() {
                done.insert(id.clone());
            }
            results.push((place, id, result));
        }
        self.seen_by_all(verb).await;
        results.sort_by_key(|(place, ..)| *place);
        let results = results.into_iter().map(|(_, id, result)| (id, result));
        Ok(results.collect())
    }

    /// Restate does it to a run with the one above it. That is all that is kept.
    async fn done_with(
        &self,
        above: &str,
        run_id: &str,
        verb: &Verb,
        by: &Actor,
    ) -> Result<Applied, OperationError> {
        let result = Ok(Applied::WithAbove {
            run_id: above.to_owned(),
        });
        audit::keep(&self.db, run_id, verb, by, &result).await?;
        result
    }
}
