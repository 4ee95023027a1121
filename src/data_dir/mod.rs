//! `--data DIR`: one folder for all that is kept, and what lies where in it.

mod contents;
mod lock;
mod ports;
mod webhook_secret;
mod world;

use std::fs::Permissions;
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use platforms::webhook::WebhookError;
use tempfile::NamedTempFile;

pub(crate) use contents::found_in;
pub(crate) use lock::UpLock;
pub(crate) use ports::Ports;
pub(crate) use webhook_secret::webhook_secrets;
pub(crate) use world::{keep_world, kept_world};

/// Set on folders that everybody may write to, such as `/tmp`.
const STICKY: u32 = 0o1000;

/// A data folder that cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DataDirError {
    /// A file or folder in it.
    #[error("could not {operation} {}", path.display())]
    Io {
        /// What was tried.
        operation: &'static str,
        /// On what.
        path: PathBuf,
        /// Why it failed.
        #[source]
        source: io::Error,
    },
    /// `ports.json` was changed by hand, wrongly.
    #[error("{} is not what was written there; remove it, and ports are picked anew", path.display())]
    Ports {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        #[source]
        source: serde_json::Error,
    },
    /// `world.json` was changed by hand, wrongly.
    #[error("{} is not what was written there: for each service, `real` or `sandbox`, as the folder was used", path.display())]
    World {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        #[source]
        source: serde_json::Error,
    },
    /// What webhooks shall be signed with.
    #[error("{from} cannot be used")]
    WebhookSecret {
        /// The variable or file that it comes from.
        from: String,
        /// What is wrong with it; the secret itself is not repeated.
        #[source]
        source: WebhookError,
    },
    /// A folder that is everybody's.
    #[error("{} belongs to everybody on this machine; name a folder below it with --data", path.display())]
    Everybodys {
        /// The folder.
        path: PathBuf,
    },
    /// No ports.
    #[error("found no free ports between 20000 and 32000 on 127.0.0.1")]
    NoPorts,
    /// Another `up`.
    #[error("another `flywheel up` has {} already; stop it, or use another --data folder", path.display())]
    InUse {
        /// The folder.
        path: PathBuf,
    },
}

impl DataDirError {
    /// Whether only a person can help.
    pub(crate) fn needs_person(&self) -> bool {
        match self {
            Self::Ports { .. }
            | Self::World { .. }
            | Self::WebhookSecret { .. }
            | Self::Everybodys { .. }
            | Self::InUse { .. } => true,
            Self::Io { .. } | Self::NoPorts => false,
        }
    }

    fn io(operation: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io {
            operation,
            path,
            source,
        }
    }
}

/// What is kept in the folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// Every table, engine's and channel's, as SQLite.
    Database,
    /// Videos to be posted.
    Inbox,
    /// Videos that were fetched from a URL.
    Fetched,
    /// Videos that were transcoded for a platform.
    Converted,
    /// Pictures taken out of them.
    Frames,
    /// Restate's store: which run is where.
    Restate,
    /// Restate's configuration, written at each start.
    RestateConfig,
    /// What the simulated platforms received.
    Sandbox,
    /// Where the Chromium is that pages are read in.
    Browser,
    /// One file per process.
    Logs,
    /// Picked once, then kept, so that addresses stay.
    Ports,
    /// What webhooks are signed with.
    WebhookSecret,
    /// On which side each service was at the first use.
    World,
    /// Held by the `up` that has the folder.
    UpLock,
    /// The processes of that `up`.
    Processes,
}

impl Place {
    /// Everything, with its name in the folder.
    const TABLE: [(Self, &'static str); 15] = [
        (Self::Database, "flywheel.db"),
        (Self::Inbox, "inbox"),
        (Self::Fetched, "fetched"),
        (Self::Converted, "converted"),
        (Self::Frames, "frames"),
        (Self::Restate, "restate"),
        (Self::RestateConfig, "restate.toml"),
        (Self::Sandbox, "sandbox"),
        (Self::Browser, "browser.json"),
        (Self::Logs, "logs"),
        (Self::Ports, "ports.json"),
        (Self::WebhookSecret, "webhook_secret"),
        (Self::World, "world.json"),
        (Self::UpLock, "up.lock"),
        (Self::Processes, "processes.json"),
    ];
}

/// The folder.
#[derive(Debug, Clone)]
pub(crate) struct DataDir {
    root: PathBuf,
}

impl DataDir {
    /// The folder at `root`, made when it is missing. What is in it is the owner's alone.
    pub(crate) fn open(root: &Path) -> Result<Self, DataDirError> {
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(root)
            .map_err(DataDirError::io("make", root))?;
        let root = root
            .canonicalize()
            .map_err(DataDirError::io("resolve", root))?;
        close_to_others(&root)?;
        Ok(Self { root })
    }

