//! The attempt that the step suite executes.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::attempt::Attempt;
use crate::context::{Means, Rows, encode};
use crate::controls::MemoryControls;
use crate::ending::SoFar;
use crate::error::EngineError;
use crate::event::AttemptKey;
use crate::history::History;
use crate::journal::Clock;
use crate::registry::Settings;
use crate::step::Step;

/// The first of a run of its own.
pub(crate) fn example_key(step: &'static str) -> AttemptKey {
    AttemptKey {
        run_id: "run_example".to_owned(),
        step,
        occurrence: 1,
        attempt: 1,
    }
}

/// Executes that attempt, as a run's first closure would be, and gives what the journal gets.
pub(crate) async fn execute_once<S: Step>(
    step: &Arc<S>,
    input: &serde_json::Value,
    history: Arc<dyn History>,
) -> Result<Bytes, EngineError> {
    let attempt = Attempt {
        step: step.clone(),
        key: example_key(S::NAME),
        seq: 1,
        input: encode(S::NAME, input)?,
        policy: Arc::new(S::policy()),
        limits: Ok(Vec::new()),
        slots: BTreeMap::new(),
        halted: false,
        so_far: SoFar::default(),
        random: 0.0,
        means: Means {
            history,
            controls: Arc::new(MemoryControls::default()),
            settings: Arc::new(Settings::default()),
            stop: CancellationToken::new(),
            under_way: TaskTracker::new(),
        },
        clock: Clock::System,
        went_live: Arc::default(),
        rows: Rows::default(),
        ended_now: Arc::default(),
    };
    attempt.execute().await
}
