//! What else is at work in the data folder while it is copied: nothing, or an `up`.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};

use super::frozen::Frozen;
use crate::cli::NeedsPerson;
use crate::data_dir::{DataDir, DataDirError, Place, UpLock};
use crate::setup::Setup;

/// For the supervisor to start again what has just died.
const PATIENCE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(50);

/// The processes around us.
pub(super) struct Neighbours<'d> {
    data: &'d DataDir,
    /// Ours, so that no `up` begins meanwhile; without it, one has the folder.
    lock: Option<UpLock>,
}

impl<'d> Neighbours<'d> {
    /// # Errors
    /// [`NeedsPerson`] when something runs that no `up` of this folder looks after.
    pub(super) fn of(setup: &'d Setup) -> anyhow::Result<Self> {
        let data = &setup.data;
        let lock = match UpLock::take(data) {
            Ok(lock) => Some(lock),
            Err(DataDirError::InUse { .. }) => None,
            Err(error) => return Err(error.into()),
        };
        if lock.is_some() && data.path(Place::Ports).exists() {
            let taken = setup.ports()?.taken();
            let restate = taken.iter().find(|(name, _)| name.starts_with("restate"));
            if let Some((name, port)) = restate {
                return Err(NeedsPerson(format!(
                    "no `flywheel up` has {}, but something listens on port {port} ({name}): \
                     a Restate that is not supervised cannot be copied while it runs; stop it",
                    data.root().display()
                ))
                .into());
            }
        }
        Ok(Self { data, lock })
    }

    /// Freezes the process of this name, if there is an `up`.
    pub(super) async fn freeze(&self, name: &str) -> anyhow::Result<Option<Frozen>> {
        if self.lock.is_some() {
            return Ok(None);
        }
        let since = Instant::now();
        loop {
            let listed = self.processes()?.get(name).copied();
            if let Some(pid) = listed.filter(|pid| self.is_ours(*pid)) {
                return Frozen::freeze(pid).await.map(Some);
            }
            if since.elapsed() > PATIENCE {
                bail!("`flywheel up` has no process {name}; see its log");
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Whether nothing of this name has run since it was frozen.
    ///
    /// # Errors
    /// If something has: what was copied is of more than one instant.
    pub(super) fn check(&self, name: &str, frozen: Option<&Frozen>) -> anyhow::Result<()> {
        let Some(frozen) = frozen else {
            return Ok(());
        };
        let now = self.processes()?.get(name).copied();
        let is_same = now.and_then(|pid| i32::try_from(pid).ok()) == Some(frozen.pid());
        if !is_same || !frozen.is_still() {
            bail!("{name} was started again while it was copied; no backup was written, try again");
        }
        Ok(())
    }

    /// Whether the process was started on this folder. An old list may be there, and ids are used again.
    #[cfg(target_os = "linux")]
    fn is_ours(&self, pid: u32) -> bool {
        let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let root = self.data.root().as_os_str().as_encoded_bytes();
        line.windows(root.len().max(1)).any(|part| part == root)
    }

    #[cfg(not(target_os = "linux"))]
    fn is_ours(&self, _pid: u32) -> bool {
        true
    }

    /// The supervisor's list.
    fn processes(&self) -> anyhow::Result<BTreeMap<String, u32>> {
        let path = self.data.path(Place::Processes);
        let reading = || format!("read {}", path.display());
        let text = std::fs::read(&path).with_context(reading)?;
        serde_json::from_slice(&text).with_context(reading)
    }
}
