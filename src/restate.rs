//! The Restate server as a program: where it is, and how it is started. What is said to it while it
//! runs is the engine's.

use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::cli::NeedsPerson;
use crate::data_dir::{DataDir, Place, Ports};
use crate::setup::Setup;
use crate::supervise::{Program, Ready};

const CONFIG: &str = include_str!("../restate.toml");
const BINARY: &str = "restate-server";
/// Where `cargo xtask` installs it, below the repository.
const INSTALLED: &str = "tools/restate/node_modules/@restatedev";

/// The server: named by `RESTATE_SERVER_BIN`, installed by `cargo xtask`, or on the path.
pub(crate) fn binary(setup: &Setup) -> anyhow::Result<PathBuf> {
    if let Some(named) = setup.environment.path("RESTATE_SERVER_BIN") {
        return if named.is_file() {
            Ok(named)
        } else {
            Err(NeedsPerson(format!(
                "RESTATE_SERVER_BIN is {}, and there is no such file",
                named.display()
            ))
            .into())
        };
    }
    let program = std::env::current_exe().unwrap_or_default();
    let here = std::env::current_dir().unwrap_or_default();
    let above = here.ancestors().chain(program.ancestors());
    let installed = above
        .filter_map(|folder| installed_below(&folder.join(INSTALLED)))
        .next();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = || {
        std::env::split_paths(&path)
            .map(|folder| folder.join(BINARY))
            .find(|file| file.is_file())
    };
    installed.or_else(on_path).ok_or_else(|| {
        NeedsPerson("there is no Restate server: `cargo xtask demo` installs it, or name one in RESTATE_SERVER_BIN".to_owned()).into()
    })
}

fn installed_below(packages: &Path) -> Option<PathBuf> {
    let packages = std::fs::read_dir(packages).ok()?.flatten();
    packages
        .map(|package| package.path().join("bin").join(BINARY))
        .find(|file| file.is_file())
}

/// How it is supervised. Its configuration is written into the folder.
pub(crate) fn program(setup: &Setup, ports: &Ports) -> anyhow::Result<Program> {
    let config = write_config(&setup.data)?;
    let base = setup.data.folder(Place::Restate)?;
    let port = |name: &str, port: u16| (name.into(), port.to_string().into());
    Ok(Program {
        name: "restate",
        path: binary(setup)?,
        arguments: vec!["--config-file".into(), config.into()],
        environment: vec![
            ("RESTATE_BASE_DIR".into(), base.into()),
            port("RESTATE_INGRESS__BIND_PORT", ports.restate_ingress),
            port("RESTATE_ADMIN__BIND_PORT", ports.restate_admin),
            port("RESTATE_BIND_PORT", ports.restate_node),
        ],
        ready: Ready::Http(vec![
            Ports::url(ports.restate_admin, "health")?,
            Ports::url(ports.restate_ingress, "restate/health")?,
        ]),
        log: setup.data.log("restate")?,
    })
}

fn write_config(data: &DataDir) -> anyhow::Result<PathBuf> {
    let path = data.path(Place::RestateConfig);
    std::fs::write(&path, CONFIG).with_context(|| format!("write {}", path.display()))?;
    Ok(path)
}
