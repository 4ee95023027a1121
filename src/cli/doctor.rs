//! `flywheel doctor`: what Flywheel needs on this machine, whether it is there, and what to do if
//! it is not. Of credentials only the names are shown.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use comfy_table::{ContentArrangement, Table, presets};
use serde::Serialize;

use super::{Ended, Shared};
use crate::data_dir::UpLock;
use crate::output;
use crate::restate;
use crate::setup::Setup;

/// What `restate.toml` was checked against.
const RESTATE_VERSION: &str = "1.7.";
/// Below this, a day of videos may not fit.
const ENOUGH_DISK_MIB: u64 = 1024;
/// For the media helper to say that it has its codecs; the first time it builds a registry.
const PATIENCE: Duration = Duration::from_secs(60);

/// One line of the report.
#[derive(Debug, Serialize)]
struct Check {
    what: &'static str,
    ok: bool,
    /// It works, and there is something to do nevertheless.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    warning: bool,
    found: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<&'static str>,
}

impl Check {
    fn new(what: &'static str, result: Result<String, String>, fix: &'static str) -> Self {
        match result {
            Ok(found) => Self {
                what,
                ok: true,
                warning: false,
                found,
                fix: None,
            },
            Err(found) => Self {
                what,
                ok: false,
                warning: false,
                found,
                fix: Some(fix),
            },
        }
    }

    fn warning(what: &'static str, found: String, fix: &'static str) -> Self {
        Self {
            what,
            ok: true,
            warning: true,
            found,
            fix: Some(fix),
        }
    }

    fn word(&self) -> &'static str {
        match (self.ok, self.warning) {
            (false, _) => "MISSING",
            (true, true) => "WARNING",
            (true, false) => "ok",
        }
    }
}

/// Exit code 1 when something is missing.
pub(super) async fn run(shared: &Shared) -> anyhow::Result<Ended> {
    let setup = shared.setup()?;
    let checks = vec![
        settings(&setup),
        restate_server(&setup),
        Check::new(
            "media helper",
            media(&setup).await,
            "`cargo build -p media-helper`, with GStreamer and its plugins installed (`cargo xtask demo` does both)",
        ),
        browser(&setup),
        services(&setup),
        database(&setup).await,
        Check::new(
            "ports",
            ports(&setup),
            "stop what listens there, or change ports.json in the data folder",
        ),
        Check::new(
            "disk",
            disk(&setup),
            "make room, or choose another --data folder",
        ),
    ];
    let all_well = checks.iter().all(|check| check.ok);
    if shared.json {
        let services: serde_json::Map<_, _> = setup
            .world
            .services()
            .iter()
            .map(|(name, outside)| ((*name).to_owned(), serde_json::Value::from(outside.word())))
            .collect();
        output::json(
            &serde_json::json!({ "ok": all_well, "checks": checks, "services": services }),
        )?;
    } else {
        output::data(table(&checks));
        for line in setup.world.lines() {
            output::data(line);
        }
    }
    Ok(if all_well { Ended::Well } else { Ended::Badly })
}

fn table(checks: &[Check]) -> Table {
    let mut table = Table::new();
    table
        .load_preset(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic);
    for check in checks {
        let found = match check.fix {
            Some(fix) => format!("{}\nfix: {fix}", check.found),
            None => check.found.clone(),
        };
        table.add_row([check.word(), check.what, &found]);
    }
    table
}

fn settings(setup: &Setup) -> Check {
    let from = setup.config_file.as_ref().map_or_else(
        || "the built-in defaults".to_owned(),
        |file| file.display().to_string(),
    );
    Check {
        what: "settings",
        ok: true,
        warning: false,
        found: format!("{from}; data in {}", setup.data.root().display()),
        fix: None,
    }
}

fn restate_server(setup: &Setup) -> Check {
    let found = restate::binary(setup)
        .map_err(|error| format!("{error:#}"))
        .and_then(|binary| {
            let said = Command::new(&binary)
                .arg("--version")
                .output()
                .map_err(|error| format!("{}: {error}", binary.display()))?;
            let said = String::from_utf8_lossy(&said.stdout);
            let version = said.split_whitespace().nth(1).unwrap_or_default();
            if version.starts_with(RESTATE_VERSION) {
                Ok(format!("{version}, {}", binary.display()))
            } else {
                Err(format!(
                    "{} is version {version:?}, restate.toml is for {RESTATE_VERSION}x",
                    binary.display()
                ))
            }
        });
    Check::new(
        "Restate server",
        found,
        "`cargo xtask demo` installs it; or name one in RESTATE_SERVER_BIN",
    )
}

async fn media(setup: &Setup) -> Result<String, String> {
    let media = setup.media().map_err(|error| format!("{error:#}"))?;
    match tokio::time::timeout(PATIENCE, media.check()).await {
        Ok(Ok(())) => Ok("starts, and has its codecs".to_owned()),
        Ok(Err(error)) => Err(format!("{:#}", anyhow::Error::new(error))),
        Err(_) => Err("does not answer".to_owned()),
    }
}

