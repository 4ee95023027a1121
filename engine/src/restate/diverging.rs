//! Runs that this code would take another way: nothing of them is executed.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use crate::context::Means;
use crate::controls::Ask;
use crate::error::EngineError;
use crate::replay::Divergence;

/// Restate tries again within a second of each answer, for as long as a run is held: days, perhaps, and
/// a thousand runs. So it is answered late. A connection may be silent for much longer.
const ANSWER_AFTER: Duration = Duration::from_secs(10);

/// The runs that the worker found at its start, each with its first difference.
#[derive(Clone, Default)]
pub(crate) struct Diverging(Arc<HashMap<String, String>>);

impl Diverging {
    pub(crate) fn new(runs: Vec<Divergence>) -> Self {
        let differences = runs.into_iter().map(|run| (run.run_id, run.difference));
        Self(Arc::new(differences.collect()))
    }

    /// Why the run is not executed, if it is one of these: also when it is no longer held, because this
    /// process has the same code for as long as it lives. Then the answer comes at once, and whoever
    /// looks sees soon that the run is stuck, and why.
    pub(super) async fn refusal(&self, run_id: &str, means: &Means) -> Option<EngineError> {
        let difference = self.0.get(run_id)?.clone();
        if is_held(run_id, means).await {
            tokio::select! {
                () = tokio::time::sleep(ANSWER_AFTER) => {}
                // The next worker may have code that fits.
                () = means.stop.cancelled() => {}
            }
        }
        Some(EngineError::WouldDiverge { difference })
    }
}

/// Whether the run is held, as far as that can be told.
async fn is_held(run_id: &str, means: &Means) -> bool {
    let ask = Ask {
        run_id: run_id.to_owned(),
        limits: Vec::new(),
        slots: BTreeMap::new(),
        holder: String::new(),
        halted: false,
    };
    !matches!(means.controls.admit(ask).await, Ok(None))
}