    /// The folder itself, absolute.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Where something is.
    pub(crate) fn path(&self, place: Place) -> PathBuf {
        let name = Place::TABLE.iter().find(|(known, _)| *known == place);
        self.root.join(name.map_or("", |(_, name)| name))
    }

    /// Where something is that is a folder, made when it is missing.
    pub(crate) fn folder(&self, place: Place) -> Result<PathBuf, DataDirError> {
        let path = self.path(place);
        std::fs::create_dir_all(&path).map_err(DataDirError::io("make", &path))?;
        Ok(path)
    }

    /// Writes a small file that only its owner reads (which is how temporary files are made), at
    /// once or not at all. Unless it shall be replaced, what is there already stays.
    fn write(&self, place: Place, text: &str, replace: bool) -> Result<(), DataDirError> {
        let path = self.path(place);
        let written = NamedTempFile::new_in(&self.root).and_then(|mut file| {
            writeln!(file, "{text}")?;
            let kept = if replace {
                file.persist(&path)
            } else {
                file.persist_noclobber(&path)
            };
            match kept {
                Err(error) if error.error.kind() != io::ErrorKind::AlreadyExists => {
                    Err(error.error)
                }
                _ => Ok(()),
            }
        });
        written.map_err(DataDirError::io("write", &path))
    }

    /// A process's log.
    pub(crate) fn log(&self, process: &str) -> Result<PathBuf, DataDirError> {
        Ok(self.folder(Place::Logs)?.join(format!("{process}.log")))
    }
}

/// Takes away what others may do in a folder that was there before us: the database in it may be
/// read by all who can get to it.
fn close_to_others(root: &Path) -> Result<(), DataDirError> {
    let looked = std::fs::metadata(root).map_err(DataDirError::io("look at", root))?;
    let mode = looked.permissions().mode();
    if mode & STICKY != 0 {
        return Err(DataDirError::Everybodys {
            path: root.to_owned(),
        });
    }
    if mode & 0o077 == 0 {
        return Ok(());
    }
    match std::fs::set_permissions(root, Permissions::from_mode(0o700)) {
        // A folder that was mounted for us belongs to somebody else, who decides.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            tracing::warn!(folder = %root.display(), "Others may look into the data folder, and it is not ours to close.");
            Ok(())
        }
        closed => closed.map_err(DataDirError::io("close to others", root)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).unwrap().permissions().mode() & 0o7777
    }

    #[test]
    fn a_folder_that_was_open_to_others_is_closed() {
        let folder = tempfile::tempdir().unwrap();
        let open = folder.path().join("open");
        std::fs::create_dir(&open).unwrap();
        std::fs::set_permissions(&open, Permissions::from_mode(0o755)).unwrap();
        DataDir::open(&open).unwrap();
        assert_eq!(mode(&open), 0o700);
    }

    #[test]
    fn a_folder_of_everybodys_is_refused_and_stays_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let shared = folder.path().join("shared");
        std::fs::create_dir(&shared).unwrap();
        std::fs::set_permissions(&shared, Permissions::from_mode(0o1777)).unwrap();
        let refused = DataDir::open(&shared).unwrap_err();
        assert!(matches!(refused, DataDirError::Everybodys { .. }));
        assert_eq!(mode(&shared), 0o1777);
    }

    #[test]
    fn every_place_has_a_name_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataDir::open(&folder.path().join("new")).unwrap();
        let paths: std::collections::BTreeSet<_> = Place::TABLE
            .iter()
            .map(|(place, _)| data.path(*place))
            .collect();
        assert_eq!(paths.len(), Place::TABLE.len());
        assert!(paths.iter().all(|path| path.parent() == Some(data.root())));
    }
}