/// Chromium and chromedriver, which only go together in the same version.
fn browser(setup: &Setup) -> Check {
    const WHAT: &str = "Chromium";
    const FIX: &str = "install the packages chromium-headless-shell (or chromium) and chromium-driver (`cargo xtask demo` does), or name the programs in CHROMIUM_BIN and CHROMEDRIVER_BIN";
    let found = setup
        .browser_config()
        .map_err(|error| format!("{error:#}"))
        .and_then(|config| {
            let (chromium, driver) = (version(&config.chromium)?, version(&config.chromedriver)?);
            let major = |version: &str| version.split('.').next().map(str::to_owned);
            match major(&chromium) == major(&driver) {
                true => Ok(format!("{chromium}, {}", config.chromium.display())),
                false => Err(format!("Chromium is {chromium}, chromedriver is {driver}")),
            }
        });
    match found {
        Err(found) if !setup.config.reads_pages() => {
            Check::warning(WHAT, format!("{found}; no page is read"), FIX)
        }
        found => Check::new(WHAT, found, FIX),
    }
}

/// The first number with dots in what a program says of itself.
fn version(program: &Path) -> Result<String, String> {
    let path = program.display();
    let said = Command::new(program)
        .arg("--version")
        .output()
        .map_err(|error| format!("{path}: {error}"))?;
    let said = String::from_utf8_lossy(&said.stdout);
    let is_version =
        |word: &&str| word.contains('.') && word.starts_with(|c: char| c.is_ascii_digit());
    said.split_whitespace()
        .find(is_version)
        .map(str::to_owned)
        .ok_or_else(|| format!("{path} does not say its version"))
}

/// Whether the folder was used with the same services.
fn services(setup: &Setup) -> Check {
    let same = setup
        .check_world()
        .map(|()| "fit this data folder".to_owned())
        .map_err(|error| format!("{error:#}"));
    Check::new(
        "services",
        same,
        "use the folder with what it was used with",
    )
}

/// Only looks: a doctor that mended tables would do so under a running `up` of another build.
async fn database(setup: &Setup) -> Check {
    const WHAT: &str = "database";
    let kind = setup.database_kind();
    match pending_and_open(setup).await {
        Ok(None) => Check::new(WHAT, Ok(format!("{kind}, made at the first `up`")), ""),
        Ok(Some((0, open))) => {
            let found = format!("{kind}, up to date, {open} open runs");
            Check::new(WHAT, Ok(found), "")
        }
        Ok(Some((pending, _))) => Check::warning(
            WHAT,
            format!("{kind}, {pending} migrations are pending"),
            "run `flywheel migrate`",
        ),
        Err(error) => Check::new(
            WHAT,
            Err(format!("{error:#}")),
            "see that it runs and lets this user in, or name another in database.url or FLYWHEEL_DATABASE_URL",
        ),
    }
}

/// Pending migrations and, when there are none, open runs; nothing of a database not made yet.
async fn pending_and_open(setup: &Setup) -> anyhow::Result<Option<(usize, u64)>> {
    if setup.has_no_database_yet() {
        return Ok(None);
    }
    let db = setup.database().await?;
    let pending = engine::pending_migrations(&db).await? + schema::pending_migrations(&db).await?;
    let open = if pending == 0 {
        engine::runs::open(&db).await?
    } else {
        0
    };
    Ok(Some((pending, open)))
}

/// A running `up` has its ports, which is as it should be.
fn ports(setup: &Setup) -> Result<String, String> {
    let ports = setup.ports().map_err(|error| format!("{error:#}"))?;
    if UpLock::is_taken(&setup.data) {
        return Ok(format!("`flywheel up` is running, API on {}", ports.api));
    }
    let taken: Vec<String> = ports
        .taken()
        .iter()
        .map(|(name, port)| format!("{port} ({name})"))
        .collect();
    if taken.is_empty() {
        Ok(format!("free, API on {}", ports.api))
    } else {
        Err(format!("in use: {}", taken.join(", ")))
    }
}

fn disk(setup: &Setup) -> Result<String, String> {
    // POSIX says what `df -Pk` prints; nothing in the standard library asks for free space.
    let said = Command::new("df")
        .arg("-Pk")
        .arg(setup.data.root())
        .output()
        .map_err(|error| format!("df: {error}"))?;
    let said = String::from_utf8_lossy(&said.stdout);
    let free_kib = said
        .lines()
        .last()
        .and_then(|line| line.split_whitespace().nth(3)?.parse::<u64>().ok());
    match free_kib.map(|kib| kib / 1024) {
        None => Ok("free space is not known".to_owned()),
        Some(mib) if mib < ENOUGH_DISK_MIB => Err(format!("{mib} MiB free")),
        Some(mib) => Ok(format!("{mib} MiB free")),
    }
}
