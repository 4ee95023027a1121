//! A worker beside `up`, or without one.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};

use nix::sys::signal::Signal;

use crate::stage::{Stage, signal};

/// Ends with the test, however that ends.
pub(crate) struct Worker(Child);

impl Worker {
    pub(crate) fn start(stage: &Stage, words: &[&str]) -> Self {
        let log = File::create(stage.folder.path().join("worker.log")).unwrap();
        let mut command = stage.command(&[&["worker"][..], words].concat());
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        Self(child)
    }

    /// Comes back when Restate knows it.
    pub(crate) fn is_ready(&mut self) {
        let mut line = String::new();
        let stdout = self.0.stdout.take().unwrap();
        BufReader::new(stdout).read_line(&mut line).unwrap();
        assert!(line.contains("\"ready\":\"worker\""), "{line}");
    }

    /// SIGTERM; it ends well.
    pub(crate) fn stop(mut self) {
        signal(self.0.id(), Signal::SIGTERM);
        let status = self.0.wait().unwrap();
        assert!(status.success(), "{status}");
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // Does nothing to one that has ended.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
