//! The Restate server, from its npm package at the version that `tools/restate` pins.
//!
//! It is under the BUSL and started as a program of its own: it is never copied into this
//! repository. Install scripts do not run: the binary needs none.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::process::{on_path, run, say};
use crate::setup::PersonNeeded;
use crate::workspace;

/// Where the server's binary is, after installing it if it is not there.
/// `RESTATE_SERVER_BIN` names another one.
pub(crate) fn server() -> Result<PathBuf> {
    if let Some(given) = env::var_os("RESTATE_SERVER_BIN").filter(|path| !path.is_empty()) {
        let given = PathBuf::from(given);
        if !given.is_file() {
            return Err(PersonNeeded(format!(
                "RESTATE_SERVER_BIN is {}, and there is no such file",
                given.display()
            ))
            .into());
        }
        return given.canonicalize().context("resolve RESTATE_SERVER_BIN");
    }
    let folder = workspace::root().join("tools/restate");
    let binary = folder.join(binary_path()?);
    if !(binary.is_file() && is_up_to_date(&folder)) {
        install(&folder)?;
    }
    if !binary.is_file() {
        bail!("npm ci left no Restate server at {}", binary.display());
    }
    Ok(binary)
}

/// The binary's place below the folder that npm installs in.
fn binary_path() -> Result<String> {
    let system = match env::consts::OS {
        "linux" => "linux",
        "macos" => "darwin",
        other => bail!("there is no Restate server for {other}"),
    };
    let processor = match env::consts::ARCH {
        "x86_64" => "x64",
        "aarch64" => "arm64",
        other => bail!("there is no Restate server for {other} processors"),
    };
    Ok(format!(
        "node_modules/@restatedev/restate-server-{system}-{processor}/bin/restate-server"
    ))
}

fn install(folder: &Path) -> Result<()> {
    if on_path("npm").is_none() {
        return Err(PersonNeeded(
            "npm is missing: the Restate server comes from its npm package. Please install \
             Node.js with npm, or set RESTATE_SERVER_BIN to a Restate server"
                .to_owned(),
        )
        .into());
    }
    say("installing the Restate server with npm, into tools/restate/node_modules");
    run(Command::new("npm")
        .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
        .current_dir(folder)
        .stdout(std::io::stderr()))
}

/// Whether what npm installed is what the lockfile says.
fn is_up_to_date(folder: &Path) -> bool {
    let read = |name: &str| -> Option<Value> {
        serde_json::from_str(&fs::read_to_string(folder.join(name)).ok()?).ok()
    };
    match (
        read("package-lock.json"),
        read("node_modules/.package-lock.json"),
    ) {
        (Some(wanted), Some(there)) => agrees(&wanted, &there),
        _ => false,
    }
}

/// npm's own record of what it installed leaves out what is for other systems, so this asks that
/// all it has is as locked, and that it has all that is not optional.
fn agrees(wanted: &Value, there: &Value) -> bool {
    let (Some(wanted), Some(there)) = (
        wanted["packages"].as_object(),
        there["packages"].as_object(),
    ) else {
        return false;
    };
    let same = |name: &String, package: &Value| {
        wanted.get(name).is_some_and(|locked| {
            locked["version"] == package["version"] && locked["integrity"] == package["integrity"]
        })
    };
    let complete = wanted
        .iter()
        .filter(|(name, package)| !name.is_empty() && package["optional"] != Value::Bool(true))
        .all(|(name, _)| there.contains_key(name));
    complete && there.iter().all(|(name, package)| same(name, package))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn locked() -> Value {
        json!({"packages": {
            "": {"dependencies": {"server": "1.7.12"}},
            "node_modules/server": {"version": "1.7.12", "integrity": "a"},
            "node_modules/server-linux": {"version": "1.7.12", "integrity": "b", "optional": true},
            "node_modules/server-mac": {"version": "1.7.12", "integrity": "c", "optional": true},
        }})
    }

    #[test]
    fn an_install_without_the_parts_for_other_systems_is_up_to_date() {
        let there = json!({"packages": {
            "node_modules/server": {"version": "1.7.12", "integrity": "a"},
            "node_modules/server-linux": {"version": "1.7.12", "integrity": "b", "optional": true},
        }});
        assert!(agrees(&locked(), &there));
    }

    #[test]
    fn an_install_of_another_version_is_not_up_to_date() {
        let there = json!({"packages": {
            "node_modules/server": {"version": "1.7.11", "integrity": "z"},
        }});
        assert!(!agrees(&locked(), &there));
    }

    #[test]
    fn an_install_that_was_broken_off_is_not_up_to_date() {
        assert!(!agrees(&locked(), &json!({"packages": {}})));
        assert!(!agrees(&locked(), &json!({})));
    }

    #[test]
    fn the_pinned_version_is_exact_and_the_lockfile_follows_it() {
        let folder = workspace::root().join("tools/restate");
        let read = |name: &str| -> Value {
            serde_json::from_str(&fs::read_to_string(folder.join(name)).unwrap()).unwrap()
        };
        let pinned = read("package.json")["dependencies"]["@restatedev/restate-server"].clone();
        assert!(
            pinned
                .as_str()
                .unwrap()
                .chars()
                .all(|c| c.is_ascii_digit() || c == '.')
        );
        let packages = read("package-lock.json")["packages"].clone();
        assert_eq!(
            packages["node_modules/@restatedev/restate-server"]["version"],
            pinned
        );
        let here = binary_path().unwrap();
        let package = here.strip_suffix("/bin/restate-server").unwrap();
        assert_eq!(packages[package]["version"], pinned);
    }
}
