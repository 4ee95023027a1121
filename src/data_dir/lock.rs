//! Who has the folder. A lock of the operating system: it goes with the process that holds it,
//! however that ends, so nothing stale is left behind.

use std::fs::{File, TryLockError};

use super::{DataDir, DataDirError, Place};

/// Held for as long as this lives.
#[derive(Debug)]
pub(crate) struct UpLock {
    _file: File,
}

impl UpLock {
    /// Takes the folder.
    ///
    /// # Errors
    /// [`DataDirError::InUse`] when another process has it.
    pub(crate) fn take(data: &DataDir) -> Result<Self, DataDirError> {
        let path = data.path(Place::UpLock);
        let opened = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path);
        let file = opened.map_err(DataDirError::io("open", &path))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(DataDirError::InUse {
                path: data.root().to_owned(),
            }),
            Err(TryLockError::Error(source)) => Err(DataDirError::io("lock", &path)(source)),
        }
    }

    /// Whether some process has the folder now.
    pub(crate) fn is_taken(data: &DataDir) -> bool {
        matches!(Self::take(data), Err(DataDirError::InUse { .. }))
    }
}
