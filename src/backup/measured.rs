//! A reader that knows what went through it.

use std::io::{self, Read};

use sha2::{Digest as _, Sha256};
use tokio_util::sync::CancellationToken;

use super::manifest::Part;

/// Counts and hashes what is read, and fails once the program is to stop.
pub(super) struct Measured<'s, R> {
    inner: R,
    hash: Sha256,
    bytes: u64,
    stop: &'s CancellationToken,
}

impl<'s, R: Read> Measured<'s, R> {
    pub(super) fn new(inner: R, stop: &'s CancellationToken) -> Self {
        Self {
            inner,
            hash: Sha256::new(),
            bytes: 0,
            stop,
        }
    }

    /// What was read, under its path.
    pub(super) fn into_part(self, path: String) -> Part {
        Part {
            path,
            bytes: self.bytes,
            sha256: format!("{:x}", self.hash.finalize()),
        }
    }
}

impl<R: Read> Read for Measured<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.stop.is_cancelled() {
            return Err(io::Error::other("the program is to stop"));
        }
        let read = self.inner.read(buffer)?;
        self.hash.update(buffer.get(..read).unwrap_or_default());
        self.bytes += read as u64;
        Ok(read)
    }
}
