//! Where things lie in this checkout, and how cargo is called on it.
//!
//! Cargo is always run in the checkout's root, while the programs that are built keep the caller's
//! working directory, so that `--report r.json` lands where the caller stands.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

/// The checkout's root.
pub(crate) fn root() -> PathBuf {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().unwrap_or(xtask).to_path_buf()
}

/// A program of this workspace, as a debug build leaves it: beside this one.
pub(crate) fn debug_binary(name: &str) -> Result<PathBuf> {
    let own = env::current_exe().context("find the folder of built programs")?;
    Ok(own.with_file_name(name))
}

/// Cargo's target folder, where we keep what we make ourselves: the one that this was built in.
pub(crate) fn target_folder() -> Result<PathBuf> {
    let own = env::current_exe().context("find the folder of built programs")?;
    let folder = own.ancestors().nth(2).context("find the target folder")?;
    Ok(folder.to_path_buf())
}

/// The cargo that runs us, on this checkout, told nothing of the package that it runs.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    for (name, _) in env::vars_os() {
        if name.to_str().is_some_and(is_of_package) {
            command.env_remove(name);
        }
    }
    command
}

/// Whether cargo sets this variable for the package that it runs. Build scripts (`ring`'s is one)
/// run again when these change, so passing ours on would compile half of everything anew each time
/// that `cargo build` and `cargo xtask` take turns.
fn is_of_package(variable: &str) -> bool {
    ["CARGO_MANIFEST_", "CARGO_PKG_"]
        .iter()
        .any(|prefix| variable.starts_with(prefix))
        || [
            "CARGO_BIN_NAME",
            "CARGO_CRATE_NAME",
            "CARGO_PRIMARY_PACKAGE",
            "OUT_DIR",
        ]
        .contains(&variable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargo_is_told_nothing_of_xtask() {
        let removed: Vec<_> = cargo()
            .get_envs()
            .filter(|(_, value)| value.is_none())
            .map(|(name, _)| name.to_owned())
            .collect();
        // Set for this test by the cargo or the runner that started it.
        assert!(
            removed.iter().any(|name| name == "CARGO_PKG_NAME"),
            "{removed:?}"
        );
        assert!(!is_of_package("CARGO_TARGET_DIR") && !is_of_package("CARGO_HOME"));
    }
}
