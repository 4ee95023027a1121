//! Virtual environments of Python, each with what its list pins.
//!
//! They lie in cargo's target folder, and one is made anew when its list or the machine's Python
//! changes. Nothing is built from source, and nothing is installed that the list does not name.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::process::{run, say, succeeds};
use crate::setup::{PersonNeeded, browser};
use crate::workspace;

/// What makes an environment, wherever it comes from.
const BASE: &str = "python3";
/// The oldest minor version of Python 3 that the pinned packages are for.
const OLDEST_MINOR: u32 = 11;
/// Written last: what the environment was made of.
const RECORD: &str = "made-of.txt";

/// An environment, whether it is there or not.
#[derive(Debug)]
pub(crate) struct Environment {
    /// What it is for, as its folder is named.
    pub(crate) name: &'static str,
    /// The list of packages, from the checkout's root.
    pub(crate) requirements: &'static str,
    /// What is installed, for who watches.
    pub(crate) what: &'static str,
    /// The variable that names a Python with all of it, to be taken instead.
    pub(crate) variable: Option<&'static str>,
}

impl Environment {
    /// The Python that has the packages, after making the environment if it is not there.
    pub(crate) fn python(&self) -> Result<PathBuf> {
        if let Some(variable) = self.variable
            && let Some(given) = browser::given(variable)?
        {
            // Not resolved: the environment is where the link to the interpreter is.
            return std::path::absolute(given).context("find the folder of a given Python");
        }
        let requirements = workspace::root().join(self.requirements);
        let packages = fs::read_to_string(&requirements)
            .with_context(|| format!("read {}", requirements.display()))?;
        let wanted = format!("{}\n{packages}", self.version()?);
        let folder = workspace::target_folder()?.join(self.name);
        let python = folder.join("bin/python");
        if !is_up_to_date(&folder, &python, &wanted) {
            self.install(&folder, &python, &requirements)?;
            fs::write(folder.join(RECORD), wanted).context("note what was installed")?;
        }
        Ok(python)
    }

    /// `Python 3.11.2`, or a later version.
    fn version(&self) -> Result<String> {
        let output = Command::new(BASE)
            .arg("--version")
            .output()
            .with_context(|| format!("start `{BASE} --version`"))?;
        let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        match minor_version(&version) {
            Some(minor) if minor >= OLDEST_MINOR => Ok(version),
            Some(_) => Err(self.too_old(&version).into()),
            None => bail!("`{BASE} --version` says {version:?}"),
        }
    }

    fn too_old(&self, version: &str) -> PersonNeeded {
        let (what, list) = (self.what, self.requirements);
        let instead = self.variable.map_or_else(String::new, |variable| {
            format!(", or set {variable} to one that has what {list} names")
        });
        PersonNeeded(format!(
            "{BASE} is {version}, and {what} need 3.{OLDEST_MINOR} or newer. Please put a newer one \
             first on the PATH{instead}"
        ))
    }

    fn install(&self, folder: &Path, python: &Path, requirements: &Path) -> Result<()> {
        let place = folder.display();
        say(&format!("installing {} with pip, into {place}", self.what));
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
        // Fails if the list lacks something that this Python needs.
        run(pip(python).arg("check"))
    }
}

/// Whether environments with pip can be made. On Debian and Ubuntu, Python comes without what that
/// takes.
pub(crate) fn makes_environments() -> bool {
    succeeds(Command::new(BASE).args(["-c", "import ensurepip, venv"]))
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
        for list in ["benches/peers", "tests/vendors"] {
            let requirements = workspace::root().join(list).join("requirements.txt");
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
            assert_eq!(loose, Vec::<&str>::new(), "{list}");
            assert!(pinned.len() > 3, "{pinned:?}");
        }
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
