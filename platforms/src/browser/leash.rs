//! chromedriver on a leash: a shell that ends it, and the Chromium that it starts, when we let go.
//!
//! A worker that is killed can end nobody, and chromedriver has no way to be told whose it is. So
//! it runs below a small shell that leads their process group and reads a pipe from us. When the
//! pipe closes (we let go of it, or we are gone), the shell ends the group and removes its folder.
//!
//! Chromium reads pages from outside: it gets an environment of a few named variables, and nobody's
//! credentials.

use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::process::Stdio;

use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

/// `$1` is the folder, the rest is the program. While the program runs, a subshell waits for the
/// pipe to close. The shell itself waits for the program, and ends the rest of the group when the
/// program is the first to go.
const SCRIPT: &str = r#"
exec 3<&0
folder=$1
shift
(
    read -r _ <&3
    trap '' TERM
    kill -TERM 0
    sleep 1
    rm -rf -- "$folder"
    kill -KILL 0
) >/dev/null 2>&1 &
"$@" 3<&- </dev/null
kill -KILL 0
"#;

/// The variables that chromedriver and Chromium see, besides a home of their own.
const KEPT_VARIABLES: [&str; 5] = [
    "PATH",
    "LANG",
    "LC_ALL",
    "LD_LIBRARY_PATH",
    "DYLD_LIBRARY_PATH",
];

/// A running program, its process group, and what holds them.
#[derive(Debug)]
pub(super) struct Leash {
    /// The shell.
    pub(super) child: Child,
    /// All of them end when this is dropped.
    pub(super) held: ChildStdin,
    /// Of the program and what it starts; it has to be read, or they stop.
    pub(super) stdout: BufReader<ChildStdout>,
}

impl Leash {
    /// Starts `program`. `folder` is its home, and is removed when it ends.
    ///
    /// # Errors
    /// When there is no shell, or no process more.
    pub(super) fn start(program: &Path, arguments: &[&str], folder: &Path) -> io::Result<Self> {
        let mut child = Command::new("/bin/sh")
            .args(["-c", SCRIPT, "leash"])
            .arg(folder)
            .arg(program)
            .args(arguments)
            .env_clear()
            .envs(kept_variables())
            .env("HOME", folder)
            .env("TMPDIR", folder)
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()?;
        // Taken out: waiting for a child closes the pipe that it still has.
        let (Some(held), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(io::Error::other("a child without its pipes"));
        };
        let stdout = BufReader::new(stdout);
        Ok(Self {
            child,
            held,
            stdout,
        })
    }

    /// The port that chromedriver has chosen, once it listens there.
    ///
    /// # Errors
    /// When it ends before.
    pub(super) async fn port(&mut self) -> io::Result<u16> {
        let mut line = String::new();
        while self.stdout.read_line(&mut line).await? > 0 {
            if let Some(port) = announced_port(&line) {
                return Ok(port);
            }
            line.clear();
        }
        Err(io::Error::other("chromedriver ended before it listened"))
    }
}

fn kept_variables() -> impl Iterator<Item = (OsString, OsString)> {
    std::env::vars_os().filter(|(name, _)| {
        name.to_str()
            .is_some_and(|name| KEPT_VARIABLES.contains(&name))
    })
}

/// Reads `ChromeDriver was started successfully on port 40685.`
fn announced_port(line: &str) -> Option<u16> {
    let port = line.split("started successfully on port").nth(1)?;
    port.trim().trim_end_matches('.').parse().ok()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use nix::errno::Errno;
    use nix::sys::signal::{Signal, kill};
    use nix::unistd::Pid;
    use tokio::io::AsyncReadExt as _;
    use tokio::time::{sleep, timeout};

    use super::*;

    type Checked = Result<(), Box<dyn std::error::Error>>;

    /// A shell on a leash that says its process id, and runs `rest`.
    async fn start(folder: &Path, rest: &str) -> Result<(Leash, Pid), Box<dyn std::error::Error>> {
        let script = format!("echo $$; {rest}");
        let mut leash = Leash::start(Path::new("/bin/sh"), &["-c", &script], folder)?;
        let mut line = String::new();
        leash.stdout.read_line(&mut line).await?;
        Ok((leash, Pid::from_raw(line.trim().parse()?)))
    }

    #[test]
    fn the_port_is_read_from_what_chromedriver_says() {
        let line = "ChromeDriver was started successfully on port 40685.\n";
        assert_eq!(announced_port(line), Some(40685));
        assert_eq!(announced_port("Starting ChromeDriver on port 0\n"), None);
    }

    #[tokio::test]
    async fn what_is_let_go_of_ends_with_all_its_children_and_its_folder() -> Checked {
        let folder = tempfile::tempdir()?;
        let home = folder.path().join("home");
        std::fs::create_dir(&home)?;
        let (leash, pid) = start(&home, "sleep 1000 & exec sleep 1000").await?;
        let Leash {
            mut child,
            held,
            mut stdout,
        } = leash;
        assert_eq!(kill(pid, None::<Signal>), Ok(()));

        drop(held);

        // The pipe ends when the last of them does.
        timeout(Duration::from_secs(20), stdout.read_to_end(&mut Vec::new())).await??;
        timeout(Duration::from_secs(20), child.wait()).await??;
        while home.exists() {
            sleep(Duration::from_millis(50)).await;
        }
        Ok(())
    }

    #[tokio::test]
    async fn what_ends_by_itself_takes_its_children_along() -> Checked {
        let folder = tempfile::tempdir()?;
        let (mut leash, pid) = start(folder.path(), "sleep 1000 & kill -KILL $$").await?;
        timeout(Duration::from_secs(20), leash.child.wait()).await??;
        timeout(
            Duration::from_secs(20),
            leash.stdout.read_to_end(&mut Vec::new()),
        )
        .await??;
        assert_eq!(kill(pid, None::<Signal>), Err(Errno::ESRCH));
        Ok(())
    }

    #[tokio::test]
    async fn a_program_that_is_no_chromedriver_has_no_port() -> Checked {
        let folder = tempfile::tempdir()?;
        let mut leash = Leash::start(Path::new("/bin/echo"), &["hello"], folder.path())?;
        assert!(leash.port().await.is_err());
        Ok(())
    }
}
