//! `--data DIR`: one folder for all that is kept, and what lies where in it.

mod lock;
mod ports;
mod webhook_secret;

use std::io;
use std::path::{Path, PathBuf};

pub(crate) use lock::UpLock;
pub(crate) use ports::Ports;
pub(crate) use webhook_secret::webhook_secrets;

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
    /// Pictures taken out of them.
    Frames,
    /// Restate's store: which run is where.
    Restate,
    /// Restate's configuration, written at each start.
    RestateConfig,
    /// What the simulated platforms received.
    Sandbox,
    /// One file per process.
    Logs,
    /// Picked once, then kept, so that addresses stay.
    Ports,
    /// What webhooks are signed with.
    WebhookSecret,
    /// Held by the `up` that has the folder.
    UpLock,
    /// The processes of that `up`.
    Processes,
}

impl Place {
    /// Everything, with its name in the folder.
    const TABLE: [(Self, &'static str); 11] = [
        (Self::Database, "flywheel.db"),
        (Self::Inbox, "inbox"),
        (Self::Frames, "frames"),
        (Self::Restate, "restate"),
        (Self::RestateConfig, "restate.toml"),
        (Self::Sandbox, "sandbox"),
        (Self::Logs, "logs"),
        (Self::Ports, "ports.json"),
        (Self::WebhookSecret, "webhook_secret"),
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
        use std::os::unix::fs::DirBuilderExt as _;
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(root)
            .map_err(DataDirError::io("make", root))?;
        let root = root
            .canonicalize()
            .map_err(DataDirError::io("resolve", root))?;
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

    /// A process's log.
    pub(crate) fn log(&self, process: &str) -> Result<PathBuf, DataDirError> {
        Ok(self.folder(Place::Logs)?.join(format!("{process}.log")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
