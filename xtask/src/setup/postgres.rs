//! Finds the programs of a Postgres server on this machine.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// The oldest version that the tests are meant for.
const OLDEST: u32 = 14;

/// Where distributions and Homebrew keep each version's programs: a folder per version, with `bin`.
const VERSIONED: &[&str] = &["/usr/lib/postgresql", "/opt/homebrew/opt", "/usr/local/opt"];

/// The folder with `initdb`, `postgres` and `pg_isready` of the newest version that serves.
pub(crate) fn programs() -> Option<PathBuf> {
    let versioned = VERSIONED.iter().flat_map(|folder| {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        entries.map(|entry| entry.path().join("bin"))
    });
    let path = env::var_os("PATH").unwrap_or_default();
    versioned
        .chain(env::split_paths(&path))
        .filter_map(|folder| Some((version_of(&folder)?, folder)))
        .filter(|(version, _)| *version >= OLDEST)
        .max_by_key(|(version, _)| *version)
        .map(|(_, folder)| folder)
}

/// The major version of the server in a folder that has all three programs.
fn version_of(folder: &Path) -> Option<u32> {
    let all = ["initdb", "postgres", "pg_isready"]
        .iter()
        .all(|name| folder.join(name).is_file());
    if !all {
        return None;
    }
    let output = Command::new(folder.join("postgres"))
        .arg("--version")
        .output()
        .ok()?;
    major_version(&String::from_utf8_lossy(&output.stdout))
}

/// Reads `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`.
fn major_version(line: &str) -> Option<u32> {
    let version = line.split("(PostgreSQL)").nth(1)?.trim_start();
    let digits: String = version.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_read_from_releases_packages_and_betas() {
        let debian = "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n";
        assert_eq!(major_version(debian), Some(15));
        assert_eq!(major_version("postgres (PostgreSQL) 18beta1"), Some(18));
        assert_eq!(major_version("something else 9"), None);
    }
}
