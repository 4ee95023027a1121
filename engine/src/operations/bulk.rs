//! The same for many runs: a count before, and a result for each.

use super::{Actor, Applied, OperationError, Operations, Verb};
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
    /// refuses stops no other.
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
        let mut results = Vec::with_capacity(found.len());
        for run in found {
            let result = self.apply(&run.id, verb, by).await;
            results.push((run.id, result));
        }
        Ok(results)
    }
}
