//! Keeps this program alive through Ctrl-C and SIGTERM while it has something to clean up, and
//! passes the signal on to the child that it is waiting for.

use std::io::{IsTerminal, stdin};
use std::process::{Child, ExitStatus};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context, Result};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// The last of the signals that ask for an end; from its making on they do not end this program.
#[derive(Debug)]
pub(crate) struct Signals {
    last: Arc<AtomicUsize>,
}

impl Signals {
    /// Begins to listen.
    pub(crate) fn listen() -> Result<Self> {
        let last = Arc::new(AtomicUsize::new(0));
        for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP] {
            let number = signal as i32;
            let value = usize::try_from(number).context("number a signal")?;
            signal_hook::flag::register_usize(number, Arc::clone(&last), value)
                .with_context(|| format!("listen for {signal}"))?;
        }
        Ok(Self { last })
    }

    /// The signal that came, if one did.
    pub(crate) fn received(&self) -> Option<Signal> {
        let number = i32::try_from(self.last.load(Ordering::Relaxed)).ok()?;
        Signal::try_from(number).ok()
    }

    /// Waits for the child to end; a signal that comes meanwhile is passed on, once.
    pub(crate) fn wait(&self, child: &mut Child) -> Result<ExitStatus> {
        let mut passed_on = false;
        loop {
            if let Some(status) = child.try_wait().context("wait for the test runner")? {
                return Ok(status);
            }
            if let (false, Some(signal)) = (passed_on, self.received()) {
                passed_on = true;
                // The terminal has sent Ctrl-C to the child too, and a second one means "at once".
                let has_it = signal == Signal::SIGINT && stdin().is_terminal();
                if let (false, Ok(id)) = (has_it, i32::try_from(child.id())) {
                    let _ = kill(Pid::from_raw(id), signal);
                }
            }
            sleep(Duration::from_millis(50));
        }
    }
}
