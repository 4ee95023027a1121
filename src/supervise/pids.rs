//! `processes.json`: which processes the supervisor has, for people, for tests and for `backup`.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::PathBuf;

use tempfile::NamedTempFile;

/// The list, written anew at each change.
#[derive(Debug)]
pub(super) struct Pids {
    path: PathBuf,
    rows: RefCell<BTreeMap<&'static str, u32>>,
}

impl Pids {
    /// A list that so far only has this process.
    pub(super) fn new(path: PathBuf) -> Self {
        let pids = Self {
            path,
            rows: RefCell::default(),
        };
        pids.set("up", Some(std::process::id()));
        pids
    }

    /// The process of this name is `pid` now, or gone.
    pub(super) fn set(&self, name: &'static str, pid: Option<u32>) {
        match pid {
            Some(pid) => self.rows.borrow_mut().insert(name, pid),
            None => self.rows.borrow_mut().remove(name),
        };
        // Nothing that has to go on reads it.
        if let Err(error) = self.write() {
            tracing::warn!(%error, path = %self.path.display(), "The list of processes could not be written.");
        }
    }

    fn write(&self) -> std::io::Result<()> {
        let folder = self.path.parent().unwrap_or(&self.path);
        let mut file = NamedTempFile::new_in(folder)?;
        serde_json::to_writer(&mut file, &*self.rows.borrow())?;
        writeln!(file)?;
        file.persist(&self.path)?;
        Ok(())
    }
}
