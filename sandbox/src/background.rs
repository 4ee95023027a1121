//! Work that goes on after an answer was given. It ends with the world it belongs to.

use std::sync::{Mutex, PoisonError};

use tokio::task::JoinSet;

/// All such work of one world.
#[derive(Debug, Default)]
pub(crate) struct Background {
    tasks: Mutex<JoinSet<()>>,
}

impl Background {
    /// Starts work. It must not hold on to the world while it waits (a `Weak` is for that), or
    /// the world would never end.
    pub(crate) fn start(&self, work: impl Future<Output = ()> + Send + 'static) {
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        // What has ended is let go of.
        while tasks.try_join_next().is_some() {}
        tasks.spawn(work);
    }
}
