//! A new database cluster in a folder of its own, and the start of a server on it.
//!
//! Postgres refuses to run as root: root gives the folder to another user and runs it as that one.

use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use nix::unistd::{User, geteuid};
use tempfile::TempDir;

use crate::process::{on_path, succeeds};

/// How long a new server may take until it answers: generous, for a machine busy with builds.
const START_LIMIT: Duration = Duration::from_secs(60);
/// Nothing here has to survive a crash, so nothing waits for the disk. Unix sockets are off: the
/// port on loopback is the only way in.
const SETTINGS: &[&str] = &[
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "max_connections=200",
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
];

/// A folder with a database cluster, before a server runs on it.
pub(super) struct Cluster {
    programs: PathBuf,
    pub(super) folder: TempDir,
    owner: Option<User>,
    pub(super) password: String,
}

impl Cluster {
    /// Makes the folder and the cluster, with the programs in `programs`.
    pub(super) fn create(programs: &Path) -> Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("flywheel-postgres-")
            .tempdir()
            .context("make a folder for Postgres")?;
        let owner = owner()?;
        let password = password()?;
        let file = folder.path().join("password");
        fs::write(&file, &password).context("write the password of Postgres")?;
        if let Some(user) = &owner {
            let (uid, gid) = (Some(user.uid.as_raw()), Some(user.gid.as_raw()));
            for path in [folder.path(), &file] {
                chown(path, uid, gid).context("give the folder of Postgres to its user")?;
            }
        }
        let cluster = Self {
            programs: programs.to_path_buf(),
            folder,
            owner,
            password,
        };
        cluster.initialise(&file)?;
        Ok(cluster)
    }

    fn initialise(&self, password_file: &Path) -> Result<()> {
        let output = self
            .command(&self.programs.join("initdb"))
            .args([
                "--username=postgres",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--locale=C",
            ])
            .arg("--no-sync")
            .arg("--pwfile")
            .arg(password_file)
            .arg("--pgdata")
            .arg(self.data())
            .output()
            .context("start initdb")?;
        if !output.status.success() {
            bail!(
                "initdb failed: {}",
                String::from_utf8_lossy(&output.stderr).trim()
            );
        }
        Ok(())
    }

    /// Starts a server, which may not be ready yet.
    pub(super) fn spawn(&self, port: u16) -> Result<Child> {
        let log = File::create(self.log()).context("make the log of Postgres")?;
        let postgres = self.programs.join("postgres");
        // `setpriv` has the kernel stop the server when this program is gone, however it went.
        let mut command = if let Some(setpriv) = on_path("setpriv") {
            let mut command = self.command(&setpriv);
            command.args(["--pdeathsig", "QUIT", "--"]).arg(postgres);
            command
        } else {
            self.command(&postgres)
        };
        command
            .arg("-D")
            .arg(self.data())
            .arg("-p")
            .arg(port.to_string());
        for setting in SETTINGS {
            command.args(["-c", setting]);
        }
        // A group of its own: Ctrl-C at the terminal must not stop it before the tests have ended.
        command
            .stdout(log.try_clone().context("share the log of Postgres")?)
            .stderr(log)
            .process_group(0)
            .spawn()
            .context("start postgres")
    }

    /// Waits until the server answers; fails with its log when it stops or takes too long.
    pub(super) fn wait_until_ready(&self, server: &mut Child, port: u16) -> Result<()> {
        let started = Instant::now();
        while started.elapsed() < START_LIMIT {
            if let Some(status) = server.try_wait().context("look after postgres")? {
                bail!(
                    "postgres stopped at its start ({status}): {}",
                    self.read_log()
                );
            }
            let mut ask = Command::new(self.programs.join("pg_isready"));
            if succeeds(ask.args(["-q", "-t", "1", "-h", "127.0.0.1", "-p", &port.to_string()])) {
                return Ok(());
            }
            sleep(Duration::from_millis(50));
        }
        bail!(
            "postgres was not ready after {START_LIMIT:?}: {}",
            self.read_log()
        )
    }

    /// A command as the cluster's owner.
    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.folder.path()).stdin(Stdio::null());
        if let Some(user) = &self.owner {
            command.uid(user.uid.as_raw()).gid(user.gid.as_raw());
        }
        command
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    fn read_log(&self) -> String {
        fs::read_to_string(self.log())
            .unwrap_or_default()
            .trim()
            .to_owned()
    }
}

/// Whom to run it as when we are root; `None`: as ourselves.
fn owner() -> Result<Option<User>> {
    if !geteuid().is_root() {
        return Ok(None);
    }
    for name in ["postgres", "nobody"] {
        if let Some(user) = User::from_name(name).context("look a user up")? {
            return Ok(Some(user));
        }
    }
    bail!("Postgres does not run as root, and there is neither a user `postgres` nor `nobody`")
}

/// Others on this machine can reach the port: a superuser without a password would be theirs.
fn password() -> Result<String> {
    let mut bytes = [0_u8; 16];
    File::open("/dev/urandom")
        .and_then(|mut file| file.read_exact(&mut bytes))
        .context("draw a password for Postgres")?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
