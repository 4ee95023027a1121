//! Keeps this process small and short-lived.
//!
//! A file made to exhaust memory or time must end this process only. The limits are the kernel's,
//! so no library in between can forget them.

use std::{
    io::{self, Read as _},
    thread,
};

use media::Limits;
use nix::sys::{
    resource::{Resource, setrlimit},
    signal::{Signal, raise},
};

/// Address space, CPU seconds and core dumps are limited from here on.
pub(crate) fn limit(limits: &Limits) -> nix::Result<()> {
    let cpu_seconds = limits.time.as_secs().saturating_mul(2).saturating_add(1);
    setrlimit(Resource::RLIMIT_CORE, 0, 0)?;
    setrlimit(Resource::RLIMIT_CPU, cpu_seconds, cpu_seconds)?;
    setrlimit(
        Resource::RLIMIT_AS,
        limits.memory_bytes,
        limits.memory_bytes,
    )
}

/// Ends this process when stdin closes: whoever asked is gone or has given up.
///
/// SIGKILL and not `exit`, because exit handlers of libraries with running threads can hang.
pub(crate) fn end_with_stdin() {
    thread::spawn(|| {
        let mut rest = [0; 256];
        while matches!(io::stdin().lock().read(&mut rest), Ok(read) if read > 0) {}
        let _ = raise(Signal::SIGKILL);
    });
}
