//! The seven steps of `benches/engine.rs` on other engines, pinned in `benches/peers/`: DBOS for Python
//! on SQLite and on Postgres, duroxide on SQLite. One that cannot be had here is left out, and the
//! result says why.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::{Results, run_to_its_end};
use crate::process::{run as run_command, say};
use crate::setup::python::Environment;
use crate::setup::system::{self, Need};
use crate::signals::Signals;
use crate::workspace::{cargo, root, target_folder};

/// As many as the engine's own benchmark has in one round.
const RUNS: u32 = 400;
const AT_ONCE: u32 = 64;
const ALONE: u32 = 60;
/// DBOS keeps SQLite without a write-ahead log: with more at once it finds the database locked, and
/// waits longer than it works.
const DBOS_AT_ONCE_ON_SQLITE: u32 = 8;

const DBOS: Environment = Environment {
    name: "peers-python",
    requirements: "benches/peers/requirements.txt",
    what: "DBOS for Python",
    variable: None,
};

/// One engine on one database.
struct Peer {
    name: &'static str,
    /// What runs it, or why nothing can.
    command: Result<Command>,
    /// What has to be known of its figures.
    remark: Value,
}

/// Runs all that can be had: how one of them failed if one did, and what they came to.
pub(super) fn run(
    postgres: Option<&str>,
    signals: &Signals,
) -> Result<(Option<ExitStatus>, Results)> {
    let folder = tempfile::tempdir().context("make a folder for the peers")?;
    let mut failed = None;
    let mut all = Results::new();
    for peer in peers(folder.path(), postgres)? {
        let mut result = Results::new();
        match peer.command {
            Ok(mut command) => {
                say(&format!("running {}", peer.name));
                let (status, figures) = run_to_its_end(&mut command, signals)?;
                if signals.received().is_some() {
                    return Ok((Some(status), Results::new()));
                }
                result.extend(figures);
                if !status.success() {
                    result.insert("failed".to_owned(), status.to_string().into());
                    failed = Some(status);
                }
                result.insert("remark".to_owned(), peer.remark);
            }
            Err(reason) => {
                say(&format!("{} is left out: {reason:#}", peer.name));
                result.insert("left_out".to_owned(), format!("{reason:#}").into());
            }
        }
        all.insert(peer.name.to_owned(), Value::Object(result));
    }
    let results = Results::from_iter([("peers".to_owned(), Value::Object(all))]);
    Ok((failed, results))
}

fn peers(folder: &Path, postgres: Option<&str>) -> Result<Vec<Peer>> {
    let sqlite = format!("sqlite:///{}", folder.join("dbos.db").display());
    let postgres = postgres.context("a benchmark that needs Postgres has none")?;
    Ok(vec![
        Peer {
            name: "dbos_sqlite",
            command: dbos(&sqlite, DBOS_AT_ONCE_ON_SQLITE),
            remark: json!(format!(
                "{DBOS_AT_ONCE_ON_SQLITE} at once: with {AT_ONCE} it finds its database locked"
            )),
        },
        Peer {
            name: "dbos_postgres",
            command: dbos(postgres, AT_ONCE),
            remark: json!("Postgres waits for no disk (fsync = off)"),
        },
        Peer {
            name: "duroxide_sqlite",
            command: duroxide(),
            remark: json!("it waits for the disk only at checkpoints (synchronous = normal)"),
        },
    ])
}

fn dbos(url: &str, at_once: u32) -> Result<Command> {
    system::install(&[Need::Python])?;
    let mut command = Command::new(DBOS.python()?);
    command
        .arg(root().join("benches/peers/dbos_seven.py"))
        .arg(url)
        .args([RUNS, at_once, ALONE].map(|number| number.to_string()));
    Ok(command)
}

/// Built in a folder of its own, with what its own lockfile says.
fn duroxide() -> Result<Command> {
    system::install(&[Need::OpenSsl])?;
    let folder = target_folder()?.join("peers-duroxide");
    say("building duroxide");
    run_command(
        cargo()
            .args(["build", "--release", "--locked", "--manifest-path"])
            .arg(root().join("benches/peers/duroxide/Cargo.toml"))
            .arg("--target-dir")
            .arg(&folder),
    )?;
    let program: PathBuf = folder.join("release/peer-duroxide");
    let mut command = Command::new(program);
    command
        .args([RUNS, AT_ONCE, ALONE].map(|number| number.to_string()))
        // Its runtime logs to stdout.
        .env("RUST_LOG", "error");
    Ok(command)
}
