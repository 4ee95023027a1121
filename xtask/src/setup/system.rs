//! System packages: apt-get on Debian and Ubuntu; elsewhere we look, and say what to install.
//!
//! Nothing is installed that is already there, and the package lists are fetched only when
//! something is missing.

use std::process::{Command, Stdio};

use anyhow::{Context, Result};
use nix::unistd::geteuid;

use crate::process::{on_path, run, say, succeeds};
use crate::setup::{PersonNeeded, browser, postgres, vendors};

/// What a command needs from the system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// Chromium and chromedriver: public pages are read with them.
    Browser,
    /// A C compiler and linker: SQLite and the TLS library are built from C sources.
    Compiler,
    /// GStreamer with its headers, H.264, AAC, MP4, Matroska and text on pictures, and a font.
    Media,
    /// The headers of OpenSSL: a peer in the benchmarks links it, and nothing of ours does.
    OpenSsl,
    /// The Postgres server's programs.
    Postgres,
    /// Python that can make environments: the vendors' own clients are run in the tests.
    Python,
}

/// How one sees that a package is not needed any more.
#[derive(Clone, Copy, Debug)]
enum Proof {
    /// A program on the PATH, whoever put it there.
    Program(&'static str),
    /// The same, unless this variable names another.
    ProgramOr(&'static str, &'static str),
    /// The package itself, as dpkg knows it.
    Package,
    /// A server of a version that serves, of whatever package.
    PostgresServer,
    /// A Python that can make environments, of whatever package.
    PythonEnvironments,
}

/// (need, Debian package, proof). `gstreamer1.0-x` has textoverlay, which `plugins-base` lacks on
/// Debian; `libc6-dev` is only recommended by `gcc`, and we install no recommendations. The package
/// `chromium` would do as well, and read pages more slowly.
const APT: &[(Need, &str, Proof)] = &[
    (
        Need::Browser,
        "chromium-headless-shell",
        Proof::ProgramOr("chromium-headless-shell", browser::CHROMIUM),
    ),
    (
        Need::Browser,
        "chromium-driver",
        Proof::ProgramOr("chromedriver", browser::CHROMEDRIVER),
    ),
    (Need::Compiler, "gcc", Proof::Program("cc")),
    (Need::Compiler, "libc6-dev", Proof::Package),
    (Need::Media, "pkg-config", Proof::Program("pkg-config")),
    (Need::Media, "libgstreamer1.0-dev", Proof::Package),
    (
        Need::Media,
        "libgstreamer-plugins-base1.0-dev",
        Proof::Package,
    ),
    (Need::Media, "gstreamer1.0-plugins-base", Proof::Package),
    (Need::Media, "gstreamer1.0-plugins-good", Proof::Package),
    (Need::Media, "gstreamer1.0-plugins-bad", Proof::Package),
    (Need::Media, "gstreamer1.0-plugins-ugly", Proof::Package),
    (Need::Media, "gstreamer1.0-libav", Proof::Package),
    (Need::Media, "gstreamer1.0-x", Proof::Package),
    (Need::Media, "fonts-dejavu-core", Proof::Package),
    (Need::OpenSsl, "pkg-config", Proof::Program("pkg-config")),
    (Need::OpenSsl, "libssl-dev", Proof::Package),
    (Need::Postgres, "postgresql", Proof::PostgresServer),
    (Need::Python, "python3", Proof::PythonEnvironments),
    (Need::Python, "python3-venv", Proof::PythonEnvironments),
];

/// The Homebrew formulae for the same needs. The first is there if Rust can link at all.
const BREW: &[(Need, &[&str])] = &[
    (Need::Browser, &["chromium", "chromedriver"]),
    (Need::Compiler, &[]),
    (Need::Media, &["pkgconf", "gstreamer"]),
    (Need::OpenSsl, &[]),
    (Need::Postgres, &["postgresql@17"]),
    (Need::Python, &["python"]),
];

/// Sees to it that the system has what is needed, or says what a person must do.
pub(crate) fn install(needs: &[Need]) -> Result<()> {
    if on_path("apt-get").is_some() && on_path("dpkg-query").is_some() {
        with_apt(needs)
    } else {
        by_hand(needs)
    }
}

fn with_apt(needs: &[Need]) -> Result<()> {
    let wanted: Vec<_> = APT
        .iter()
        .filter(|(need, _, _)| needs.contains(need))
        .collect();
    let by_dpkg: Vec<_> = wanted.iter().map(|(_, package, _)| *package).collect();
    let installed = installed(&by_dpkg)?;
    let missing: Vec<&str> = wanted
        .iter()
        .filter(|(_, package, proof)| match proof {
            Proof::Program(name) => on_path(name).is_none(),
            Proof::ProgramOr(name, variable) => {
                on_path(name).is_none() && !browser::is_given(variable)
            }
            Proof::Package => !installed.iter().any(|there| there == package),
            Proof::PostgresServer => postgres::programs().is_none(),
            Proof::PythonEnvironments => !vendors::can_be_installed(),
        })
        .map(|(_, package, _)| *package)
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let list = missing.join(" ");
    if !geteuid().is_root() {
        return Err(PersonNeeded(format!(
            "system packages are missing, and installing them needs root. Please run\n  \
             sudo apt-get update && sudo apt-get install -y --no-install-recommends {list}\n\
             and then this again"
        ))
        .into());
    }
    say(&format!("installing with apt-get: {list}"));
    run(apt_get().arg("update"))?;
    for package in &missing {
        if !succeeds(Command::new("apt-cache").args(["show", *package])) {
            return Err(unknown(package));
        }
    }
    run(apt_get()
        .args(["install", "-y", "--no-install-recommends"])
        .args(&missing))
}

/// Ubuntu has Chromium as a snap only, which no package manager of ours installs.
fn unknown(package: &str) -> anyhow::Error {
    let advice = if package.starts_with("chromium") {
        format!(
            ". Please install Chromium and chromedriver of the same version, and set {} and {} to \
             where they are",
            browser::CHROMIUM,
            browser::CHROMEDRIVER
        )
    } else {
        String::new()
    };
    PersonNeeded(format!("apt-get knows no package {package}{advice}")).into()
}

/// Quiet, asks nothing, and waits a while for another apt that is at work.
fn apt_get() -> Command {
    let mut command = Command::new("apt-get");
    command.env("DEBIAN_FRONTEND", "noninteractive").args([
        "-q",
        "-o",
        "DPkg::Lock::Timeout=300",
        "-o",
        "Dpkg::Use-Pty=0",
    ]);
    // apt writes to stdout, which belongs to the program that is run in the end.
    command.stdin(Stdio::null()).stdout(std::io::stderr());
    command
}

/// Which of these packages dpkg has fully installed.
fn installed(packages: &[&str]) -> Result<Vec<String>> {
    // A package that dpkg has never heard of makes it exit 1 and changes nothing about the others.
    let output = Command::new("dpkg-query")
        .args(["-W", "-f", "${Package} ${db:Status-Status}\\n"])
        .args(packages)
        .stderr(Stdio::null())
        .output()
        .context("start `dpkg-query`")?;
    Ok(installed_names(&String::from_utf8_lossy(&output.stdout)))
}

/// Reads lines of `package status`.
fn installed_names(listing: &str) -> Vec<String> {
    listing
        .lines()
        .filter_map(|line| line.strip_suffix(" installed"))
        .map(str::to_owned)
        .collect()
}

/// macOS and systems without apt-get: nothing is installed, but what is missing is named.
fn by_hand(needs: &[Need]) -> Result<()> {
    let missing: Vec<Need> = needs
        .iter()
        .copied()
        .filter(|need| !is_there(*need))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let message = if cfg!(target_os = "macos") {
        format!(
            "some packages are missing. Please run\n  {}\nand then this again",
            brew_line(&missing)
        )
    } else {
        let packages: Vec<_> = APT
            .iter()
            .filter(|(need, _, _)| missing.contains(need))
            .map(|(_, package, _)| *package)
            .collect();
        format!(
            "some packages are missing, and there is no apt-get here. Please install what \
             these are in Debian: {}",
            packages.join(" ")
        )
    };
    Err(PersonNeeded(message).into())
}

fn is_there(need: Need) -> bool {
    match need {
        Need::Browser => matches!(browser::programs(), Ok(Some(_))),
        Need::Compiler => on_path("cc").is_some(),
        Need::Media => succeeds(Command::new("pkg-config").args([
            "--exists",
            "gstreamer-1.0",
            "gstreamer-app-1.0",
            "gstreamer-pbutils-1.0",
            "gstreamer-video-1.0",
        ])),
        // macOS has a library of its own for that.
        Need::OpenSsl => {
            cfg!(target_os = "macos")
                || succeeds(Command::new("pkg-config").args(["--exists", "openssl"]))
        }
        Need::Postgres => postgres::programs().is_some(),
        Need::Python => vendors::can_be_installed(),
    }
}

fn brew_line(missing: &[Need]) -> String {
    let formulae: Vec<&str> = BREW
        .iter()
        .filter(|(need, _)| missing.contains(need))
        .flat_map(|(_, formulae)| formulae.iter().copied())
        .collect();
    if formulae.is_empty() {
        "xcode-select --install".to_owned()
    } else {
        format!("brew install {}", formulae.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_that_was_removed_but_keeps_its_settings_counts_as_missing() {
        let listing = "gcc installed\nlibc6-dev config-files\npostgresql not-installed\n";
        assert_eq!(installed_names(listing), ["gcc"]);
    }

    #[test]
    fn the_homebrew_line_names_only_what_is_missing() {
        assert_eq!(brew_line(&[Need::Postgres]), "brew install postgresql@17");
        assert_eq!(brew_line(&[Need::Media]), "brew install pkgconf gstreamer");
        assert_eq!(brew_line(&[Need::Compiler]), "xcode-select --install");
        assert_eq!(
            brew_line(&[Need::Browser]),
            "brew install chromium chromedriver"
        );
        assert_eq!(brew_line(&[Need::Python]), "brew install python");
    }
}
