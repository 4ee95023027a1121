//! An append-only file of JSON lines that is replayed when it is opened.
//!
//! A line is handed to the operating system before the caller goes on, so it survives `kill -9`
//! of this process. It is not synced to the disk: losing power may lose the last lines, which
//! proves nothing less about the programs under test.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::SandboxError;

/// An open journal.
#[derive(Debug)]
pub(crate) struct Journal {
    path: PathBuf,
    /// The file and its length up to the last whole line.
    file: Mutex<(File, u64)>,
}

impl Journal {
    /// Opens or creates the journal and returns its records in order.
    ///
    /// A last line without its newline was cut off by a kill before anybody was told about it:
    /// it is removed.
    pub(crate) fn open<R: DeserializeOwned>(path: &Path) -> Result<(Self, Vec<R>), SandboxError> {
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .map_err(SandboxError::io("open the journal", path))?;
        let mut text = Vec::new();
        file.read_to_end(&mut text)
            .map_err(SandboxError::io("read the journal", path))?;
        let whole = text
            .iter()
            .rposition(|b| *b == b'\n')
            .map_or(0, |at| at + 1);
        let mut records = Vec::new();
        for (index, line) in text[..whole].split(|b| *b == b'\n').enumerate() {
            if line.is_empty() {
                continue;
            }
            let record = serde_json::from_slice(line).map_err(|source| SandboxError::Replay {
                path: path.to_owned(),
                line: index + 1,
                source,
            })?;
            records.push(record);
        }
        let length = whole as u64;
        file.set_len(length)
            .map_err(SandboxError::io("cut the torn last line of", path))?;
        file.seek(SeekFrom::End(0))
            .map_err(SandboxError::io("find the end of", path))?;
        let journal = Self {
            path: path.to_owned(),
            file: Mutex::new((file, length)),
        };
        Ok((journal, records))
    }

    /// Writes one record; it is in the file when this returns.
    pub(crate) fn append<R: Serialize>(&self, record: &R) -> Result<(), SandboxError> {
        let mut line = serde_json::to_vec(record).map_err(|source| SandboxError::Record {
            path: self.path.clone(),
            source,
        })?;
        line.push(b'\n');
        let mut guard = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let (file, length) = &mut *guard;
        if let Err(source) = file.write_all(&line) {
            // Half a line would spoil the next one. If this fails too, replay says so.
            let _ = file.set_len(*length);
            let _ = file.seek(SeekFrom::Start(*length));
            return Err(SandboxError::io("append to the journal", &self.path)(
                source,
            ));
        }
        *length += line.len() as u64;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Outcome = Result<(), Box<dyn std::error::Error>>;

    #[test]
    fn a_torn_last_line_is_dropped_and_the_next_record_is_whole() -> Outcome {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("j.jsonl");
        std::fs::write(&path, "1\n2\n{\"tor")?;
        let (journal, records) = Journal::open::<u32>(&path)?;
        assert_eq!(records, [1, 2]);
        journal.append(&3)?;
        drop(journal);
        let (_, records) = Journal::open::<u32>(&path)?;
        assert_eq!(records, [1, 2, 3]);
        Ok(())
    }

    #[test]
    fn a_spoilt_line_in_the_middle_is_an_error_that_names_it() -> Outcome {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("j.jsonl");
        std::fs::write(&path, "1\nnot json\n3\n")?;
        let opened = Journal::open::<u32>(&path);
        assert!(matches!(opened, Err(SandboxError::Replay { line: 2, .. })));
        Ok(())
    }
}
