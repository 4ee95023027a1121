//! The fetcher: what it takes from a host that a test may reach, and where nobody leads it.

mod addresses;
mod host;
mod receiving;
mod redirects;

use std::error::Error;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use platforms::PlatformError;
use platforms::fetch::{CODES, FetchConfig, Fetched, Fetcher};
use tempfile::TempDir;

use self::host::Host;

/// A folder, and a fetcher that may reach some hosts on loopback.
struct Inbox {
    folder: TempDir,
    fetcher: Fetcher,
}

impl Inbox {
    fn reaching(hosts: &[&Host], config: FetchConfig) -> Result<Self, Box<dyn Error>> {
        let sockets: Vec<_> = hosts.iter().map(|host| host.socket).collect();
        Ok(Self {
            folder: tempfile::tempdir()?,
            fetcher: Fetcher::reaching_loopback_which_only_tests_may(config, &sockets)?,
        })
    }

    /// Where the file goes; its name says nothing of a video.
    fn path(&self) -> PathBuf {
        self.folder.path().join("clip.txt")
    }

    async fn fetch(&self, url: &str) -> Result<Fetched, PlatformError> {
        self.fetcher.fetch(url, &self.path()).await
    }

    /// The error with which `url` is not fetched. An older file stays, and nothing else is left.
    async fn failure(&self, url: &str) -> Result<PlatformError, Box<dyn Error>> {
        std::fs::write(self.path(), "an older file")?;
        let error = match self.fetch(url).await {
            Ok(fetched) => return Err(format!("{url} was fetched: {fetched:?}").into()),
            Err(error) => error,
        };
        assert_eq!(std::fs::read(self.path())?, b"an older file", "{url}");
        assert_eq!(self.names()?, ["clip.txt"], "{url}");
        assert!(CODES.contains(&error.code()), "{error}");
        Ok(error)
    }

    /// What is in the folder, hidden or not.
    fn names(&self) -> io::Result<Vec<String>> {
        let name = |entry: io::Result<std::fs::DirEntry>| -> io::Result<String> {
            Ok(entry?.file_name().to_string_lossy().into_owned())
        };
        std::fs::read_dir(self.folder.path())?.map(name).collect()
    }
}

/// Limits that a test has time for.
fn quick() -> FetchConfig {
    FetchConfig {
        max_bytes: 100_000,
        connect_timeout: Duration::from_secs(5),
        stall_timeout: Duration::from_secs(5),
        total_timeout: Duration::from_secs(20),
    }
}
