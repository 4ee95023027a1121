//! The only place where wall time becomes audience time.

use jiff::Timestamp;

/// Turns wall time into audience time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    time_scale: f64,
}

impl Clock {
    pub(crate) fn new(time_scale: f64) -> Self {
        Self { time_scale }
    }

    /// Audience hours between two instants; 0 when `to` is earlier.
    pub(crate) fn hours(self, from: Timestamp, to: Timestamp) -> f64 {
        let wall = to.duration_since(from).as_secs_f64().max(0.0);
        wall * self.time_scale / 3600.0
    }
}
