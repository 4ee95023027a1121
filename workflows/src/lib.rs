//! The workflows of the channel: one file each, each the story of one run. No I/O, no clock, no
//! randomness here: `clippy.toml` beside this crate forbids them, because a workflow is replayed.

pub mod measure;
pub mod measure_batch;
pub mod video_loop;

use std::time::Duration;

use engine::{Registry, Trigger};
use steps::Steps;

pub use measure::{Measure, MeasureInput, MeasureOutput};
pub use measure_batch::{
    BatchChild, BatchEnding, ChildStatus, MeasureBatch, MeasureBatchInput, MeasureBatchOutput,
};
pub use video_loop::{VideoLoop, VideoLoopInput, VideoLoopOutput};

/// Which event starts which workflow.
///
/// Whoever accepts events needs it, too: see [`Client::with_triggers`](engine::Client::with_triggers).
/// `video/ready` is not one of them: it has rows to write first, and starts a loop per target.
pub const TRIGGERS: &[Trigger] = &[];

/// Every workflow and step, for a worker. `wait` is how long a loop waits before it measures.
#[must_use]
pub fn registry(steps: &Steps, wait: Duration) -> Registry {
    steps
        .serve(Registry::new())
        .triggers(TRIGGERS.iter().copied())
        .workflow(Measure::new(steps))
        .workflow(MeasureBatch::new(steps, wait))
        .workflow(VideoLoop::new(steps, wait))
}
