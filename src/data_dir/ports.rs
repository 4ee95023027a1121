//! The ports on 127.0.0.1: picked once, free then, and kept, because Restate remembers where the
//! worker is and people remember where the API is.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::ops::Range;

use rand::Rng as _;
use reqwest::Url;
use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;

use super::{DataDir, DataDirError, Place};

/// Below what operating systems hand out to connections that go out: while nothing of ours runs,
/// nobody is given one of our ports by chance.
const RANGE: Range<u16> = 20_000..32_000;
const MOST_TRIES: usize = 1_000;

/// One port per listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Ports {
    /// Webhooks, health, metrics: what others call.
    pub(crate) api: u16,
    /// What Restate calls.
    pub(crate) worker: u16,
    /// The sandbox.
    pub(crate) sandbox: u16,
    /// Where runs are started.
    pub(crate) restate_ingress: u16,
    /// Where runs are asked about; also Restate's own pages.
    pub(crate) restate_admin: u16,
    /// Between Restate's nodes, of which there is one.
    pub(crate) restate_node: u16,
}

impl Ports {
    /// The folder's ports: those that are kept, or new ones.
    pub(crate) fn of(data: &DataDir) -> Result<Self, DataDirError> {
        let path = data.path(Place::Ports);
        if !path.exists() {
            // Two processes may come here at once: the first one's ports count.
            Self::pick()?.write(data, false)?;
        }
        let text = std::fs::read_to_string(&path).map_err(DataDirError::io("read", &path))?;
        serde_json::from_str(&text).map_err(|source| DataDirError::Ports { path, source })
    }

    /// The same with the API on `port`, kept.
    pub(crate) fn with_api(self, port: u16, data: &DataDir) -> Result<Self, DataDirError> {
        let ports = Self { api: port, ..self };
        if ports != self {
            ports.write(data, true)?;
        }
        Ok(ports)
    }

    /// All of them by name.
    pub(crate) fn named(&self) -> [(&'static str, u16); 6] {
        [
            ("api", self.api),
            ("worker", self.worker),
            ("sandbox", self.sandbox),
            ("restate_ingress", self.restate_ingress),
            ("restate_admin", self.restate_admin),
            ("restate_node", self.restate_node),
        ]
    }

    /// Those that something listens on now.
    pub(crate) fn taken(&self) -> Vec<(&'static str, u16)> {
        self.named()
            .into_iter()
            .filter(|(_, port)| !is_free(*port))
            .collect()
    }

    fn pick() -> Result<Self, DataDirError> {
        let mut random = rand::rng();
        let mut found = BTreeSet::new();
        for _ in 0..MOST_TRIES {
            let port = random.random_range(RANGE);
            if is_free(port) {
                found.insert(port);
            }
            if let [
                api,
                worker,
                sandbox,
                restate_ingress,
                restate_admin,
                restate_node,
            ] = found.iter().copied().collect::<Vec<_>>()[..]
            {
                return Ok(Self {
                    api,
                    worker,
                    sandbox,
                    restate_ingress,
                    restate_admin,
                    restate_node,
                });
            }
        }
        Err(DataDirError::NoPorts)
    }

    fn write(&self, data: &DataDir, replace: bool) -> Result<(), DataDirError> {
        let path = data.path(Place::Ports);
        let text = serde_json::to_string_pretty(self).map_err(|source| DataDirError::Ports {
            path: path.clone(),
            source,
        })?;
        let written = NamedTempFile::new_in(data.root()).and_then(|mut file| {
            writeln!(file, "{text}")?;
            let kept = if replace {
                file.persist(&path)
            } else {
                file.persist_noclobber(&path)
            };
            match kept {
                Err(error) if error.error.kind() != std::io::ErrorKind::AlreadyExists => {
                    Err(error.error)
                }
                _ => Ok(()),
            }
        });
        written.map_err(DataDirError::io("write", &path))
    }
}

/// Where a listener of ours is.
pub(super) fn address(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}

fn is_free(port: u16) -> bool {
    TcpListener::bind(address(port)).is_ok()
}

impl Ports {
    /// The address of one of our listeners.
    pub(crate) fn address(port: u16) -> SocketAddr {
        address(port)
    }

    /// The URL of one of our listeners, below `path`, which ends in a slash or is empty.
    ///
    /// # Errors
    /// When `path` cannot stand in a URL.
    pub(crate) fn url(port: u16, path: &str) -> anyhow::Result<Url> {
        Ok(Url::parse(&format!("http://{}/{path}", address(port)))?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_picked_once_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataDir::open(folder.path()).unwrap();
        let ports = Ports::of(&data).unwrap();
        assert_eq!(Ports::of(&data).unwrap(), ports);
        let changed = ports.with_api(1234, &data).unwrap();
        assert_eq!(Ports::of(&data).unwrap(), changed);
        assert_eq!(changed.api, 1234);
    }

    #[test]
    fn a_port_that_is_listened_on_is_taken() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataDir::open(folder.path()).unwrap();
        let ports = Ports::of(&data).unwrap();
        let listener = TcpListener::bind(address(ports.sandbox)).unwrap();
        assert_eq!(ports.taken(), [("sandbox", ports.sandbox)]);
        drop(listener);
    }
}
