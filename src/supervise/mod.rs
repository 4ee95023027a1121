//! `up` on one machine: starts the processes in order, restarts what dies, ends them in order.
//!
//! [`Program`] says what a process is, `keeper` keeps one of them alive, [`Stack`] knows which ones
//! there are. Everything here runs on the main thread (a runtime of one thread), because children
//! die with the thread that started them; see `tether`.

mod child;
mod keeper;
mod pids;
mod ready;
mod stack;

use std::ffi::OsString;
use std::path::PathBuf;

use reqwest::Url;

pub(crate) use keeper::State;
pub(crate) use stack::{Stack, Stopping};

/// A process to be kept alive.
#[derive(Debug, Clone)]
pub(crate) struct Program {
    /// Its name in messages, in the list of processes, and of its log.
    pub(crate) name: &'static str,
    /// The executable.
    pub(crate) path: PathBuf,
    /// What it is started with.
    pub(crate) arguments: Vec<OsString>,
    /// Variables beside those that we have.
    pub(crate) environment: Vec<(OsString, OsString)>,
    /// How it is seen to be ready.
    pub(crate) ready: Ready,
    /// Where what it says goes.
    pub(crate) log: PathBuf,
}

/// How a process is seen to be ready.
#[derive(Debug, Clone)]
pub(crate) enum Ready {
    /// All of these answer well.
    Http(Vec<Url>),
    /// It writes [`ready_line`] to stdout.
    Line,
}

/// What our own processes write to stdout once they do their work.
pub(crate) fn ready_line(name: &str) -> String {
    format!("{{\"ready\":\"{name}\",\"pid\":{}}}", std::process::id())
}
