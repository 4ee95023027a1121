//! Whether a folder is a new one: what is there is nobody's to be written over.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::Path;

use super::DataDirError;

/// Something in the folder that is not `ours`; nothing if there is none, or no folder.
///
/// # Errors
/// [`DataDirError::Io`] when it cannot be listed.
pub(crate) fn found_in(
    folder: &Path,
    is_ours: impl Fn(&OsStr) -> bool,
) -> Result<Option<OsString>, DataDirError> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(DataDirError::io("list", folder)(error)),
    };
    for entry in entries {
        let name = entry.map_err(DataDirError::io("list", folder))?.file_name();
        if !is_ours(&name) {
            return Ok(Some(name));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_not_ours_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let is_ours = |name: &OsStr| name == "up.lock";
        let found = || found_in(folder.path(), is_ours).unwrap();
        assert_eq!(found(), None);
        std::fs::write(folder.path().join("up.lock"), "").unwrap();
        assert_eq!(found(), None);
        std::fs::create_dir(folder.path().join("sandbox")).unwrap();
        assert_eq!(found(), Some("sandbox".into()));
        let none = found_in(&folder.path().join("none"), is_ours);
        assert_eq!(none.unwrap(), None);
    }
}
