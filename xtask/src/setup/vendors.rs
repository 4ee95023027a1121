//! The vendors' own Python clients, which a test runs against the sandbox: a virtual environment
//! with what `tests/vendors/requirements.txt` pins.
//!
//! It lies in cargo's target folder, and is made anew when that file or the machine's Python
//! changes. Nothing is built from source, and nothing is installed that the file does not name.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::process::{run, say, succeeds};
use crate::setup::{PersonNeeded, browser};
use crate::workspace;

/// Names the Python that has the clients, also to the tests.
pub(crate) const PYTHON: &str = "FLYWHEEL_VENDORS_PYTHON";

/// What makes the environment, wherever it comes from.
const BASE: &str = "python3";
/// The oldest minor version of Python 3 that the pinned packages are for.
const OLDEST_MINOR: u32 = 11;
/// Written last: what the environment was made of.
const RECORD: &str = "made-of.txt";

/// The Python that has the clients, after making its environment if it is not there.
/// `FLYWHEEL_VENDORS_PYTHON` names another one.
pub(crate) fn python() -> Result<PathBuf> {
    if let Some(given) = browser::given(PYTHON)? {
        // Not resolved: the environment is where the link to the interpreter is.
        return std::path::absolute(given).context("find the folder of a given Python");
    }
    let requirements = workspace::root().join("tests/vendors/requirements.txt");
    let packages = fs::read_to_string(&requirements)
        .with_context(|| format!("read {}", requirements.display()))?;
    let wanted = format!("{}\n{packages}", version()?);
    let folder = workspace::target_folder()?.join("vendors-python");
    let python = folder.join("bin/python");
    if !is_up_to_date(&folder, &python, &wanted) {
        install(&folder, &python, &requirements)?;
        fs::write(folder.join(RECORD), wanted).context("note what was installed")?;
    }
    Ok(python)
}

/// Whether an environment with pip can be made, or need not be. On Debian and Ubuntu, Python comes
/// without what that takes.
pub(crate) fn can_be_installed() -> bool {
    browser::is_given(PYTHON) || succeeds(Command::new(BASE).args(["-c", "import ensurepip, venv"]))
}

/// `Python 3.11.2`, or a later version.
fn version() -> Result<String> {
    let output = Command::new(BASE)
        .arg("--version")
        .output()
        .with_context(|| format!("start `{BASE} --version`"))?;
    let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    match minor_version(&version) {
        Some(minor) if minor >= OLDEST_MINOR => Ok(version),
        Some(_) => Err(PersonNeeded(format!(
            "{BASE} is {version}, and the vendors' clients need 3.{OLDEST_MINOR} or newer. Please \
             put a newer one first on the PATH, or set {PYTHON} to one that has what \
             tests/vendors/requirements.txt names"
        ))
        .into()),
        None => bail!("`{BASE} --version` says {version:?}"),
    }
}

/// Reads `Python 3.11.2`.
fn minor_version(line: &str) -> Option<u32> {
    let minor = line.strip_prefix("Python 3.")?;
    let digits: String = minor.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

/// Whether the environment was made to its end, of the same, and its interpreter still starts.
fn is_up_to_date(folder: &Path, python: &Path, wanted: &str) -> bool {
    fs::read_to_string(folder.join(RECORD)).is_ok_and(|there| there == wanted)
        && succeeds(Command::new(python).args(["-c", ""]))
}

fn install(folder: &Path, python: &Path, requirements: &Path) -> Result<()> {
    let place = folder.display();
    say(&format!(
        "installing the vendors' Python clients with pip, into {place}"
    ));
    // One of other versions, or one that was broken off.
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("remove {place}"))?;
    }
    run(Command::new(BASE)
        .args(["-m", "venv"])
        .arg(folder)
        .stdout(std::io::stderr()))?;
    run(pip(python)
        .args(["install", "--quiet", "--no-deps", "--only-binary", ":all:"])
        .arg("--requirement")
        .arg(requirements))?;
    // Fails if the file lacks something that this Python needs.
    run(pip(python).arg("check"))
}

fn pip(python: &Path) -> Command {
    let mut command = Command::new(python);
    command
        .args(["-m", "pip", "--no-input", "--disable-pip-version-check"])
        .stdout(std::io::stderr());
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_minor_version_is_read_from_releases_and_betas() {
        assert_eq!(minor_version("Python 3.11.2"), Some(11));
        assert_eq!(minor_version("Python 3.15.0b1+"), Some(15));
        assert_eq!(minor_version("Python 2.7.18"), None);
        assert_eq!(minor_version(""), None);
    }

    #[test]
    fn every_package_is_pinned_to_one_version() {
        let requirements = workspace::root().join("tests/vendors/requirements.txt");
        let lines = fs::read_to_string(requirements).unwrap();
        let pinned = |line: &&str| {
            let parts = line.split_once("==");
            parts.is_some_and(|(_, version)| {
                version.starts_with(|c: char| c.is_ascii_digit())
                    && version
                        .chars()
                        .all(|c| c.is_ascii_alphanumeric() || c == '.')
            })
        };
        let packages = lines
            .lines()
            .filter(|line| !line.is_empty() && !line.starts_with('#'));
        let (pinned, loose): (Vec<&str>, Vec<&str>) = packages.partition(pinned);
        assert_eq!(loose, Vec::<&str>::new());
        assert!(pinned.len() > 3, "{pinned:?}");
    }

    #[test]
    fn an_environment_that_was_broken_off_or_has_lost_its_python_is_made_anew() {
        let folder = tempfile::tempdir().unwrap();
        let python = folder.path().join("bin/python");
        assert!(!is_up_to_date(folder.path(), &python, "a"));
        fs::write(folder.path().join(RECORD), "a").unwrap();
        assert!(!is_up_to_date(folder.path(), &python, "a"));
        // A program that starts and succeeds, whatever it is asked.
        let program = Path::new("/bin/sh");
        assert!(is_up_to_date(folder.path(), program, "a"));
        assert!(!is_up_to_date(folder.path(), program, "b"));
    }
}
