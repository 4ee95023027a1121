//! The ports on 127.0.0.1: picked once, free then, and kept, because Restate remembers where the
//! worker is and people remember where the API is.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::ops::Range;

use rand::Rng as _;
use reqwest::Url;
use serde::{Deserialize, Serialize};

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
    /// The worker's own metrics. 0: the folder is older than this port, and has none yet.
    #[serde(default)]
    pub(crate) worker_metrics: u16,
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
        let ports = Self::read(data)?;
        if ports.worker_metrics != 0 {
            return Ok(ports);
        }
        ports.with_worker_metrics()?.write(data, true)?;
        // What another process picked at the same moment may be what stays.
        Self::read(data)
    }

    fn read(data: &DataDir) -> Result<Self, DataDirError> {
        let path = data.path(Place::Ports);
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
    pub(crate) fn named(&self) -> [(&'static str, u16); 7] {
        [
            ("api", self.api),
            ("worker", self.worker),
            ("worker_metrics", self.worker_metrics),
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
        let [
            api,
            worker,
            worker_metrics,
            sandbox,
            restate_ingress,
            restate_admin,
            restate_node,
        ] = free_ports::<7>(&[])?;
        Ok(Self {
            api,
            worker,
            worker_metrics,
            sandbox,
            restate_ingress,
            restate_admin,
            restate_node,
        })
    }

    /// For a folder that has all the others already.
    fn with_worker_metrics(self) -> Result<Self, DataDirError> {
        let [worker_metrics] = free_ports::<1>(&self.named().map(|(_, port)| port))?;
        Ok(Self {
            worker_metrics,
            ..self
        })
    }

    fn write(&self, data: &DataDir, replace: bool) -> Result<(), DataDirError> {
        let text = serde_json::to_string_pretty(self).map_err(|source| DataDirError::Ports {
            path: data.path(Place::Ports),
            source,
        })?;
        data.write(Place::Ports, &text, replace)
    }
}

/// Ports that nothing listens on, none of them twice, and none of `others`.
fn free_ports<const N: usize>(others: &[u16]) -> Result<[u16; N], DataDirError> {
    let mut random = rand::rng();
    let mut found = BTreeSet::new();
    for _ in 0..MOST_TRIES {
        let port = random.random_range(RANGE);
        if !others.contains(&port) && is_free(port) {
            found.insert(port);
        }
        let all: Vec<u16> = found.iter().copied().collect();
        if let Ok(all) = all.try_into() {
            return Ok(all);
        }
    }
    Err(DataDirError::NoPorts)
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
    fn a_folder_that_is_older_than_a_port_gets_it_and_keeps_the_others() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataDir::open(folder.path()).unwrap();
        let old = r#"{"api":20001,"worker":20002,"sandbox":20003,"restate_ingress":20004,"restate_admin":20005,"restate_node":20006}"#;
        std::fs::write(data.path(Place::Ports), old).unwrap();
        let ports = Ports::of(&data).unwrap();
        let names: BTreeSet<u16> = ports.named().into_iter().map(|(_, port)| port).collect();
        assert_eq!(
            (ports.api, ports.restate_node, names.len()),
            (20001, 20006, 7)
        );
        assert!(RANGE.contains(&ports.worker_metrics));
        assert_eq!(Ports::of(&data).unwrap(), ports);
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
