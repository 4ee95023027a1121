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

/// The cargo that runs us, on this checkout.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    command
}
