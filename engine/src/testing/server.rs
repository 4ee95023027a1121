//! A Restate server of a test's own, on free ports of loopback.

use std::fs::File;
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::time::Duration;

use reqwest::Url;
use tokio::process::{Child, Command};

use super::StageError;

/// What the program itself starts the server with.
const CONFIG: &str = include_str!("../../../restate.toml");
/// How long the server may take until it answers.
const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(50);

/// A Restate server with its data in a folder of the caller's. Dropping it kills it.
pub struct RestateServer {
    binary: PathBuf,
    folder: PathBuf,
    ports: Ports,
    ingress: Url,
    admin: Url,
    process: Child,
}

#[derive(Clone, Copy)]
struct Ports {
    ingress: u16,
    admin: u16,
    node: u16,
}

impl RestateServer {
    /// Starts `binary` (`restate-server`) with the program's own configuration and its data below
    /// `folder`, and waits until it answers.
    ///
    /// # Errors
    /// [`StageError`] when it cannot be started, or does not answer within a minute.
    pub async fn start(binary: &Path, folder: &Path) -> Result<Self, StageError> {
        let no_ports = StageError::io("find free ports");
        let (ports, ingress, admin) = Ports::free()
            .and_then(|ports| Ok((ports, loopback(ports.ingress)?, loopback(ports.admin)?)))
            .map_err(no_ports)?;
        let process = spawn(binary, folder, ports)?;
        let server = Self {
            binary: binary.to_owned(),
            folder: folder.to_owned(),
            ports,
            ingress,
            admin,
            process,
        };
        server.until_ready().await?;
        Ok(server)
    }

    /// Kills it, as a crash would, and starts it again on the same data and ports.
    ///
    /// # Errors
    /// As [`RestateServer::start`].
    pub async fn crash_and_restart(&mut self) -> Result<(), StageError> {
        self.kill().await?;
        self.process = spawn(&self.binary, &self.folder, self.ports)?;
        self.until_ready().await
    }

    /// The base URL of its ingress.
    #[must_use]
    pub fn ingress(&self) -> &Url {
        &self.ingress
    }

    /// The base URL of its admin API.
    #[must_use]
    pub fn admin(&self) -> &Url {
        &self.admin
    }

    /// Its process; nothing once it was killed.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.process.id()
    }

    /// Kills it and waits until it is gone.
    ///
    /// # Errors
    /// [`StageError::Io`] if the system does not let us.
    pub async fn kill(&mut self) -> Result<(), StageError> {
        let killed = self.process.kill().await;
        killed.map_err(StageError::io("kill the Restate server"))
    }

    async fn until_ready(&self) -> Result<(), StageError> {
        let all_answer = async {
            for (base, path) in [(&self.admin, "health"), (&self.ingress, "restate/health")] {
                while !answers(base, path).await {
                    tokio::time::sleep(PAUSE).await;
                }
            }
        };
        let ready = tokio::time::timeout(PATIENCE, all_answer).await;
        ready.map_err(|_elapsed| StageError::NotReady {
            log: log_file(&self.folder),
        })
    }
}

impl Ports {
    fn free() -> io::Result<Self> {
        // Held together, so that they differ.
        let held = [listen()?, listen()?, listen()?];
        let [ingress, admin, node] = held.each_ref().map(TcpListener::local_addr);
        Ok(Self {
            ingress: ingress?.port(),
            admin: admin?.port(),
            node: node?.port(),
        })
    }
}

fn listen() -> io::Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
}

fn loopback(port: u16) -> io::Result<Url> {
    Url::parse(&format!("http://127.0.0.1:{port}/")).map_err(io::Error::other)
}

fn log_file(folder: &Path) -> PathBuf {
    folder.join("restate.log")
}

fn spawn(binary: &Path, folder: &Path, ports: Ports) -> Result<Child, StageError> {
    let start = || {
        let config = folder.join("restate.toml");
        std::fs::write(&config, CONFIG)?;
        let log = File::options()
            .create(true)
            .append(true)
            .open(log_file(folder))?;
        Command::new(binary)
            .arg("--config-file")
            .arg(config)
            .env("RESTATE_BASE_DIR", folder.join("restate"))
            .env("RESTATE_INGRESS__BIND_PORT", ports.ingress.to_string())
            .env("RESTATE_ADMIN__BIND_PORT", ports.admin.to_string())
            .env("RESTATE_BIND_PORT", ports.node.to_string())
            .stdout(log.try_clone()?)
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
    };
    start().map_err(StageError::io("start the Restate server"))
}

async fn answers(base: &Url, path: &str) -> bool {
    let Ok(url) = base.join(path) else {
        return false;
    };
    let answer = reqwest::get(url).await;
    answer.is_ok_and(|answer| answer.status().is_success())
}
