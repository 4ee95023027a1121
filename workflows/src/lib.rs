//! The workflows of the channel: one file each, each the story of one run. No I/O, no clock, no
//! randomness here: `clippy.toml` beside this crate forbids them, because a workflow is replayed.

pub mod measure;
pub mod video_loop;

use std::time::Duration;

use engine::Registry;
use steps::{Steps, catalogue};

pub use measure::{Measure, MeasureOutput};
pub use video_loop::{VideoLoop, VideoLoopInput, VideoLoopOutput};

/// Every workflow and step, for a worker. `wait` is how long a loop waits before it measures.
#[must_use]
pub fn registry(steps: &Steps, wait: Duration) -> Registry {
    Registry::new()
        .steps(catalogue())
        .workflow(Measure::new(steps))
        .workflow(VideoLoop::new(steps, wait))
}
