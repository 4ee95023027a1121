//! Kills the worker, again and again: an interval after each time that it got ready.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::supervise::{Stack, State};

/// A task that kills; ended by [`Killer::stop`].
pub(super) struct Killer {
    kills: Rc<Cell<u32>>,
    task: Option<JoinHandle<()>>,
}

impl Killer {
    /// Begins at once.
    pub(super) fn start(stack: &Stack, every: Duration) -> Self {
        let kills = Rc::new(Cell::new(0));
        let task = stack
            .watch("worker")
            .map(|worker| tokio::task::spawn_local(killing(worker, every, Rc::clone(&kills))));
        Self { kills, task }
    }

    /// How often it killed.
    pub(super) fn stop(self) -> u32 {
        if let Some(task) = self.task {
            task.abort();
        }
        self.kills.get()
    }
}

async fn killing(mut worker: watch::Receiver<State>, every: Duration, kills: Rc<Cell<u32>>) {
    loop {
        let ready = worker
            .wait_for(|state| matches!(state, State::Ready { .. }))
            .await
            .map(|state| *state);
        let Ok(ready @ State::Ready { pid }) = ready else {
            return;
        };
        tokio::time::sleep(every).await;
        // Its own death counts as none of ours. The process is not reaped before the state says
        // that it is gone, so the id is still its own.
        if *worker.borrow_and_update() != ready {
            continue;
        }
        if let Ok(id) = i32::try_from(pid)
            && kill(Pid::from_raw(id), Signal::SIGKILL).is_ok()
        {
            kills.set(kills.get() + 1);
        }
        if worker.wait_for(|state| *state != ready).await.is_err() {
            return;
        }
    }
}
